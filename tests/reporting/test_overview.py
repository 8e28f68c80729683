"""The province overview with figures that were published, from feeds written by hand."""

from typing import Any

import pytest
from chungsuc.database import Database

from tests.reporting import feeds
from tests.reporting.conftest import OpenReporting
from tests.reporting.feeds import Source, Sources

OVERVIEW = "/v1/reports/province-overview"
SET = "ntm-xa-2021-2025"
MILLION = 10**6


def add_province(criteria: Source, area_id: str, *, name: str, code: str, communes: int) -> None:
    """A province with two districts that share its communes."""
    if not criteria.items:
        nation = feeds.span("Việt Nam", code="VN", kind="nation", parent=None, designation="")
        criteria.add("area", "vn", feeds.area("vn", nation))
    province = feeds.span(name, code=code, kind="province", parent="vn", designation="tỉnh")
    criteria.add("area", area_id, feeds.area(area_id, province))
    for number in range(2):
        district = feeds.span(
            f"Huyện {number}",
            code=f"{code}{number}",
            kind="district",
            parent=area_id,
            designation="huyện",
            ends="2025-06-30",
        )
        criteria.add("area", f"{area_id}-h{number}", feeds.area(f"{area_id}-h{number}", district))
    for number in range(communes):
        commune = feeds.span(
            f"Xã {number}",
            code=f"{code}{number:03}",
            kind="commune",
            parent=f"{area_id}-h{number % 2}",
            ends="2025-06-30",
        )
        criteria.add("area", f"{area_id}-x{number}", feeds.area(f"{area_id}-x{number}", commune))


def add_lai_chau(criteria: Source) -> None:
    """94 xã, a phường and a thị trấn; 1,310 criteria met at the end of 2023, fewer before."""
    add_province(criteria, "lai-chau", name="Lai Châu", code="12", communes=94)
    for kind in ("phường", "thị trấn"):
        town = feeds.span(
            kind, code=f"129{len(kind)}", kind="commune", parent="lai-chau-h0", designation=kind
        )
        criteria.add("area", f"lai-chau-{len(kind)}", feeds.area(f"lai-chau-{len(kind)}", town))
    criteria.add("criteria_set", SET, feeds.criteria_set())
    counts = [19] * 39 + [10] * 44 + [13] * 9 + [6, 6]
    assert (len(counts), sum(counts)) == (94, 1310)
    for number, met in enumerate(counts):
        for on, then in (("2022-12-31", met - 3), ("2023-12-31", met)):
            body = feeds.assessment(f"lai-chau-x{number}", met=then, on=on)
            criteria.add("assessment", f"{body['area_id']}:{SET}:{on}", body)
    add_target(criteria, "t15", planned="15.5", year=2024, document="plan")
    add_target(criteria, "t17", planned="17.3", year=2025, document="plan")


def add_target(
    criteria: Source,
    target_id: str,
    *,
    planned: str,
    year: int,
    document: str,
    result: str = "criteria_met_mean",
    criteria_set: str | None = SET,
    area_id: str = "lai-chau",
) -> None:
    criteria.add(
        "document",
        document,
        {
            "id": document,
            "number": document,
            "kind": "plan",
            "issuer": "UBND tỉnh",
            "title": "Kế hoạch",
            "issued_on": "2022-07-15",
            "is_demonstration": True,
        },
    )
    body = {
        "id": target_id,
        "area_id": area_id,
        "result": result,
        "criteria_set": criteria_set,
        "document_id": document,
        "kind": "level",
        "year": year,
        "planned_value": planned,
        "denominator": None,
        "is_demonstration": True,
    }
    criteria.add("target", target_id, body)


async def read(reporting: OpenReporting, group: str, **query: Any) -> dict[str, Any]:
    async with reporting(group) as client:
        return await feeds.read_body(client, OVERVIEW, **query)


