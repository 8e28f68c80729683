"""Recording values over HTTP, on a real database."""

from typing import Any

import httpx
import pytest
from chungsuc.database import Database
from sqlalchemy import text

from tests.criteria import world
from tests.criteria.conftest import ClientFor, Record

AREA = world.COMMUNES[0]


async def test_a_value_is_recorded_with_its_evidence_and_judged(
    office: httpx.AsyncClient, record: Record
) -> None:
    answer = await record(world.all_met(AREA, "2023-08-15"), document_id=world.DOCUMENT)
    assert [item["outcome"] for item in answer["items"]] == ["recorded"] * 5
    verdict = next(a for a in answer["assessments"] if a["criteria_set"] == "xa-standard")
    assert (verdict["on"], verdict["criteria_met"], verdict["indicators_met"]) == (
        "2023-08-15",
        3,
        5,
    )
    one = await office.get(f"/v1/observations/{answer['items'][1]['observation_id']}")
    assert one.json() | {"id": 0, "recorded_by": 0} == {
        "id": 0,
        "area_id": AREA,
        "measure": "road_share",
        "observed_on": "2023-08-15",
        "value": "95",
        "qualifier": "actual",
        "document_id": world.DOCUMENT,
        "reason": None,
        "is_demonstration": False,
        "is_superseded": False,
        "author": "tester",
        "recorded_by": 0,
    }


async def test_a_code_means_the_area_that_bears_it_on_the_day(record: Record) -> None:
    answer = await record([world.value(world.CODES[AREA], "road_share", "2023-01-01", "50.25")])
    assert answer["items"][0]["area_id"] == AREA
    assert answer["items"][0]["value"] == "50.25"


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"value": "89.991"}, "value", "too-many-places"),
    ({"value": "100.01"}, "value", "out-of-range"),
    ({"value": "-1"}, "value", "out-of-range"),
    ({"value": "89,9"}, "value", "not-a-number"),
    ({"value": "1e2"}, "value", "not-a-number"),
    ({"value": "NaN"}, "value", "not-a-number"),
    ({"value": "١"}, "value", "not-a-number"),
    ({"value": True}, "value", "not-a-number"),
    ({"measure": "plan_approved", "value": "1"}, "value", "not-a-boolean"),
    (
        {"measure": "plan_approved", "value": True, "qualifier": "at_least"},
        "value",
        "bound-of-yes-no",
    ),
    ({"measure": "school_level", "value": "1.5"}, "value", "too-many-places"),
    ({"measure": "nothing"}, "measure", "unknown-measure"),
    ({"area": "anowhere"}, "area", "unknown-area"),
    ({"area": "99999"}, "area", "unknown-area"),
    ({"observed_on": "1989-12-31"}, "area", "area-not-living"),
    ({"observed_on": "2026-03-02"}, "observed_on", "future-date"),
]


