"""The figures that authorities published, asked of the running house."""

import pytest

from tests.system.conftest import Get

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

ADVANCED, STANDARD = "ntm-xa-nang-cao-2021-2025-demo", "ntm-xa-2021-2025-demo"
NATIONAL_POVERTY = "poverty-standard-2022-2026"
PROVINCIAL_POVERTY = "poverty-standard-quang-ninh-2023-2025"
MODEL, DISTRICT = "ntm-xa-kieu-mau-quang-ninh-demo", "ntm-huyen-nang-cao-2021-2025-demo"


def test_ba_che_in_august_2023(get: Get) -> None:
    """16/19 and 72/75 for Nam Sơn; 14.5 and 65.5 on average over four communes."""
    asked = {"criteria_set": ADVANCED, "under": "202", "as_of": "2023-08-15"}
    rows = {row["area"]["code"]: row for row in get("/v1/assessments", **asked).json()["items"]}
    nam_son = rows["06982"]
    assert (nam_son["criteria_met"], nam_son["criteria_total"]) == (16, 19)
    assert (nam_son["indicators_met"], nam_son["indicators_total"]) == (72, 75)
    four = [rows[code] for code in ("06988", "06973", "06976", "06979")]
    assert sum(row["criteria_met"] for row in four) / 4 == 14.5
    assert sum(row["indicators_met"] for row in four) / 4 == 65.5


def test_the_model_tier_of_ba_che_in_august_2023(get: Get) -> None:
    """2/6 and 7/15 for Lương Mông and Minh Cầm, by a provincial set that adds criteria."""
    asked = {"criteria_set": MODEL, "under": "202", "as_of": "2023-08-15"}
    rows = {row["area"]["code"]: row for row in get("/v1/assessments", **asked).json()["items"]}
    for code in ("06985", "06991"):
        row = rows[code]
        assert (row["criteria_met"], row["criteria_total"]) == (2, 6)
        assert (row["indicators_met"], row["indicators_total"]) == (7, 15)
        assert row["is_demonstration"]


def test_the_district_of_ba_che_is_judged_by_its_own_measures(get: Get) -> None:
    """2/9 and 25/38 by the advanced tier of districts."""
    asked = {"criteria_set": DISTRICT, "as_of": "2023-08-15"}
    tree = get("/v1/assessments/202", **asked).json()
    assert (tree["criteria_met"], tree["criteria_total"]) == (2, 9)
    assert (tree["indicators_met"], tree["indicators_total"]) == (25, 38)
    assert tree["is_demonstration"]


@pytest.mark.parametrize(
    ("as_of", "standard", "rates"),
    [
        ("2023-08-15", NATIONAL_POVERTY, {"poor": "0.27", "near_poor": "0.89"}),
        ("2023-08-15", PROVINCIAL_POVERTY, {"poor": "0.46", "near_poor": "2.17"}),
        ("2022-12-31", NATIONAL_POVERTY, {"poor": "0.62", "near_poor": "1.90"}),
    ],
)
def test_two_poverty_standards_read_one_table(
    get: Get, as_of: str, standard: str, rates: dict[str, str]
) -> None:
    answer = get("/v1/measures/derived", area="202", as_of=as_of).json()
    items = [one for one in answer["items"] if one["criteria_set"]["code"] == standard]
    assert {one["code"]: one["percent"] for one in items} == rates
    for one in items:
        assert one["is_demonstration"]
        assert one["denominator"] == "5620"
        parts = [int(cell["value"]) for cell in one["cells"] if cell["is_in_numerator"]]
        assert sum(parts) == int(one["numerator"])
        cell = one["cells"][0]
        traced = get(f"/v1/observations/{cell['observation_id']}").json()
        assert (traced["measure"], traced["value"]) == (cell["measure"], cell["value"])


def test_each_verdict_of_nam_son_has_its_trace(get: Get) -> None:
    asked = {"criteria_set": ADVANCED, "as_of": "2023-08-15"}
    tree = get("/v1/assessments/06982", **asked).json()
    indicators = [one for criterion in tree["criteria"] for one in criterion["indicators"]]
    assert len(indicators) == 75
    not_met = [one for one in indicators if one["verdict"] == "not_met"]
    assert len(not_met) == 3
    for indicator in not_met:
        rule = indicator["rule"]
        assert rule["reason_vi"].endswith("không đạt.")
        assert rule["evidence"]["observation_id"]
        assert rule["threshold"]["provenance"][0]["source"] == "demonstration"


@pytest.mark.parametrize(
    ("code", "as_of", "successor"),
    [
        ("06982", "2023-08-15", "06970"),  # Nam Sơn -> Ba Chẽ
        ("06973", "2023-08-15", "06970"),  # Thanh Sơn -> Ba Chẽ
        ("06988", "2023-08-15", "06970"),  # Đồn Đạc -> Ba Chẽ
        ("06976", "2023-08-15", "06979"),  # Thanh Lâm -> Đạp Thanh
        ("06979", "2023-08-15", "06979"),
        ("06985", "2023-08-15", "06985"),  # Lương Mông -> Lương Minh (2024) -> Lương Minh
        ("06991", "2023-08-15", "06985"),  # Minh Cầm -> Lương Minh (2024) -> Lương Minh
    ],
)
def test_each_commune_reaches_its_successor(
    get: Get, code: str, as_of: str, successor: str
) -> None:
    lineage = get(f"/v1/areas/{code}/lineage", as_of=as_of, on="2025-07-01").json()
    reached = [step["area"] for step in lineage["successors"] if step["is_living"]]
    assert [area["code"] for area in reached] == [successor]
    now = get(f"/v1/areas/{successor}", as_of="2025-07-01").json()
    assert reached[0]["id"] == now["id"]


