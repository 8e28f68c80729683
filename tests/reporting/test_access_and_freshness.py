"""Who may read a report, how fresh it is, and when it need not be sent again."""

import asyncio
import json
from typing import Any

import httpx
from chungsuc.database import Database

from tests.reporting import feeds
from tests.reporting.conftest import OpenReporting
from tests.reporting.feeds import Sources
from tests.reporting.test_overview import OVERVIEW, add_dien_bien, add_lai_chau, merge

DAY = {"as_of": "2024-12-31"}


def without_names(answer: httpx.Response, name: str) -> str:
    """The answer with what the caller sent, and the request's own id, taken out."""
    body = answer.json() | {"request_id": "…"}
    body["detail"] = body["detail"].replace(f" {name} ", " … ")
    return json.dumps(body)


async def test_what_is_hidden_and_what_is_absent_look_the_same(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    await sources.read_all(database)
    async with open_reporting("steering_committee@dien-bien-h0") as client:
        answers = {
            area: await client.get(OVERVIEW, params={"area": area, **DAY})
            for area in ("dien-bien", "dien-bien-h1", "vn", "nowhere", "11")
        }
        inside = await client.get(OVERVIEW, params={"area": "dien-bien-x0", **DAY})
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({without_names(answer, area) for area, answer in answers.items()}) == 1
    assert inside.status_code == 200


async def test_facts_below_a_hidden_area_are_hidden(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    await sources.read_all(database)
    query = {"measure": "plan_vnd", **DAY}
    async with open_reporting("commune_officer@dien-bien-x0") as client:
        hidden = await client.get("/v1/facts", params={"under": "dien-bien", **query})
        own = await feeds.read_body(client, "/v1/facts", under="dien-bien-x0", **query)
    assert hidden.status_code == 404
    assert {fact["area_id"] for fact in own["items"]} == {"dien-bien-x0"}


async def test_a_grant_passes_to_a_successor_over_whole_lineage_only(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    merge(sources.criteria)
    await sources.read_all(database)
    statuses = {}
    for group in ("commune_officer@dien-bien-x0", "commune_officer@dien-bien-x1"):
        async with open_reporting(group) as client:
            answer = await client.get(OVERVIEW, params={"area": "new", "as_of": "2025-07-01"})
            statuses[group] = answer.status_code
    assert list(statuses.values()) == [200, 404]


async def test_without_a_register_nobody_is_let_in(open_reporting: OpenReporting) -> None:
    async with open_reporting("administrator@vn") as client:
        answer = await client.get(OVERVIEW, params={"area": "vn"})
    assert (answer.status_code, answer.json()["code"]) == (503, "register-not-read")
    assert answer.headers["retry-after"]


async def test_a_report_needs_a_token(open_reporting: OpenReporting) -> None:
    async with open_reporting() as client:
        for address in (
            "/v1/reports",
            f"{OVERVIEW}?area=vn",
            "/v1/facts?measure=plan_vnd&under=vn",
        ):
            assert (await client.get(address)).status_code == 401
        assert (await client.post("/v1/reporting/rebuilds")).status_code == 401


async def test_the_same_version_is_not_sent_twice(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    async with open_reporting("auditor@vn") as client:
        first = await client.get(OVERVIEW, params={"area": "12", "as_of": "2023-12-31"})
        tag = {"If-None-Match": first.headers["etag"]}
        again = await client.get(
            OVERVIEW, params={"area": "12", "as_of": "2023-12-31"}, headers=tag
        )
        other = await client.get(
            OVERVIEW, params={"area": "12", "as_of": "2023-12-30"}, headers=tag
        )
        body = feeds.assessment("lai-chau-x0", met=1, on="2023-12-31")
        sources.criteria.add("assessment", "again", body)
        await sources.read_all(database)
        later = await client.get(
            OVERVIEW, params={"area": "12", "as_of": "2023-12-31"}, headers=tag
        )
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "private, no-cache"
    assert (other.status_code, later.status_code) == (200, 200)


async def test_a_report_waits_for_the_write_that_the_caller_names(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    body = feeds.assessment("lai-chau-x0", met=1, on="2023-12-31")
    change_id = sources.criteria.add("assessment", "correction", body)

    async def read_later() -> None:
        await asyncio.sleep(0.3)
        await sources.read_all(database)

    named = f"criteria:{change_id}"
    query = {"area": "12", "as_of": "2023-12-31", "fresh_after": named}
    async with open_reporting("auditor@vn") as client:
        found, _ = await asyncio.gather(feeds.read_body(client, OVERVIEW, **query), read_later())
    assert found["freshness"] == {"asked": [named], "is_satisfied": True}
    assert found["results"][0]["criteria_met_mean"]["total"] == 1310 - 18


async def test_a_report_that_cannot_wait_longer_says_how_far_it_is(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    sources.criteria.limit = 150
    reader = sources.readers(database)[0]
    await reader.read_once()
    named = f"criteria:{sources.criteria.items[-1]['id']}"
    query = {"area": "12", "as_of": "2023-12-31", "fresh_after": [named, "funding:999"]}
    async with open_reporting("auditor@vn") as client:
        found = await feeds.read_body(client, OVERVIEW, **query)
    assert found["freshness"]["is_satisfied"] is False
    state = found["sources"]["criteria"]
    assert state["cursor"] == f"{sources.criteria.epoch}:150"
    assert state["positions_behind"] == len(sources.criteria.items) - 150
    assert state["seconds_since_read"] >= 2
    assert found["sources"]["funding"]["cursor"] is None


async def test_a_change_that_is_none_is_refused_by_name(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    async with open_reporting("auditor@vn") as client:
        answer = await client.get(OVERVIEW, params={"area": "vn", "fresh_after": "reporting:1"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "fresh_after"


async def test_forms_are_listed_and_others_unknown(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    async with open_reporting("auditor@vn") as client:
        listed = await feeds.read_body(client, "/v1/reports")
        unknown = await client.get("/v1/reports/other", params={"area": "vn"})
    assert [item["form"] for item in listed["items"]] == ["province-overview"]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "form-not-found")


async def test_facts_are_listed_page_by_page(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    query = {"measure": "criteria_met", "under": "12", "as_of": "2023-12-31", "limit": 40}
    seen: list[dict[str, Any]] = []
    place: dict[str, str] = {}
    async with open_reporting("auditor@vn") as client:
        while True:
            page = await feeds.read_body(client, "/v1/facts", **query, **place)
            seen += page["items"]
            if page["next"] is None:
                break
            place = {"cursor": page["next"]}
    assert sum(fact["value"] for fact in seen) == 1310
    assert len({fact["area_id"] for fact in seen}) == len(seen) == 94
    assert seen[0]["lineage"].startswith(f"/v1/assessments/{seen[0]['area_id']}?criteria_set=")