@pytest.mark.parametrize(("change", "field", "code"), WRONG)
async def test_a_bad_value_refuses_all_and_is_named(
    office: httpx.AsyncClient, country: Database, change: dict[str, Any], field: str, code: str
) -> None:
    good = world.value(AREA, "water_share", "2023-01-01", "90")
    bad = world.value(AREA, "road_share", "2023-01-01", "90") | change
    answer = await office.post(
        "/v1/observations", json={"items": [good, bad]}, headers=world.fresh_key()
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        (f"/items/1/{field}", code)
    ]
    assert await count(country, "observation") == 0
    assert await count(country, "sheet") == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": [{}]}, "/items/0/area"),
        ({"items": [world.value(AREA, "road_share", "2023-13-01", "9")]}, "/items/0/observed_on"),
        ({"items": [world.value(AREA, "road_share", "2023-01-01", 9.5)]}, "/items/0/value"),  # type: ignore[arg-type]
        (
            {"items": [world.value(AREA, "road_share", "2023-01-01", "9", unit="%")]},
            "/items/0/unit",
        ),
        (
            {"items": [world.value(AREA, "road_share", "2023-01-01", "9", qualifier="maybe")]},
            "/items/0/qualifier",
        ),
        (
            {"items": [world.value(AREA, "road_share", "2023-01-01", "9")], "document_id": "dno"},
            "/document_id",
        ),
    ],
)
async def test_a_malformed_body_names_the_field(
    office: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await office.post("/v1/observations", json=body, headers=world.fresh_key())
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_one_value_cannot_stand_twice_in_a_body(office: httpx.AsyncClient) -> None:
    item = world.value(AREA, "road_share", "2023-01-01", "9")
    answer = await office.post(
        "/v1/observations", json={"items": [item, item]}, headers=world.fresh_key()
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "repeated-item"


async def test_a_correction_needs_a_reason_and_keeps_what_it_corrects(
    office: httpx.AsyncClient, record: Record
) -> None:
    await record([world.value(AREA, "road_share", "2023-01-01", "60")])
    other = world.value(AREA, "road_share", "2023-01-01", "80")
    refused = await office.post(
        "/v1/observations", json={"items": [other]}, headers=world.fresh_key()
    )
    assert refused.json()["errors"][0]["pointer"] == "/items/0/reason"
    corrected = await record([other | {"reason": "đo lại"}])
    assert corrected["items"][0]["outcome"] == "corrected"
    again = await record([other])
    assert again["items"][0] | {"outcome": "unchanged"} == again["items"][0]
    assert again["items"][0]["observation_id"] is None
    url = f"/v1/observations?area={AREA}&measure=road_share"
    assert [i["value"] for i in (await office.get(url)).json()["items"]] == ["80"]
    history = (await office.get(f"{url}&history=true")).json()["items"]
    assert [(i["value"], i["is_superseded"], i["reason"]) for i in history] == [
        ("60", True, None),
        ("80", False, "đo lại"),
    ]


async def test_known_at_shows_what_was_recorded_by_then(
    office: httpx.AsyncClient, record: Record, country: Database
) -> None:
    await record([world.value(AREA, "road_share", "2023-01-01", "60")])
    then = await world.sequence(country)
    await record([world.value(AREA, "road_share", "2023-01-01", "80", reason="đo lại")])
    await world.sequence(country)
    url = f"/v1/observations?area={AREA}&known_at={then}&history=true"
    answer = await office.get(url)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [(i["value"], i["is_superseded"]) for i in items] == [("60", False)]


async def test_a_dry_run_shows_the_effect_and_writes_nothing(
    office: httpx.AsyncClient, country: Database
) -> None:
    body = {"items": world.all_met(AREA, "2023-08-15")}
    answer = await office.post(
        "/v1/observations?dry_run=true", json=body, headers=world.fresh_key()
    )
    assert answer.status_code == 200
    assert answer.json()["is_dry_run"] is True
    assert answer.json()["assessments"][0]["criteria_set"] in ("xa-standard", "xa-advanced")
    assert "Change-Id" not in answer.headers
    for table in ("observation", "sheet", "verdict"):
        assert await count(country, table) == 0


async def test_the_same_key_records_once(office: httpx.AsyncClient, country: Database) -> None:
    key = world.fresh_key()
    body = {"items": [world.value(AREA, "road_share", "2023-01-01", "60")]}
    first = await office.post("/v1/observations", json=body, headers=key)
    second = await office.post("/v1/observations", json=body, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Change-Id"] == first.headers["Change-Id"]
    assert await count(country, "observation") == 1


async def test_who_may_record_where(client_for: ClientFor) -> None:
    body = {"items": [world.value(world.COMMUNES[0], "road_share", "2023-01-01", "60")]}
    for group, status in (
        (f"commune_officer@{world.COMMUNES[0]}", 201),
        (f"commune_officer@{world.COMMUNES[1]}", 403),
        (f"department@{world.NORTH}", 201),
        (f"province_office@{world.SOUTH}", 403),
        ("auditor@vn", 403),
    ):
        async with client_for(group) as client:
            answer = await client.post("/v1/observations", json=body, headers=world.fresh_key())
        assert answer.status_code == status, (group, answer.text)


async def test_another_province_does_not_see_a_value(client_for: ClientFor, record: Record) -> None:
    recorded = await record([world.value(AREA, "road_share", "2023-01-01", "60")])
    path = f"/v1/observations/{recorded['items'][0]['observation_id']}"
    async with client_for(f"auditor@{world.SOUTH}") as stranger:
        hidden, absent = await stranger.get(path), await stranger.get("/v1/observations/999999")
        listed = await stranger.get(f"/v1/observations?area={AREA}")
    ids = {"request_id", "instance"}
    assert (hidden.status_code, listed.status_code) == (404, 403)
    assert {k: v for k, v in hidden.json().items() if k not in ids} == {
        k: v for k, v in absent.json().items() if k not in ids
    }


async def test_a_list_goes_on_from_its_cursor_and_downloads_whole(
    office: httpx.AsyncClient, record: Record
) -> None:
    await record([world.value(AREA, "road_share", f"2023-01-{d:02}", str(d)) for d in range(1, 8)])
    seen, url = [], f"/v1/observations?area={AREA}&limit=3"
    page = (await office.get(url)).json()
    while True:
        seen += [item["value"] for item in page["items"]]
        if page["next"] is None:
            break
        page = (await office.get(f"{url}&cursor={page['next']}")).json()
    assert seen == [str(d) for d in range(1, 8)]
    lines = await office.get(url, headers={"Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == 7
    table = await office.get(url, headers={"Accept": "text/csv"})
    assert table.text.splitlines()[0].startswith("id,area_id,measure")


async def test_the_feed_tells_values_and_verdicts(
    office: httpx.AsyncClient, record: Record, country: Database
) -> None:
    await record(world.all_met(AREA, "2023-08-15"), is_demonstration=True)
    await world.sequence(country)
    items = (await office.get("/v1/criteria/changes?limit=1000")).json()["items"]
    (told,) = [i["body"] for i in items if i["resource"] == "observations"]
    assert (told["area_id"], told["observed_on"], told["is_demonstration"]) == (
        AREA,
        "2023-08-15",
        True,
    )
    assert [v["measure"] for v in told["values"]] == [i["measure"] for i in world.all_met("", "")]
    verdicts = {i["resource_id"]: i["body"] for i in items if i["resource"] == "assessment"}
    body = verdicts[f"{AREA}:xa-standard:2023-08-15"]
    assert (body["criteria"], body["criteria_met"], body["is_demonstration"]) == (
        ["m", "m", "m"],
        3,
        True,
    )


async def count(database: Database, table: str) -> int:
    async with database.read_scope() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
