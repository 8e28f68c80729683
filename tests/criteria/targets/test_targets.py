"""Targets over HTTP: the plan beside what was reached, from the parts."""

from decimal import Decimal
from fractions import Fraction

import httpx
import pytest
from criteria.assessments import figures
from criteria.assessments.figures import Judged
from criteria.targets import rules
from hypothesis import given
from hypothesis import strategies as st

from tests.criteria import world
from tests.criteria.conftest import ClientFor, Record

PLAN = {
    "area": world.NORTH,
    "result": "criteria_met_mean",
    "criteria_set": "xa-standard",
    "document_id": world.DOCUMENT,
    "year": 2023,
    "planned_value": "1.5",
    "denominator": "4 xã",
}


async def add(client: httpx.AsyncClient, **fields: object) -> httpx.Response:
    return await client.post("/v1/targets", json=PLAN | fields, headers=world.fresh_key())


async def test_attainment_is_recomputed_from_the_parts(
    office: httpx.AsyncClient, record: Record
) -> None:
    for area in world.COMMUNES[:3]:
        await record(world.all_met(area, "2023-08-15"))
    await record([world.value(world.COMMUNES[2], "road_share", "2023-09-01", "10")])
    added = await add(office)
    assert added.status_code == 201, added.text
    target = added.json()
    assert target["attainment"] == {
        "as_of": "2023-12-31",
        "actual": "2.0000",
        "actual_printed": "2.0",
        "parts_sum": 8,
        "parts_areas": 4,
        "areas_not_judged": 1,
        "attainment_percent": "133.3",
        "is_reached": True,
        "is_demonstration": False,
    }
    earlier = await office.get(f"/v1/targets/{target['id']}?as_of=2023-08-31")
    assert earlier.json()["attainment"]["actual"] == "2.2500"
    listed = (await office.get(f"/v1/targets?area={world.NORTH}&year=2023")).json()["items"]
    assert [t["id"] for t in listed] == [target["id"]]


def lai_chau() -> list[Judged]:
    """1,310 criteria met over 94 communes: 88 of them with 14 and 6 with 13."""
    met = [14] * 88 + [13] * 6
    return [
        Judged(f"a{n}", count, 50, 0, bytes([3] * count + [0] * (19 - count)), True)
        for n, count in enumerate(met)
    ]


def test_lai_chau_2023_reaches_four_fifths_of_its_plan_for_2025() -> None:
    summary = figures.summarise(lai_chau(), criteria_total=19)
    assert summary.criteria_met_sum == 1310
    reached = rules.reached("criteria_met_mean", summary)
    assert reached.actual is not None
    assert figures.rounded(reached.actual, places=4) == "13.9362"
    assert figures.rounded(reached.actual, places=1) == "13.9"
    assert reached.attainment_percent(Decimal("17.3")) == "80.6"
    assert reached.is_reached(Decimal("17.3")) is False


@given(st.fractions(), st.integers(0, 5))
def test_rounding_is_half_up_and_exact(value: Fraction, places: int) -> None:
    unit = Fraction(1, 10**places)
    error = Fraction(figures.rounded(value, places=places)) - value
    assert abs(error) <= unit / 2
    if abs(error) == unit / 2:
        assert abs(Fraction(figures.rounded(value, places=places))) > abs(value)


async def test_two_documents_may_plan_differently_but_one_only_once(
    office: httpx.AsyncClient,
) -> None:
    document = {
        "number": "2/NQ",
        "kind": "resolution",
        "issuer": "Tỉnh ủy",
        "title": "Nghị quyết",
        "is_demonstration": True,
    }
    other = await office.post("/v1/documents", json=document, headers=world.fresh_key())
    assert other.status_code == 201, other.text
    assert (await add(office)).status_code == 201
    assert (await add(office, document_id=other.json()["id"], planned_value="2")).status_code == 201
    again = await add(office, planned_value="3")
    assert (again.status_code, again.json()["code"]) == (409, "target-exists")
    listed = (await office.get(f"/v1/targets?area={world.NORTH}")).json()["items"]
    assert sorted(t["planned_value"] for t in listed) == ["1.5", "2"]


@pytest.mark.parametrize(
    ("fields", "status", "pointer"),
    [
        ({"document_id": "dno"}, 422, "/document_id"),
        ({"criteria_set": "none"}, 422, "/criteria_set"),
        ({"planned_value": "1,5"}, 422, "/planned_value"),
        ({"planned_value": 1.5}, 422, "/planned_value"),
        ({"result": "wealth"}, 422, "/result"),
        ({"year": 1500}, 422, "/year"),
        ({"area": "anowhere"}, 404, None),
    ],
)
async def test_a_bad_target_names_its_field(
    office: httpx.AsyncClient, fields: dict[str, object], status: int, pointer: str | None
) -> None:
    answer = await add(office, **fields)
    assert answer.status_code == status
    assert [e["pointer"] for e in answer.json()["errors"]] == ([pointer] if pointer else [])


async def test_of_a_plan_of_nothing_there_is_no_rate(office: httpx.AsyncClient) -> None:
    target = (await add(office, planned_value="0")).json()
    assert target["attainment"]["attainment_percent"] is None


async def test_another_province_neither_plans_nor_sees(
    office: httpx.AsyncClient, client_for: ClientFor
) -> None:
    target = (await add(office)).json()
    async with client_for(f"province_office@{world.SOUTH}") as stranger:
        assert (await add(stranger)).status_code == 403
        assert (await stranger.get(f"/v1/targets/{target['id']}")).status_code == 404
        assert (await stranger.get(f"/v1/targets?area={world.NORTH}")).status_code == 403
