"""Transfers, pockets, projects and plans over HTTP: rights, keys, problems, replays."""

import asyncio
import json
import uuid
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.funding import country
from tests.funding.bookkeeper import Bookkeeper, assign, holder, spend
from tests.funding.conftest import OpenFunding

NATIONAL_MAKER, NATIONAL_CHECKER = "finance_officer@vn", "approver@vn"


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or uuid.uuid4().hex}


async def post(client: httpx.AsyncClient, path: str, body: Any = None, **more: Any) -> Any:
    answer = await client.post(path, json=body, headers=keyed(), **more)
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_transfer_from_proposal_to_pocket(open_funding: OpenFunding) -> None:
    async with (
        open_funding(NATIONAL_MAKER, subject="maker") as maker,
        open_funding(NATIONAL_CHECKER, subject="checker") as checker,
    ):
        made = await maker.post("/v1/transfers", json=assign(100), headers=keyed())
        assert made.status_code == 201
        assert made.headers["Change-Id"].startswith("funding:")
        transfer = made.json()
        assert transfer["state"] == "pending"
        assert transfer["allowed_actions"][0] == {
            "action": "approve",
            "is_allowed": False,
            "reason": "needs_approver",
        }
        approved = await post(checker, f"/v1/transfers/{transfer['id']}/approve")
        assert (approved["state"], approved["decided_by"]) == ("posted", "checker")
        listed = (await maker.get("/v1/pockets", params={"under": "11"})).json()["items"]
        one = (await maker.get(f"/v1/pockets/{listed[0]['id']}")).json()
        shown = (await maker.get(f"/v1/transfers/{transfer['id']}")).json()
    assert [pocket["balances"]["available_vnd"] for pocket in listed] == [100]
    assert (listed[0]["holder"]["name"], listed[0]["flows"]["received_vnd"]) == ("Điện Biên", 100)
    assert (one["id"], one["warnings"]) == (listed[0]["id"], [])
    assert shown["lines"] == approved["lines"]


async def test_who_has_both_roles_still_cannot_approve_their_own(open_funding: OpenFunding) -> None:
    async with open_funding(NATIONAL_MAKER, NATIONAL_CHECKER, subject="both") as client:
        transfer = await post(client, "/v1/transfers", assign(100))
        answer = await client.post(f"/v1/transfers/{transfer['id']}/approve", headers=keyed())
    assert (answer.status_code, answer.json()["code"]) == (403, "maker-is-checker")
    assert transfer["allowed_actions"][0]["reason"] == "maker_is_checker"


@pytest.mark.parametrize(
    "group",
    [
        f"finance_officer@{country.DIEN_BIEN}",
        f"finance_officer@{country.NATION}/NTM-2125",
        "approver@vn",
        "auditor@vn",
    ],
)
async def test_a_maker_needs_a_grant_over_the_giving_budget(
    open_funding: OpenFunding, group: str
) -> None:
    async with open_funding(group) as client:
        answer = await client.post("/v1/transfers", json=assign(100), headers=keyed())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "finance_officer" in answer.json()["detail"]


async def test_a_district_passes_on_what_it_got_and_nobody_elses(
    books: Bookkeeper, open_funding: OpenFunding
) -> None:
    province = await books.fund(assign(100))
    district = await books.fund(spend("allocate", province, 60, to=holder(country.TUA_CHUA)))
    async with open_funding(f"finance_officer@{country.TUA_CHUA}") as client:
        own = {"template": "allocate", "pocket_id": f"pk{district}", "amount_vnd": 10}
        body = spend("allocate", 0, 10, to=holder(country.MUONG_BANG)) | own
        assert (await post(client, "/v1/transfers", body))["state"] == "pending"
        other = body | {"pocket_id": f"pk{province}"}
        refused = await client.post("/v1/transfers", json=other, headers=keyed())
        late = body | {"value_on": "2025-07-01"}
        after_the_district = await client.post("/v1/transfers", json=late, headers=keyed())
    assert refused.status_code == 403
    assert after_the_district.status_code == 422


async def test_repeats_over_http_replay_the_answer(open_funding: OpenFunding) -> None:
    async with open_funding(NATIONAL_MAKER) as client:
        first = await client.post("/v1/transfers", json=assign(100), headers=keyed("k"))
        again = await client.post("/v1/transfers", json=assign(100), headers=keyed("k"))
        other = await client.post("/v1/transfers", json=assign(101), headers=keyed("k"))
        none = await client.post("/v1/transfers", json=assign(100))
        listed = (await client.get("/v1/transfers")).json()["items"]
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Change-Id"] == first.headers["Change-Id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert none.status_code == 400
    assert len(listed) == 1


async def test_100_concurrent_repeats_over_http(open_funding: OpenFunding) -> None:
    async with open_funding(NATIONAL_MAKER) as client:
        answers = await asyncio.gather(
            *(
                client.post("/v1/transfers", json=assign(100), headers=keyed("once"))
                for _ in range(100)
            )
        )
        listed = (await client.get("/v1/transfers")).json()["items"]
    assert set(Counter(answer.status_code for answer in answers)) <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 409)
    assert len(listed) == 1