async def test_lai_chau_meets_13_9_criteria_per_commune_and_80_6_percent_of_17_3(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    found = await read(open_reporting, "province_office@lai-chau", area="12", as_of="2023-12-31")

    assert found["area"]["id"] == "lai-chau"
    (result,) = found["results"]
    assert (result["areas"], result["assessed"]) == (94, 94)
    assert result["criteria_met_mean"] == {
        "total": 1310,
        "count": 94,
        "value": "13.9362",
        "printed": "13.9",
    }
    assert (result["meeting_all"], result["meeting_all_rate"]) == (39, "41.5")
    assert [band["areas"] for band in result["bands"]] == [39, 0, 53, 2, 0]
    assert result["criteria"][5] == {
        "number": "6",
        "name_vi": "Tiêu chí 6",
        "name_en": "Criterion 6",
        "met": 94,
        "not_applicable": 0,
        "not_met": 0,
        "undetermined": 0,
        "missing": 0,
        "rate": "100.0",
    }
    assert (result["criteria"][18]["met"], result["criteria"][18]["rate"]) == (39, "41.5")
    assert result["lineage"] == (
        "/v1/assessments?criteria_set=ntm-xa-2021-2025&under=lai-chau&as_of=2023-12-31"
    )
    targets = {target["year"]: target for target in found["targets"]}
    assert targets[2025]["actual_value"] == "13.9362"
    assert targets[2025]["planned_value"] == "17.3"
    assert targets[2025]["attainment_rate"] == "80.6"
    assert targets[2025]["is_demonstration"] is True
    assert found["is_demonstration"] is True
    assert found["coverage"]["communes"] == 96

    children = {child["area"]["id"]: child for child in found["children"]}
    halves = [child["results"][0]["criteria_met_mean"]["total"] for child in children.values()]
    assert (len(children), sum(halves)) == (2, 1310)


async def test_a_report_shows_the_step_that_held_on_its_day(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    group = "auditor@vn"
    before = await read(open_reporting, group, area="lai-chau", as_of="2023-12-30")
    assert before["results"][0]["criteria_met_mean"]["total"] == 1310 - 3 * 94
    unborn = await read(open_reporting, group, area="lai-chau", as_of="2022-12-30")
    assert unborn["results"][0]["assessed"] == 0
    assert unborn["results"][0]["criteria_met_mean"]["printed"] is None
    assert unborn["targets"][0]["actual_value"] is None


async def test_two_documents_that_set_different_targets_are_both_shown(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    for document, planned in (("congress", "2"), ("plan-2496", "3")):
        add_target(
            sources.criteria,
            document,
            planned=planned,
            year=2025,
            document=document,
            result="districts_standard_new",
            criteria_set=None,
        )
    await sources.read_all(database)
    found = await read(open_reporting, "auditor@vn", area="12", as_of="2023-12-31")
    planned_districts = [
        (target["document_id"], target["planned_value"], target["attainment_rate"])
        for target in found["targets"]
        if target["result"] == "districts_standard_new"
    ]
    assert sorted(planned_districts) == [("congress", "2", None), ("plan-2496", "3", None)]


def add_dien_bien(sources: Sources) -> None:
    """Investment of 2024 by programme, allocated in detail by 94 to 100 %."""
    add_province(sources.criteria, "dien-bien", name="Điện Biên", code="11", communes=4)
    funding = sources.funding
    shares = {"dtts": (729_000, 94), "ntm": (166_000, 100), "gnbv": (433_000, 97)}
    for programme_id, (plan, percent) in shares.items():
        funding.add("programme", programme_id, feeds.programme(programme_id, name=programme_id))
        for holder in ("vn", "dien-bien", "dien-bien-h0", "dien-bien-x0"):
            pocket = f"{programme_id}-{holder}"
            body = feeds.pocket(pocket, area_id=holder, programme_id=programme_id)
            funding.add("pocket", pocket, body)
        province, district, commune = (
            f"{programme_id}-dien-bien{part}" for part in ("", "-h0", "-x0")
        )
        detailed = plan * MILLION * percent // 100
        steps = (
            feeds.assign(f"{programme_id}-vn", province, plan * MILLION),
            feeds.allocate(province, district, detailed),
            feeds.allocate(district, commune, detailed // 2),
            feeds.advance(commune, 100 * MILLION),
            feeds.pay(commune, 40 * MILLION),
            feeds.recover(commune, 30 * MILLION),
            feeds.refund(commune, 10 * MILLION),
        )
        for number, lines in enumerate(steps):
            transfer_id = f"{programme_id}-{number}"
            body = feeds.transfer(transfer_id, *lines, on=f"2024-0{number + 1}-15")
            funding.add("transfer", transfer_id, body)


async def test_dien_bien_adds_up_to_1_328_000_million_by_programme(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    await sources.read_all(database)
    group = "finance_officer@dien-bien"
    found = await read(open_reporting, group, area="11", as_of="2024-12-31")
    money = found["money"]
    by_programme = {row["programme"]["code"]: row for row in money["programmes"]}
    plans = {code: row["plan_vnd"] // MILLION for code, row in by_programme.items()}
    assert plans == {"DTTS": 729_000, "NTM": 166_000, "GNBV": 433_000}
    rates = {code: row["allocated_rate"] for code, row in by_programme.items()}
    assert rates == {"DTTS": "94.0", "NTM": "100.0", "GNBV": "97.0"}
    assert money["total"]["plan_vnd"] == 1_328_000 * MILLION
    (investment,) = money["by_capital_kind"]
    assert investment["plan_vnd"] == 1_328_000 * MILLION
    assert investment["unallocated_vnd"] == (729_000 * 6 + 433_000 * 3) * MILLION // 100

    new_rural = by_programme["NTM"]
    assert new_rural["disbursed_vnd"] == 130 * MILLION
    assert new_rural["advance_outstanding_vnd"] == 70 * MILLION
    assert new_rural["completed_vnd"] == 60 * MILLION
    assert (new_rural["disbursed_rate"], new_rural["rate_basis"]) == ("0.1", "plan")
    assert "programme=ntm&capital_kind=investment" in new_rural["transfers"]


async def test_money_issued_to_a_district_is_undivided_until_the_district_passes_it_down(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    lines = feeds.assign("ntm-vn", "ntm-dien-bien-h0", 10 * MILLION)
    sources.funding.add("transfer", "own", feeds.transfer("own", *lines, on="2024-08-02"))
    lines = feeds.allocate("ntm-dien-bien-h0", "ntm-dien-bien-x0", 4 * MILLION)
    sources.funding.add("transfer", "on", feeds.transfer("on", *lines, on="2024-08-03"))
    await sources.read_all(database)
    found = {}
    async with open_reporting("auditor@vn") as client:
        for area in ("dien-bien", "dien-bien-h0", "dien-bien-x0"):
            read_on = {"area": area, "as_of": "2024-08-31"}
            money = (await feeds.read_body(client, OVERVIEW, **read_on))["money"]
            row = next(r for r in money["programmes"] if r["programme"]["code"] == "NTM")
            found[area] = (row["plan_vnd"] // MILLION, row["unallocated_vnd"] // MILLION)
    half = 166_000 // 2
    assert found == {
        "dien-bien": (166_010, half + 6),
        "dien-bien-h0": (166_010, half + 6),
        "dien-bien-x0": (half + 4, half + 4 - 130),
    }


async def test_money_counts_from_its_value_date_within_a_month(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    await sources.read_all(database)
    disbursed = {}
    async with open_reporting("auditor@vn") as client:
        for day in ("2024-04-14", "2024-04-15", "2024-04-30", "2024-05-14", "2024-07-31"):
            found = await feeds.read_body(client, OVERVIEW, area="dien-bien", as_of=day)
            disbursed[day] = found["money"]["total"]["disbursed_vnd"] // MILLION
    assert disbursed == {
        "2024-04-14": 0,
        "2024-04-15": 300,
        "2024-04-30": 300,
        "2024-05-14": 300,
        "2024-07-31": 390,
    }


async def test_of_no_plan_there_is_no_rate(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    await sources.read_all(database)
    found = await read(
        open_reporting, "auditor@vn", area="11", as_of="2024-12-31", budget_year=2020
    )
    assert found["money"]["programmes"] == []
    assert found["money"]["total"]["disbursed_rate"] is None


def merge(criteria: Source) -> None:
    """On 1 July 2025 both communes of the first district go whole into one; the district ends."""
    for number in (0, 2):
        name = f"dien-bien-x{number}"
        old = feeds.span(
            f"Xã {number}",
            code=f"11{number:03}",
            kind="commune",
            parent="dien-bien-h0",
            ends="2025-06-30",
        )
        into = {"id": "new", "extent": "whole", "on": "2025-07-01"}
        criteria.add("area", name, feeds.area(name, old, successors=[into]))
    new = feeds.span(
        "Xã Mới", code="11000", kind="commune", parent="dien-bien", begins="2025-07-01"
    )
    criteria.add("area", "new", feeds.area("new", new))


async def test_after_a_merger_history_is_reported_under_the_old_areas(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    merge(sources.criteria)
    sources.criteria.add("criteria_set", SET, feeds.criteria_set())
    for area_id, met, on in (
        ("dien-bien-x0", 12, "2024-06-01"),
        ("dien-bien-x2", 8, "2024-06-01"),
        ("new", 9, "2025-07-01"),
    ):
        body = feeds.assessment(area_id, met=met, on=on)
        sources.criteria.add("assessment", f"{area_id}:{SET}:{on}", body)
    await sources.read_all(database)
    async with open_reporting("auditor@vn") as client:
        eve = await feeds.read_body(
            client, OVERVIEW, area="11", as_of="2025-06-30", budget_year=2024
        )
        day = await feeds.read_body(
            client, OVERVIEW, area="11", as_of="2025-07-01", budget_year=2024
        )
        below = await feeds.read_body(
            client, OVERVIEW, area="11000", as_of="2025-07-01", budget_year=2024
        )
    assert [child["area"]["area_kind"] for child in eve["children"]] == ["district", "district"]
    assert eve["results"][0]["areas"] == 4
    assert eve["results"][0]["criteria_met_mean"]["total"] == 20
    assert eve["money"]["of_ended_areas"] == {"areas": 0, "plan_vnd": 0, "disbursed_vnd": 0}

    assert [child["area"]["id"] for child in day["children"]] == ["new"]
    assert day["results"][0]["areas"] == 1
    assert day["results"][0]["criteria_met_mean"]["total"] == 9
    for name in ("plan_vnd", "allocated_vnd", "disbursed_vnd"):
        assert day["money"]["total"][name] == eve["money"]["total"][name]
    assert day["money"]["of_ended_areas"]["areas"] == 2
    assert day["money"]["of_ended_areas"]["disbursed_vnd"] == 390 * MILLION
    assert below["money"]["total"]["disbursed_vnd"] == 390 * MILLION
    assert day["children"][0]["disbursed_vnd"] == 390 * MILLION


@pytest.mark.parametrize("code", ["11000", "dien-bien-x0"])
async def test_an_area_that_had_ended_names_its_successors(
    database: Database, sources: Sources, open_reporting: OpenReporting, code: str
) -> None:
    add_dien_bien(sources)
    merge(sources.criteria)
    await sources.read_all(database)
    async with open_reporting("auditor@vn") as client:
        then = await client.get(OVERVIEW, params={"area": code, "as_of": "2025-06-30"})
        assert then.json()["area"]["id"] == "dien-bien-x0"
        now = await client.get(OVERVIEW, params={"area": "dien-bien-x0", "as_of": "2025-07-01"})
    assert (now.status_code, now.json()["code"]) == (404, "area-ended")
    assert "Xã Mới" in now.json()["detail"]


@pytest.mark.parametrize("day", ["1900-01-01", "2009-12-31", "2023-12-31", "2200-12-31"])
async def test_a_report_on_the_edges_of_time_is_an_answer(
    database: Database, sources: Sources, open_reporting: OpenReporting, day: str
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    async with open_reporting("auditor@vn") as client:
        for year in (2000, 2100):
            query = {"area": "lai-chau", "as_of": day, "budget_year": year}
            answer = await client.get(OVERVIEW, params=query)
            assert answer.status_code == (404 if day < "2010" else 200)
