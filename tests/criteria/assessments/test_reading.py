"""Lists, trees, gaps and figures over HTTP, on a real database."""

import dataclasses
from datetime import date

import httpx
import pytest
from chungsuc.database import Database
from criteria.measures import service as measures

from tests.criteria import world
from tests.criteria.conftest import ClientFor, Record

AREA, OTHER = world.COMMUNES[0], world.COMMUNES[4]
STANDARD = "criteria_set=xa-standard"


async def get(client: httpx.AsyncClient, path: str) -> dict[str, object]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_a_tree_traces_each_verdict_to_observation_threshold_and_document(
    office: httpx.AsyncClient, record: Record
) -> None:
    recorded = await record(world.all_met(AREA, "2023-08-15"), document_id=world.DOCUMENT)
    tree = (await office.get(f"/v1/assessments/{AREA}?{STANDARD}&as_of=2023-09-01")).json()
    assert (tree["criteria_met"], tree["indicators_met"], tree["verdict"]) == (3, 5, "met")
    assert tree["area"] == {"id": AREA, "code": world.CODES[AREA], "name": "xã Xã 0"}
    road = tree["criteria"][0]["indicators"][1]["rule"]
    assert road["evidence"] == {
        "measure": "road_share",
        "value": "95",
        "qualifier": "actual",
        "observed_on": "2023-08-15",
        "observation_id": recorded["items"][1]["observation_id"],
        "document_id": world.DOCUMENT,
        "counts": True,
        "is_demonstration": False,
    }
    assert (road["threshold"]["values"], road["threshold"]["rows"]) == (["70"], [0])
    assert road["threshold"]["provenance"][0]["source"] == "recalled"


async def test_a_verdict_holds_from_its_day_until_the_next(
    office: httpx.AsyncClient, record: Record
) -> None:
    await record(world.all_met(AREA, "2023-08-15"))
    await record([world.value(AREA, "road_share", "2023-10-01", "60")])
    seen = {}
    for day in ("2023-08-14", "2023-08-15", "2023-09-30", "2023-10-01", "2024-01-01"):
        rows = await get(office, f"/v1/assessments?{STANDARD}&as_of={day}")
        (row,) = [r for r in rows["items"] if r["area"]["id"] == AREA]  # type: ignore[attr-defined]
        seen[day] = (row["judged_from"], row["criteria_met"])
    assert seen == {
        "2023-08-14": (None, None),
        "2023-08-15": ("2023-08-15", 3),
        "2023-09-30": ("2023-08-15", 3),
        "2023-10-01": ("2023-10-01", 2),
        # A new year: another column for income, and the year's water share has expired.
        "2024-01-01": ("2024-01-01", 0),
    }


async def test_the_denominator_is_whom_the_set_judges(
    office: httpx.AsyncClient, record: Record
) -> None:
    await record(world.all_met(AREA, "2023-08-15"))
    await record([world.value(OTHER, "plan_approved", "2023-08-15", True)])
    await record([world.value(world.WARD, "plan_approved", "2023-08-15", True)])
    summary = await get(office, f"/v1/assessment-summaries?{STANDARD}&as_of=2023-12-31")
    assert {
        name: summary[name] for name in summary if name.startswith(("areas", "criteria_met"))
    } == {
        "areas_total": 6,
        "areas_judged": 2,
        "areas_not_judged": 4,
        "areas_met": 1,
        "areas_met_percent": "16.7",
        "criteria_met_sum": 3,
        "criteria_met_mean": "0.5000",
        "criteria_met_mean_printed": "0.5",
    }
    assert [band["areas"] for band in summary["bands"]] == [1, 1]  # type: ignore[attr-defined]
    assert [c["met_percent"] for c in summary["criteria"]] == ["16.7"] * 3  # type: ignore[attr-defined]
    south = await get(
        office, f"/v1/assessment-summaries?{STANDARD}&as_of=2023-12-31&under={world.SOUTH}"
    )
    assert (south["areas_total"], south["criteria_met_sum"]) == (2, 0)