async def test_a_refusal_names_figures_field_and_reason(
    books: Bookkeeper, open_funding: OpenFunding
) -> None:
    pocket = await books.fund(assign(100))
    body = spend("pay", 0, 150) | {"pocket_id": f"pk{pocket}"}
    async with open_funding(NATIONAL_MAKER) as client:
        answer = await client.post(
            "/v1/transfers", json=body, headers=keyed() | {"Accept-Language": "en"}
        )
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "insufficient-balance")
    assert problem["errors"][0]["pointer"] == "/amount_vnd"
    assert "has 100 đồng left, 150 requested" in problem["detail"]


WRONG_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"amount_vnd": 0}, "/amount_vnd"),
    ({"amount_vnd": -5}, "/amount_vnd"),
    ({"amount_vnd": 9 * 10**15 + 1}, "/amount_vnd"),
    ({"amount_vnd": 1.5}, "/amount_vnd"),
    ({"amount_vnd": "100"}, "/amount_vnd"),
    ({"amount_vnd": None}, "/amount_vnd"),
    ({"value_on": "2024-02-30"}, "/value_on"),
    ({"value_on": "9999-12-31"}, "/value_on"),
    ({"budget_year": 20_240}, "/budget_year"),
    ({"to": {"holder_kind": "household", "holder_id": "x"}}, "/to/holder_kind"),
    ({"to": {"holder_kind": "area", "holder_id": "a\x00b"}}, "/to/holder_id"),
    ({"note": "\ud800"}, "/note"),
    ({"note": "a\x00"}, "/note"),
    ({"plan": 1}, "/plan"),
    ({"template": "give"}, "/"),
    ({"document_id": ""}, "/document_id"),
]


@pytest.mark.parametrize(("change", "pointer"), WRONG_BODIES)
async def test_wrong_input_is_named_and_writes_nothing(
    books: Bookkeeper, open_funding: OpenFunding, change: dict[str, Any], pointer: str
) -> None:
    before = await books.state()
    async with open_funding(NATIONAL_MAKER) as client:
        answer = await client.post(
            "/v1/transfers",
            content=json.dumps(assign(100) | change),
            headers=keyed() | {"Content-Type": "application/json"},
        )
    problem = answer.json()
    assert answer.status_code == 422, problem
    assert problem["errors"][0]["pointer"] == pointer
    assert await books.state() == before


async def test_a_dry_run_shows_what_would_be(open_funding: OpenFunding, books: Bookkeeper) -> None:
    before = await books.state()
    async with open_funding(NATIONAL_MAKER) as client:
        shown = await client.post("/v1/transfers?dry_run=true", json=assign(1), headers=keyed("k"))
        made = await client.post("/v1/transfers", json=assign(1), headers=keyed("k"))
    assert (shown.status_code, shown.json()["state"]) == (200, "pending")
    assert made.status_code == 201
    assert len(await books.rows("SELECT id FROM transfer")) == 1
    assert before["transfer"] == []


