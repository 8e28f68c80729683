"""Criteria sets over HTTP: drafts, checks, publishing once and for ever."""

import copy
import json
from typing import Any

import httpx
import psycopg
import pytest
from chungsuc.database import Database, plain_url
from criteria.criteria_sets import service
from criteria.measures import service as measures
from criteria.measures.errors import MeasureChanged
from criteria.settings import Settings

from tests.criteria import world
from tests.criteria.conftest import ClientFor

SETS = "/v1/criteria-sets"


def draft(**fields: Any) -> dict[str, Any]:
    return copy.deepcopy(world.STANDARD) | {"code": "draft", **fields}


async def add(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    return await client.post(SETS, json=body, headers=world.fresh_key())


async def test_a_draft_is_checked_published_and_then_fixed(office: httpx.AsyncClient) -> None:
    added = await add(office, draft())
    assert (added.status_code, added.json()["state"]) == (201, "draft")
    checked = (await office.post(f"{SETS}/draft/check")).json()
    assert (checked["is_publishable"], checked["findings"]) == (True, [])
    published = await office.post(f"{SETS}/draft/publish", headers=world.fresh_key())
    assert published.status_code == 200, published.text
    assert published.json()["criteria_set"]["state"] == "published"
    assert published.json()["job"]["kind"] == "evaluate_country"
    again = await office.post(f"{SETS}/draft/publish", headers=world.fresh_key())
    changed = await add(office, draft(name_vi="Khác"))
    assert [(a.status_code, a.json()["code"]) for a in (again, changed)] == [
        (409, "criteria-set-published")
    ] * 2
    shown = (await office.get(f"{SETS}/draft")).json()
    assert shown["hash"] == published.json()["criteria_set"]["hash"]
    assert shown["body"]["name_vi"] == "Bộ tiêu chí thử"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"counts": {"criteria": 3, "indicators": 6}}, "/counts/indicators"),
        ({"test_cases": []}, "/test_cases"),
        (
            {"test_cases": [world.STANDARD["test_cases"][0] | {"expect": {"1.1": "met"}}]},
            "/test_cases/0/expect/1.1",
        ),
    ],
)
async def test_what_the_check_finds_keeps_a_set_a_draft(
    office: httpx.AsyncClient, fields: dict[str, Any], pointer: str
) -> None:
    assert (await add(office, draft(**fields))).status_code == 201
    found = (await office.post(f"{SETS}/draft/check")).json()
    assert [finding["pointer"] for finding in found["findings"]] == [pointer]
    refused = await office.post(f"{SETS}/draft/publish", headers=world.fresh_key())
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await office.get(f"{SETS}/draft")).json()["state"] == "draft"


async def test_what_cannot_be_read_is_named_place_by_place(office: httpx.AsyncClient) -> None:
    body = draft(tier=5)
    body["criteria"][0]["indicators"][0]["rule"] = {"perhaps": "plan_approved"}
    for broken in ({}, body, draft(extra=1)):
        answer = await add(office, broken)
        assert (answer.status_code, answer.json()["code"]) == (422, "criteria-set-malformed")
        assert answer.json()["errors"]


@pytest.mark.parametrize("mark", ["\x00", "\ud800"])
async def test_text_that_cannot_be_kept_is_refused(office: httpx.AsyncClient, mark: str) -> None:
    body = draft()
    body["test_cases"][0]["values"] = {"plan_approved": {"value": f"a{mark}"}}
    answer = await office.post(
        SETS,
        content=json.dumps(body),
        headers={**world.fresh_key(), "Content-Type": "application/json"},
    )
    assert answer.status_code == 422


async def test_an_overlay_judges_in_its_resolved_form(office: httpx.AsyncClient) -> None:
    overlay = draft(code="local", extends="xa-standard")
    overlay["criteria"] = copy.deepcopy(overlay["criteria"][1:2])
    stricter = {"at_least": {"measure": "water_share", "threshold": 98}}
    overlay["criteria"][0]["indicators"] = [
        overlay["criteria"][0]["indicators"][0] | {"rule": stricter}
    ]
    assert (await add(office, overlay)).status_code == 201
    published = await office.post(f"{SETS}/local/publish", headers=world.fresh_key())
    assert published.status_code == 200, published.text
    shown = (await office.get(f"{SETS}/local")).json()
    assert [c["number"] for c in shown["body"]["criteria"]] == ["1", "2", "3"]
    looser = copy.deepcopy(overlay) | {"code": "looser"}
    rule = {"at_least": {"measure": "water_share", "threshold": 90}}
    looser["criteria"][0]["indicators"][0]["rule"] = rule
    await add(office, looser)
    refused = await office.post(f"{SETS}/looser/publish", headers=world.fresh_key())
    assert refused.status_code == 422


async def test_only_an_administrator_makes_sets(client_for: ClientFor) -> None:
    async with client_for("province_office@vn") as client:
        assert (await add(client, draft())).status_code == 403
        publish = await client.post(f"{SETS}/xa-standard/publish", headers=world.fresh_key())
        assert publish.status_code == 403
        assert len((await client.get(SETS)).json()) == 2
        assert (await client.get(f"{SETS}/none")).status_code == 404


async def test_the_database_keeps_a_published_set_as_it_is(country: Database) -> None:
    with (
        psycopg.connect(plain_url(country.url)) as connection,
        pytest.raises(psycopg.errors.RestrictViolation),
    ):
        connection.execute("UPDATE criteria_set SET hash = 'x' WHERE code = 'xa-standard'")


async def test_the_catalogue_loads_once_and_publishes_what_passes(urls: Any) -> None:
    folder = Settings.model_fields["catalogue_folder"].get_default(call_default_factory=True)
    database = Database(urls["criteria"].runtime, pool_size=1)
    try:
        counts = []
        for _ in range(2):
            async with database.session_scope() as session:
                counts.append(await measures.load_catalogue(session, folder=folder))
            async with database.session_scope() as session:
                counts.append(await service.load_catalogue(session, folder=folder))
        assert counts[0] > 100
        assert counts[1] >= 4
        assert counts[2:] == [0, 0]
        async with database.read_scope() as session:
            sets = {row.code: row for row in await service.list_criteria_sets(session)}
    finally:
        await database.close()
    totals = {
        code: (row.state, row.criteria_total, row.indicators_total, row.is_demonstration)
        for code, row in sets.items()
    }
    for suffix, is_demonstration in (("", False), ("-demo", True)):
        assert totals[f"ntm-xa-2021-2025{suffix}"] == ("published", 19, 57, is_demonstration)
        assert totals[f"ntm-xa-nang-cao-2021-2025{suffix}"] == (
            "published",
            19,
            75,
            is_demonstration,
        )


async def test_a_measure_never_changes_its_meaning(country: Database, tmp_path: Any) -> None:
    entry = "- {code: road_share, name_vi: a, name_en: a, type: share, validity: %s, slot: 0}\n"
    (tmp_path / "measures.yaml").write_text(entry % "months:12")
    async with country.session_scope() as session:
        with pytest.raises(MeasureChanged):
            await measures.load_catalogue(session, folder=tmp_path)
    (tmp_path / "measures.yaml").write_text(entry % "until_replaced")
    async with country.session_scope() as session:
        assert await measures.load_catalogue(session, folder=tmp_path) == 1
    async with country.session_scope() as session:
        assert await measures.load_catalogue(session, folder=tmp_path) == 0