async def test_several_sets_are_listed_side_by_side_page_by_page(
    office: httpx.AsyncClient, record: Record
) -> None:
    await record(world.all_met(AREA, "2023-08-15"))
    url = f"/v1/assessments?{STANDARD}&criteria_set=xa-advanced&as_of=2023-12-31&limit=5"
    page, seen = await get(office, url), []
    while True:
        seen += [(r["area"]["id"], r["criteria_set"]) for r in page["items"]]  # type: ignore[attr-defined]
        if page["next"] is None:
            break
        page = await get(office, f"{url}&cursor={page['next']}")
    assert seen == [(a, s) for a in world.COMMUNES for s in ("xa-advanced", "xa-standard")]
    lines = await office.get(url, headers={"Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == 12
    table = await office.get(url, headers={"Accept": "text/csv"})
    assert len(table.text.splitlines()) == 13


async def test_gaps_come_nearest_first(office: httpx.AsyncClient, record: Record) -> None:
    await record(
        [
            world.value(AREA, "plan_approved", "2023-08-15", False),
            world.value(AREA, "road_share", "2023-08-15", "63"),
            world.value(AREA, "income", "2023-08-15", "41.58"),
        ]
    )
    gaps = await get(office, f"/v1/assessments/{AREA}/gaps?{STANDARD}&as_of=2023-12-31")
    assert [(g["indicator"], g["verdict"], g["gap"], g["gap_percent"]) for g in gaps["gaps"]] == [  # type: ignore[attr-defined]
        ("3", "not_met", "0.42", "1.0"),
        ("1.2", "not_met", "7", "10.0"),
        ("1.1", "not_met", None, None),
        ("2.1", "missing", None, None),
        ("2.2", "missing", None, None),
    ]


@pytest.mark.parametrize("is_demonstration", [False, True])
async def test_the_demonstration_mark_is_carried_to_every_answer(
    office: httpx.AsyncClient, record: Record, *, is_demonstration: bool
) -> None:
    await record(world.all_met(AREA, "2023-08-15"), is_demonstration=is_demonstration)
    day = "as_of=2023-12-31"
    tree = await get(office, f"/v1/assessments/{AREA}?{STANDARD}&{day}")
    gaps = await get(office, f"/v1/assessments/{AREA}/gaps?{STANDARD}&{day}")
    summary = await get(office, f"/v1/assessment-summaries?{STANDARD}&{day}")
    rows = (await get(office, f"/v1/assessments?{STANDARD}&{day}"))["items"]
    marks = [answer["is_demonstration"] for answer in (tree, gaps, summary, rows[0])]  # type: ignore[index]
    assert marks == [is_demonstration] * 4
    advanced = await get(office, f"/v1/assessments/{AREA}?criteria_set=xa-advanced&{day}")
    assert advanced["is_demonstration"] is True


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/assessments/{AREA}?{STANDARD}", 422, "criteria-set-not-in-force"),
        (f"/v1/assessments?{STANDARD}&as_of=2020-12-31", 422, "criteria-set-not-in-force"),
        ("/v1/assessments?criteria_set=none", 404, "criteria-set-not-published"),
        ("/v1/assessments", 422, "invalid"),
        (f"/v1/assessments?{STANDARD}&under=anowhere", 404, "area-not-found"),
        (
            f"/v1/assessments/{world.WARD}?{STANDARD}&as_of=2023-12-31",
            422,
            "area-not-judged-by-set",
        ),
        (f"/v1/assessments/{AREA}?{STANDARD}&known_at=999999999", 422, "invalid"),
        (f"/v1/assessments?{STANDARD}&as_of=2023-12-31&cursor=WzFd", 422, "invalid"),
    ],
)
async def test_a_bad_question_says_what_is_wrong(
    office: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    answer = await office.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_nobody_reads_beyond_their_area(client_for: ClientFor, record: Record) -> None:
    await record(world.all_met(AREA, "2023-08-15"))
    async with client_for(f"steering_committee@{world.SOUTH}") as stranger:
        for path in (
            f"/v1/assessments/{AREA}?{STANDARD}&as_of=2023-12-31",
            f"/v1/assessments?{STANDARD}&as_of=2023-12-31&under={world.NORTH}",
            f"/v1/assessment-summaries?{STANDARD}&as_of=2023-12-31",
        ):
            assert (await stranger.get(path)).status_code == 403
        own = f"/v1/assessments?{STANDARD}&as_of=2023-12-31&under={world.SOUTH}"
        assert len((await stranger.get(own)).json()["items"]) == 2


async def rename_measure(country: Database) -> None:
    async with country.session_scope() as session:
        renamed = dataclasses.replace(world.measure("road_share"), name_vi="Khác", unit="phần trăm")
        await measures.record_measures(session, [renamed])


async def test_a_replay_is_byte_identical_after_corrections_and_new_facts(
    office: httpx.AsyncClient, record: Record, country: Database
) -> None:
    await record(world.all_met(AREA, "2023-08-15"), document_id=world.DOCUMENT)
    position = await world.sequence(country)
    paths = [
        f"/v1/assessments/{AREA}{part}?{STANDARD}&as_of=2023-09-01&known_at={position}"
        for part in ("", "/gaps")
    ]
    before = [(await office.get(path)).content for path in paths]
    await record(
        [
            world.value(AREA, "road_share", "2023-08-15", "1", reason="đo lại"),
            world.value(AREA, "income", "2023-07-01", "10"),
            world.value(AREA, "income", "2023-08-20", "11"),
        ]
    )
    await world.set_attribute(country, AREA, "border", "yes", begins_on=date(2023, 1, 1))
    await world.publish(country, world.STANDARD | {"version": "2", "name_vi": "Khác"})
    await rename_measure(country)
    await world.sequence(country)
    after = [(await office.get(path)).content for path in paths]
    assert after == before
    now = (await office.get(f"/v1/assessments/{AREA}?{STANDARD}&as_of=2023-09-01")).json()
    assert (now["criteria_met"], now["criteria_set"]["version"]) == (1, "2")