async def test_an_atomic_batch_is_all_or_none(open_funding: OpenFunding, books: Bookkeeper) -> None:
    before = await books.state()
    items = [assign(1), assign(2), assign(3, source="LG")]
    async with open_funding(NATIONAL_MAKER) as client:
        answer = await client.post(
            "/v1/transfers/batches", json={"items": items}, headers=keyed("k")
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/items/2/source"
        assert await books.state() == before
        good = await client.post(
            "/v1/transfers/batches", json={"items": items[:2]}, headers=keyed("k")
        )
        again = await client.post(
            "/v1/transfers/batches", json={"items": items[:2]}, headers=keyed("k")
        )
    assert good.status_code == 201
    assert again.content == good.content
    assert [item["transfer"]["amount_vnd"] for item in good.json()["items"]] == [1, 2]


async def test_a_partial_batch_has_a_verdict_for_each_item(
    open_funding: OpenFunding, books: Bookkeeper
) -> None:
    pocket = await books.fund(assign(100))
    pay = spend("pay", 0, 60) | {"pocket_id": f"pk{pocket}"}
    body = {"mode": "partial", "items": [pay, pay, pay | {"amount_vnd": 40}]}
    async with open_funding(NATIONAL_MAKER) as client:
        items = (await post(client, "/v1/transfers/batches", body))["items"]
    assert [item["transfer"] is not None for item in items] == [True, False, True]
    assert items[1]["refusal"]["code"] == "insufficient_balance"
    assert items[1]["refusal"]["pointer"] == "/items/1/amount_vnd"
    assert items[1]["refusal"]["facts"]["available_vnd"] == 40


async def test_hidden_and_absent_answer_alike(books: Bookkeeper, open_funding: OpenFunding) -> None:
    pocket = await books.fund(assign(100))
    async with open_funding(f"commune_officer@{country.LAI_CHAU}") as client:
        hidden = await client.get(f"/v1/pockets/pk{pocket}")
        absent = await client.get("/v1/pockets/pk99999")
        pockets = (await client.get("/v1/pockets")).json()["items"]
        transfers = (await client.get("/v1/transfers")).json()["items"]
        other = await client.get("/v1/pockets", params={"under": country.DIEN_BIEN})
        hidden_transfer = await client.get("/v1/transfers/tr1")
    places = {"instance": "", "request_id": ""}
    assert hidden.json() | places == absent.json() | places
    assert (hidden.status_code, absent.status_code, hidden_transfer.status_code) == (404,) * 3
    assert (pockets, transfers) == ([], [])
    assert other.status_code == 403


async def test_no_token_no_answer(open_funding: OpenFunding) -> None:
    async with open_funding("auditor@vn") as client:
        del client.headers["Authorization"]
        for path in ("/v1/programmes", "/v1/pockets", "/v1/transfers", "/v1/projects"):
            assert (await client.get(path)).status_code == 401


async def test_lists_go_on_by_cursor(books: Bookkeeper, open_funding: OpenFunding) -> None:
    for amount in range(1, 6):
        await books.submit(assign(amount))
    async with open_funding("auditor@vn") as client:
        seen: list[int] = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            page = (await client.get("/v1/transfers", params=query)).json()
            seen += [item["amount_vnd"] for item in page["items"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        foreign = await client.get("/v1/transfers", params={"cursor": "WyJhIl0"})
    assert seen == [5, 4, 3, 2, 1]
    assert foreign.json()["errors"][0]["pointer"] == "cursor"


PROJECT = {
    "code": "DB-1",
    "name": "Đường bản Huổi Lóng",
    "project_kind": "work",
    "area_id": country.MUONG_BANG,
    "owner_id": country.INVESTOR,
    "total_investment_vnd": 1_000,
    "approved_on": "2024-01-02",
    "document_id": country.PAPER,
}


async def test_a_work_shows_its_debt(books: Bookkeeper, open_funding: OpenFunding) -> None:
    async with open_funding(NATIONAL_MAKER) as client:
        work = await post(client, "/v1/projects", PROJECT)
        accepted = {
            "accepted_on": "2024-03-01",
            "amount_vnd": 700,
            "document_id": country.PAPER,
        }
        await post(client, f"/v1/projects/{work['id']}/acceptances", accepted)
        province = await books.fund(assign(5_000))
        to = holder(work["id"], "project")
        pocket = await books.fund(spend("allocate", province, 900, to=to))
        await books.post(spend("pay", pocket, 300))
        shown = (await client.get(f"/v1/projects/{work['id']}")).json()
        found = (await client.get("/v1/projects", params={"q": "duong ban"})).json()["items"]
        taken = await client.post("/v1/projects", json=PROJECT, headers=keyed())
        wrong = await client.post(
            "/v1/projects",
            json=PROJECT | {"code": "DB-2", "project_kind": "activity"},
            headers=keyed(),
        )
    assert (shown["accepted_vnd"], shown["completed_paid_vnd"], shown["debt_vnd"]) == (
        700,
        300,
        400,
    )
    assert [project["id"] for project in found] == [work["id"]]
    assert (taken.status_code, taken.json()["code"]) == (409, "project-code-taken")
    assert wrong.status_code == 422


async def test_only_a_work_has_accepted_volume(open_funding: OpenFunding) -> None:
    accepted = {"accepted_on": "2024-03-01", "amount_vnd": 7, "document_id": country.PAPER}
    async with open_funding(NATIONAL_MAKER) as client:
        answer = await client.post(
            f"/v1/projects/{country.ACTIVITY}/acceptances", json=accepted, headers=keyed()
        )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not-a-work")


async def test_a_medium_term_plan_is_set_from_above(
    books: Bookkeeper, open_funding: OpenFunding
) -> None:
    await books.post(assign(60))
    plan = {
        "programme_id": "DTTS-2125",
        "area_id": country.DIEN_BIEN,
        "first_year": 2021,
        "ceiling_vnd": 100,
        "document_id": country.DECISION,
    }
    async with open_funding(f"finance_officer@{country.DIEN_BIEN}") as own:
        refused = await own.post("/v1/medium-term-plans", json=plan, headers=keyed())
    async with open_funding(NATIONAL_MAKER) as above:
        made = await post(above, "/v1/medium-term-plans", plan)
        low = await above.post(
            "/v1/medium-term-plans", json=plan | {"ceiling_vnd": 59}, headers=keyed()
        )
        unknown = await above.post(
            "/v1/medium-term-plans", json=plan | {"first_year": 2022}, headers=keyed()
        )
        over = await above.post("/v1/transfers", json=assign(41), headers=keyed())
        listed = (await above.get("/v1/medium-term-plans")).json()["items"]
    assert refused.status_code == 403
    assert (made["planned_vnd"], made["is_in_force"]) == (60, True)
    assert (low.status_code, low.json()["errors"][0]["code"]) == (409, "ceiling-below-use")
    assert unknown.json()["errors"][0]["pointer"] == "/first_year"
    assert (over.status_code, over.json()["code"]) == (409, "limit-exceeded")
    assert country.DECISION in over.json()["detail"]
    assert len(listed) == 1