def test_lai_chau_at_the_end_of_2023(get: Get) -> None:
    """1,310 criteria over 94 communes: 13.9, which is 80.6 % of the 17.3 planned."""
    asked = {"criteria_set": STANDARD, "under": "12", "as_of": "2023-12-31"}
    summary = get("/v1/assessment-summaries", **asked).json()
    assert (summary["criteria_met_sum"], summary["areas_total"]) == (1310, 94)
    assert summary["criteria_met_mean_printed"] == "13.9"
    targets = get("/v1/targets", area="12", as_of="2023-12-31").json()["items"]
    mean = next(t for t in targets if t["result"] == "criteria_met_mean")
    assert mean["attainment"]["attainment_percent"] == "80.6"
    (count,) = (
        t for t in targets if (t["result"], t["criteria_set"]) == ("areas_met_count", STANDARD)
    )
    assert count["attainment"]["parts_sum"] == 39
    assert count["attainment"]["attainment_percent"] == "72.2"


def test_a_scorecard_keeps_positive_apart_from_met(get: Get) -> None:
    """21 of 21 targets of the resolution have a positive result, as reported; none is judged."""
    cards = get("/v1/scorecards", area="202", as_of="2023-08-15").json()["items"]
    (card,) = cards
    assert (card["reported_positive"], card["reported_total"]) == (21, 21)
    assert (card["targets_total"], card["targets_met"]) == (0, 0)
    assert not card["is_demonstration"]
    assert get(f"/v1/documents/{card['document_id']}").json()["number"] == "06-NQ/TU"
    planned = get("/v1/scorecards", area="12", as_of="2023-12-31").json()["items"]
    assert sorted(card["targets_total"] for card in planned) == [1, 1, 2]
    assert all(card["reported_total"] is None for card in planned)
    assert sum(card["targets_met"] for card in planned) == 0
    # No district of Lai Châu is judged, so nobody says that the district targets are missed.
    assert sorted(card["targets_not_judged"] for card in planned) == [0, 1, 1]


def test_two_documents_may_plan_one_result_differently(get: Get) -> None:
    """The Party's resolution plans two districts, the province's plan three: both stand."""
    targets = get("/v1/targets", area="12", year=2025, as_of="2023-12-31").json()["items"]
    both = [target for target in targets if target["criteria_set"] == "ntm-huyen-2021-2025"]
    assert sorted(target["planned_value"] for target in both) == ["2", "3"]
    assert len({target["document_id"] for target in both}) == 2
    for target in both:
        assert target["result"] == "areas_met_count"
        assert target["attainment"]["actual_printed"] == "0.0"
        document = get(f"/v1/documents/{target['document_id']}").json()
        assert document["issued_on"] == {"2": None, "3": "2022-07-15"}[target["planned_value"]]


def test_the_overview_of_lai_chau_says_the_same(get: Get) -> None:
    asked = {"area": "12", "as_of": "2023-12-31", "budget_year": 2023}
    overview = get("/v1/reports/province-overview", **asked).json()
    result = next(r for r in overview["results"] if r["criteria_set"]["code"] == STANDARD)
    assert result["criteria_met_mean"]["total"] == 1310
    assert result["criteria_met_mean"]["printed"] == "13.9"
    target = next(t for t in overview["targets"] if t["result"] == "criteria_met_mean")
    assert target["attainment_rate"] == "80.6"
    assert get(result["lineage"]).is_success


def test_the_capital_of_dien_bien_in_2024(get: Get) -> None:
    asked = {"under": "11", "budget_year": 2024, "by": "programme", "as_of": "2024-12-31"}
    table = get("/v1/disbursements", **asked).json()
    rows = table["items"]
    assert table["total"]["plan_vnd"] == 1_328_000 * 1_000_000
    million = {row["programme"]["code"]: row["plan_vnd"] // 1_000_000 for row in rows}
    assert million == {"DTTS-2125": 729_000, "NTM-2125": 166_000, "GNBV-2125": 433_000}
    assert all(94 <= float(row["allocated_rate"]) <= 100 for row in rows)
    asked = {"area": "11", "as_of": "2024-12-31", "budget_year": 2024}
    money = get("/v1/reports/province-overview", **asked).json()["money"]
    assert money["total"]["plan_vnd"] == 1_328_000 * 1_000_000
    assert get(money["total"]["lineage"]).is_success


def test_a_search_needs_no_accents(get: Get) -> None:
    found = get("/v1/areas", q="ba che", as_of="2023-08-15").json()["items"]
    assert {area["name"] for area in found} == {"Ba Chẽ"}
    assert {area["area_kind"] for area in found} == {"district", "commune"}
