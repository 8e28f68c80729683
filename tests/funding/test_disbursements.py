"""The disbursement table: money counted once at the top, by every dimension, on any day."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from chungsuc.changes import Sequencer

from tests.funding import country
from tests.funding.bookkeeper import Bookkeeper, assign, holder, number, reverse, spend
from tests.funding.conftest import OpenFunding

MILLION = 1_000_000
DIEN_BIEN_2024 = {
    "NTM-2125": (166_000, 163_500),
    "GNBV-2125": (433_000, 408_000),
    "DTTS-2125": (729_000, 729_000),
}


async def table(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    asked = {"under": country.DIEN_BIEN, "budget_year": 2024, **query}
    answer = await client.get("/v1/disbursements", params=asked)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows


async def test_dien_bien_2024_as_published(books: Bookkeeper, open_funding: OpenFunding) -> None:
    """729,000 + 166,000 + 433,000 = 1,328,000 million đồng, allocated in detail 94 to 100 %."""
    for programme, (plan, detailed) in DIEN_BIEN_2024.items():
        province = await books.fund(assign(plan * MILLION, programme_id=programme))
        half = detailed * MILLION // 2
        for area in (country.TUA_CHUA, country.MUONG_NHE):
            await books.post(spend("allocate", province, half, to=holder(area)))
    async with open_funding(f"steering_committee@{country.DIEN_BIEN}") as client:
        rows = await table(client, by="programme,capital_kind", under="11", as_of="2024-12-31")
    assert {r["programme"]["code"]: r["plan_vnd"] // MILLION for r in rows} == {
        programme: plan for programme, (plan, _) in DIEN_BIEN_2024.items()
    }
    assert sum(row["plan_vnd"] for row in rows) == 1_328_000 * MILLION
    assert all(94 <= Decimal(row["allocated_rate"]) <= 100 for row in rows)
    assert {row["programme"]["code"]: row["allocated_rate"] for row in rows} == {
        "NTM-2125": "98.49",
        "GNBV-2125": "94.23",
        "DTTS-2125": "100.00",
    }
    assert {row["capital_kind"]["id"] for row in rows} == {"investment"}
    assert all(row["is_demonstration"] for row in rows)


@pytest.fixture
async def spent(books: Bookkeeper) -> dict[str, int]:
    """1,000 to the province; 600 by the district, of which 400 in a commune; 300 to a component."""
    province = await books.fund(assign(1_000))
    tua_chua = holder(country.TUA_CHUA)
    district = await books.fund(spend("allocate", province, 600, to=tua_chua))
    commune = await books.fund(spend("allocate", district, 400, to=holder(country.MUONG_BANG)))
    request = spend("allocate", province, 300, to=holder(country.MUONG_NHE), component_id="DT-04")
    component = await books.fund(request)
    await books.post(spend("advance", commune, 200, value_on="2024-04-01"))
    await books.post(spend("recover", commune, 50, value_on="2024-05-01"))
    await books.post(spend("pay", component, 30, value_on="2024-06-01"))
    return {"province": province, "district": district, "commune": commune}


async def test_money_that_descends_inside_is_counted_once(
    spent: dict[str, int], open_funding: OpenFunding
) -> None:
    async with open_funding("auditor@vn") as client:
        rows = await table(client)
        whole = await table(client, under=country.NATION)
    assert len(rows) == len(whole) == 1
    assert {k: v for k, v in rows[0].items() if k.endswith(("vnd", "rate"))} == {
        "plan_vnd": 1_000,
        "allocated_vnd": 900,
        "unallocated_vnd": 100,
        "advance_outstanding_vnd": 150,
        "completed_paid_vnd": 80,
        "disbursed_vnd": 230,
        "allocated_rate": "90.00",
        "disbursed_rate": "23.00",
    }
    assert whole[0]["plan_vnd"] == 1_000
    assert whole[0]["unallocated_vnd"] == 100


async def test_rows_of_every_dimension_add_up_to_the_same_plan(
    spent: dict[str, int], open_funding: OpenFunding
) -> None:
    async with open_funding("auditor@vn") as client:
        by_area = await table(client, by="area", as_of="2024-12-31")
        by_component = await table(client, by="component")
        by_all = await table(client, by="programme,component,capital_kind,source,area")
    assert {row["area"]["id"]: (row["plan_vnd"], row["unallocated_vnd"]) for row in by_area} == {
        country.DIEN_BIEN: (100, 100),
        country.TUA_CHUA: (600, 200),
        country.MUONG_NHE: (300, 270),
    }
    components = {(row["component"] or {}).get("id"): row["plan_vnd"] for row in by_component}
    assert components == {None: 700, "DT-04": 300}
    for rows in (by_area, by_component, by_all):
        assert sum(row["plan_vnd"] for row in rows) == 1_000
        assert sum(row["disbursed_vnd"] for row in rows) == 230


async def test_the_table_of_a_past_day_leaves_out_what_came_later(
    spent: dict[str, int], open_funding: OpenFunding
) -> None:
    async with open_funding("auditor@vn") as client:
        april, may, before = [
            (await table(client, as_of=day)) for day in ("2024-04-30", "2024-05-01", "2023-12-31")
        ]
    assert (april[0]["advance_outstanding_vnd"], april[0]["completed_paid_vnd"]) == (200, 0)
    assert (may[0]["advance_outstanding_vnd"], may[0]["completed_paid_vnd"]) == (150, 50)
    assert before == []


async def test_what_was_known_then_stays_the_same_after_a_reversal(
    books: Bookkeeper, open_funding: OpenFunding
) -> None:
    province = await books.fund(assign(1_000))
    posted = await books.post(spend("allocate", province, 600, to=holder(country.TUA_CHUA)))
    await Sequencer(books.database).run_pass()
    state = await books.rows("SELECT last_position FROM feed_state")
    known = {"known_at": state[0]["last_position"]}
    async with open_funding("auditor@vn") as client:
        before = await table(client, **known)
        await books.post(reverse(number(posted["id"]), value_on="2024-03-01"))
        await Sequencer(books.database).run_pass()
        after, now = await table(client, **known), await table(client)
        refused = await client.get(
            "/v1/disbursements",
            params={"under": "vn", "budget_year": 2024, "known_at": 10_000_000},
        )
    assert before == after
    assert (after[0]["unallocated_vnd"], now[0]["unallocated_vnd"]) == (400, 1_000)
    assert refused.json()["errors"][0]["pointer"] == "known_at"


async def test_a_plan_of_nothing_has_no_rate(books: Bookkeeper, open_funding: OpenFunding) -> None:
    posted = await books.post(assign(1_000))
    await books.post(reverse(number(posted["id"])))
    async with open_funding("auditor@vn") as client:
        rows = await table(client)
    assert (rows[0]["plan_vnd"], rows[0]["allocated_rate"], rows[0]["disbursed_rate"]) == (
        0,
        None,
        None,
    )


async def test_money_of_an_ended_area_stays_below_its_successor(
    books: Bookkeeper, open_funding: OpenFunding
) -> None:
    """Xá Nhè of Tủa Chùa became Xá Nhè of the province as a whole on 1 July 2025."""
    province = await books.fund(assign(1_000, budget_year=2025, value_on="2025-01-05"))
    to = holder(country.XA_NHE)
    await books.post(spend("allocate", province, 400, to=to, value_on="2025-02-01"))
    async with open_funding("auditor@vn") as client:
        old, new = [
            await table(client, by="area", budget_year=2025, as_of=day)
            for day in ("2025-06-30", "2025-07-01")
        ]
    assert {row["area"]["id"]: row["plan_vnd"] for row in old} == {
        country.DIEN_BIEN: 600,
        country.TUA_CHUA: 400,
    }
    assert {row["area"]["id"]: row["plan_vnd"] for row in new} == {
        country.DIEN_BIEN: 600,
        country.NEW_XA_NHE: 400,
    }


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"by": "programme,colour"}, "by"),
        ({"budget_year": "next"}, "budget_year"),
        ({"as_of": "2024-02-30"}, "as_of"),
        ({"known_at": "yesterday"}, "known_at"),
        ({"programme": "a b"}, "programme"),
    ],
)
async def test_a_wrong_parameter_is_named(
    open_funding: OpenFunding, query: dict[str, str], pointer: str
) -> None:
    async with open_funding("auditor@vn") as client:
        asked = {"under": "vn", "budget_year": "2024", **query}
        answer = await client.get("/v1/disbursements", params=asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_grant_of_one_programme_shows_that_programme_only(
    books: Bookkeeper, open_funding: OpenFunding
) -> None:
    await books.post(assign(1_000))
    await books.post(assign(500, programme_id="NTM-2125"))
    async with open_funding(f"finance_officer@{country.DIEN_BIEN}/NTM-2125") as client:
        rows = await table(client)
        pockets = (await client.get("/v1/pockets")).json()["items"]
    assert [row["plan_vnd"] for row in rows] == [500]
    assert {pocket["programme"]["id"] for pocket in pockets} == {"NTM-2125"}
