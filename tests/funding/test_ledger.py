"""The ledger by example: templates, floors, ceilings, dates, approval, reversal, keys."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from chungsuc.clock import FixedClock
from funding.ledger import expiry
from funding.ledger.errors import LedgerRefused
from local_deployment.roles import ServiceUrls

from tests.funding import country
from tests.funding.bookkeeper import (
    CHECKER,
    MAKER,
    NOW,
    Bookkeeper,
    assign,
    holder,
    number,
    reverse,
    spend,
)


async def refusal(books: Bookkeeper, attempt: Awaitable[Any]) -> dict[str, Any]:
    """The facts of a refusal, after making sure that it changed nothing."""
    before = await books.state()
    with pytest.raises(LedgerRefused) as refused:
        await attempt
    assert await books.state() == before
    return dict(refused.value.facts)


async def test_assigned_money_is_at_the_holders_disposal_and_owed_by_the_budget(
    books: Bookkeeper,
) -> None:
    posted = await books.post(assign(100))
    issuer, receiver = (number(line["pocket_id"]) for line in posted["lines"])
    assert (await books.balance(issuer))["issued"] == -100
    assert (await books.balance(receiver))["available"] == 100
    assert [line["flow"] for line in posted["lines"]] == ["issue", "receive"]


async def test_a_pending_transfer_reserves_its_source_and_moves_nothing(books: Bookkeeper) -> None:
    province = await books.fund(assign(100))
    request = spend("allocate", province, 60, to=holder(country.TUA_CHUA))
    pending = (await books.submit(request))["answer"]
    balance = await books.balance(province)
    assert (pending["state"], balance["available"], balance["available_reserved"]) == (
        "pending",
        100,
        60,
    )
    facts = await refusal(books, books.submit(spend("pay", province, 41)))
    assert (facts["code"], facts["available_vnd"], facts["requested_vnd"]) == (
        "insufficient_balance",
        40,
        41,
    )


async def test_children_never_get_more_than_their_parent_has(books: Bookkeeper) -> None:
    province = await books.fund(assign(100))
    await books.fund(spend("allocate", province, 70, to=holder(country.TUA_CHUA)))
    request = spend("allocate", province, 31, to=holder(country.MUONG_NHE))
    facts = await refusal(books, books.submit(request))
    assert facts["available_vnd"] == 30


async def test_recovering_an_advance_leaves_d_and_a_refund_lowers_it(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(100))
    await books.post(spend("advance", pocket, 60))
    await books.post(spend("pay", pocket, 10))
    before = await books.balance(pocket)
    await books.post(spend("recover", pocket, 25))
    after = await books.balance(pocket)
    assert before["advance"] + before["paid"] == after["advance"] + after["paid"] == 70
    assert (after["advance"], after["paid"]) == (35, 35)
    await books.post(spend("refund", pocket, 5, of_balance="advance"))
    await books.post(spend("refund", pocket, 5, of_balance="paid"))
    end = await books.balance(pocket)
    assert (end["advance"], end["paid"], end["available"]) == (30, 30, 40)


async def test_no_more_can_be_recovered_than_was_advanced(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(100))
    await books.post(spend("advance", pocket, 60))
    facts = await refusal(books, books.submit(spend("recover", pocket, 61)))
    assert (facts["balance"], facts["available_vnd"]) == ("advance", 60)


async def test_the_maker_cannot_approve(books: Bookkeeper) -> None:
    pending = (await books.submit(assign(100)))["answer"]
    facts = await refusal(books, books.decide(number(pending["id"]), author=MAKER))
    assert facts["code"] == "maker_is_checker"


async def test_even_the_owner_cannot_write_a_decision_by_the_maker(
    books: Bookkeeper, funding_urls: ServiceUrls
) -> None:
    pending = (await books.submit(assign(100)))["answer"]
    with (
        psycopg.connect(funding_urls.owner) as owner,
        pytest.raises(psycopg.errors.CheckViolation, match="approved_by_another_person"),
    ):
        owner.execute(
            "INSERT INTO decision (transfer_id, author, outcome, decided_by, decided_at, reason) "
            "VALUES (%s, %s, 'posted', %s, now(), '')",
            [number(pending["id"]), MAKER, MAKER],
        )


async def test_a_decided_transfer_is_not_decided_again(books: Bookkeeper) -> None:
    posted = await books.post(assign(100))
    facts = await refusal(books, books.decide(number(posted["id"]), outcome="rejected"))
    assert (facts["code"], facts["state"]) == ("already_decided", "posted")


async def test_a_rejected_transfer_gives_its_reservation_back(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(100))
    pending = (await books.submit(spend("pay", pocket, 100)))["answer"]
    rejected = await books.decide(number(pending["id"]), outcome="rejected")
    assert rejected["answer"]["state"] == "rejected"
    assert (await books.balance(pocket))["available_reserved"] == 0


async def test_an_expired_transfer_gives_its_reservation_back(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(100))
    pending = (await books.submit(spend("pay", pocket, 100)))["answer"]
    late = NOW + timedelta(days=30)
    assert await expiry.expire_pending(books.database, FixedClock(NOW)) == 0
    facts = await refusal(books, books.decide(number(pending["id"]), now=late))
    assert facts["code"] == "transfer_expired"
    assert await expiry.expire_pending(books.database, FixedClock(late)) == 1
    assert await expiry.expire_pending(books.database, FixedClock(late)) == 0
    assert (await books.balance(pocket))["available_reserved"] == 0
    last = await books.rows("SELECT body, action FROM change ORDER BY id DESC LIMIT 1")
    assert (last[0]["body"]["state"], last[0]["action"]) == ("expired", "expire")


async def test_a_reversal_has_the_opposite_lines_and_happens_once(books: Bookkeeper) -> None:
    province = await books.fund(assign(100))
    posted = await books.post(spend("allocate", province, 60, to=holder(country.TUA_CHUA)))
    reversal = await books.post(reverse(number(posted["id"])))
    assert (reversal["of_template"], reversal["reversed_id"]) == ("allocate", posted["id"])
    assert {(x["pocket_id"], x["flow"], -x["amount_vnd"]) for x in reversal["lines"]} == {
        (x["pocket_id"], x["flow"], x["amount_vnd"]) for x in posted["lines"]
    }
    assert (await books.balance(province))["available"] == 100
    again = await refusal(books, books.submit(reverse(number(posted["id"]))))
    assert again["code"] == "already_reversed"
    twice = await refusal(books, books.submit(reverse(number(reversal["id"]))))
    assert twice["code"] == "reversal_of_reversal"


async def test_a_rejected_reversal_leaves_room_for_another(books: Bookkeeper) -> None:
    posted = await books.post(assign(100))
    first = (await books.submit(reverse(number(posted["id"]))))["answer"]
    facts = await refusal(books, books.submit(reverse(number(posted["id"]))))
    assert facts["code"] == "already_reversed"
    await books.decide(number(first["id"]), outcome="rejected")
    assert (await books.post(reverse(number(posted["id"]))))["state"] == "posted"


async def test_money_passed_down_and_spent_cannot_be_taken_back(books: Bookkeeper) -> None:
    province = await books.fund(assign(100))
    posted = await books.post(spend("allocate", province, 60, to=holder(country.TUA_CHUA)))
    district = number(posted["lines"][1]["pocket_id"])
    await books.post(spend("pay", district, 1))
    facts = await refusal(books, books.submit(reverse(number(posted["id"]))))
    assert (facts["pocket_id"], facts["available_vnd"]) == (f"pk{district}", 59)


@pytest.mark.parametrize(
    ("to", "component", "code"),
    [
        (holder(country.LAI_CHAU), None, "holder_not_below"),
        (holder(country.DIEN_BIEN), None, "holder_not_below"),
        (holder(country.NATION), None, "holder_not_below"),
        (holder("anowhere"), None, "unknown_holder"),
        (holder(country.NEW_XA_NHE), None, "holder_not_in_force"),
        (holder(country.TUA_CHUA), "GN-01", "component_not_below"),
        (holder(country.TUA_CHUA), "DTTS-2125", "unknown_component"),
        (holder(country.TUA_CHUA), "DT-99", "unknown_component"),
    ],
)
async def test_money_descends_within_its_programme_only(
    books: Bookkeeper, to: dict[str, str], component: str | None, code: str
) -> None:
    province = await books.fund(assign(100))
    request = spend("allocate", province, 1, to=to, component_id=component)
    assert (await refusal(books, books.submit(request)))["code"] == code


async def test_a_component_splits_into_its_own_parts_only(books: Bookkeeper) -> None:
    province = await books.fund(assign(100, component_id="DT-04"))
    to = holder(country.TUA_CHUA)
    await books.post(spend("allocate", province, 1, to=to, component_id="DT-04.1"))
    request = spend("allocate", province, 1, to=to, component_id="DT-05.1")
    assert (await refusal(books, books.submit(request)))["code"] == "component_not_below"


async def test_money_descends_from_area_to_office_to_project(books: Bookkeeper) -> None:
    province = await books.fund(assign(100))
    investor = holder(country.INVESTOR, "organisation")
    office = await books.fund(spend("allocate", province, 50, to=investor))
    project = holder(country.DIEN_BIEN_PROJECT, "project")
    work = await books.fund(spend("allocate", office, 40, to=project))
    back = spend("allocate", work, 1, to=holder(country.MUONG_BANG))
    assert (await refusal(books, books.submit(back)))["code"] == "holder_not_below"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"programme_id": "DT-04"}, "unknown_programme", "/programme_id"),
        ({"component_id": "GN-01"}, "component_not_below", "/component_id"),
        ({"capital_kind": "credit"}, "unknown_capital_kind", "/capital_kind"),
        ({"source": "LG"}, "source_not_budget", "/source"),
        ({"source": "??"}, "unknown_source", "/source"),
        ({"budget_year": 2026, "value_on": "2025-12-01"}, "programme_not_in_force", "/budget_year"),
        ({"document_id": "dnone"}, "unknown_document", "/document_id"),
        ({"value_on": "2025-06-02"}, "value_in_future", "/value_on"),
        ({"value_on": "2023-06-30"}, "outside_window", "/value_on"),
        ({"value_on": "2025-01-01"}, "outside_window", "/value_on"),
        ({"source": "NSX"}, "no_issuing_budget", "/to/holder_id"),
    ],
)
async def test_an_assignment_names_the_field_that_is_wrong(
    books: Bookkeeper, change: dict[str, Any], code: str, pointer: str
) -> None:
    facts = await refusal(books, books.submit(assign(100) | change))
    assert (facts["code"], facts["pointer"]) == (code, pointer)


async def test_each_level_assigns_its_own_budget(books: Bookkeeper) -> None:
    posted = await books.post(assign(100, source="NST", to=holder(country.MUONG_BANG)))
    issuer = number(posted["lines"][0]["pocket_id"])
    found = await books.rows("SELECT holder_id FROM pocket WHERE id = :id", id=issuer)
    assert found[0]["holder_id"] == country.DIEN_BIEN


async def test_a_source_ends_with_its_level(books: Bookkeeper) -> None:
    more = {"source": "NSH", "budget_year": 2025, "to": holder(country.MUONG_BANG)}
    await books.post(assign(100, **more, value_on="2025-01-05"))
    request = assign(100, **more) | {"value_on": "2025-07-01"}
    facts = await refusal(books, books.submit(request, today=NOW.date() + timedelta(days=60)))
    assert facts["code"] == "unknown_source"


async def test_payment_follows_the_window_but_a_refund_comes_later(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(100))
    await books.post(spend("pay", pocket, 50, value_on="2025-01-31"))
    facts = await refusal(books, books.submit(spend("pay", pocket, 1, value_on="2025-02-01")))
    assert (facts["code"], facts["closes_on"]) == ("outside_window", "2025-01-31")
    await books.post(spend("refund", pocket, 5, of_balance="paid", value_on="2025-02-01"))


async def test_a_work_is_paid_within_its_investment_and_accepted_volume(
    books: Bookkeeper, funding_urls: ServiceUrls
) -> None:
    project = holder(country.DIEN_BIEN_PROJECT, "project")
    province = await books.fund(assign(5_000))
    work = await books.fund(spend("allocate", province, 2_000, to=project))
    await books.post(spend("advance", work, 900))
    over = await refusal(books, books.submit(spend("advance", work, 101)))
    assert (over["limit"], over["ceiling_vnd"], over["document_id"]) == (
        "total_investment",
        1_000,
        country.PAPER,
    )
    unaccepted = await refusal(books, books.submit(spend("recover", work, 1)))
    assert (unaccepted["limit"], unaccepted["ceiling_vnd"]) == ("accepted_volume", 0)
    accept(funding_urls, 400)
    await books.post(spend("recover", work, 400))
    await books.post(spend("refund", work, 100, of_balance="paid"))
    await books.post(spend("recover", work, 100))
    more = await refusal(books, books.submit(spend("recover", work, 1)))
    assert (more["limit"], more["used_vnd"]) == ("accepted_volume", 400)


def accept(urls: ServiceUrls, amount: int) -> None:
    with psycopg.connect(urls.runtime) as runtime:
        runtime.execute(
            "INSERT INTO acceptance (id, project_id, accepted_on, amount_vnd, document_id, author) "
            "VALUES ('ac1', %s, '2024-05-01', %s, %s, 'x')",
            [country.DIEN_BIEN_PROJECT, amount, country.PAPER],
        )


async def test_a_pending_payment_reserves_its_ceiling_too(books: Bookkeeper) -> None:
    province = await books.fund(assign(5_000))
    activity = holder(country.ACTIVITY, "project")
    pocket = await books.fund(spend("allocate", province, 2_000, to=activity))
    await books.submit(spend("pay", pocket, 400))
    facts = await refusal(books, books.submit(spend("pay", pocket, 101)))
    assert (facts["limit"], facts["used_vnd"]) == ("approved_estimate", 400)


def set_ceiling(urls: ServiceUrls, plan_id: str, ceiling: int) -> None:
    with psycopg.connect(urls.runtime) as runtime:
        runtime.execute(
            "INSERT INTO medium_term_plan "
            "(id, programme_id, area_id, first_year, ceiling_vnd, document_id, author) "
            "VALUES (%s, 'DTTS-2125', %s, 2021, %s, %s, 'x')",
            [plan_id, country.DIEN_BIEN, ceiling, country.PAPER],
        )


async def test_yearly_plans_stay_within_the_medium_term_plan(
    books: Bookkeeper, funding_urls: ServiceUrls
) -> None:
    await books.fund(assign(60))
    with pytest.raises(psycopg.Error, match="below what is planned"):
        set_ceiling(funding_urls, "mt1", 59)
    set_ceiling(funding_urls, "mt2", 100)
    other_year = {"budget_year": 2023, "value_on": "2023-02-01"}
    facts = await refusal(books, books.submit(assign(41, **other_year)))
    assert (facts["limit"], facts["ceiling_vnd"], facts["used_vnd"]) == ("medium_term", 100, 60)
    await books.post(assign(40, **other_year))
    await books.post(assign(1_000, capital_kind="recurrent"))
    set_ceiling(funding_urls, "mt3", 110)
    await books.post(assign(10))


async def test_kinds_and_sources_never_net(books: Bookkeeper) -> None:
    investment = await books.fund(assign(100))
    recurrent = await books.fund(assign(100, capital_kind="recurrent"))
    other = await books.fund(assign(100, source="NSTW-NN"))
    assert len({investment, recurrent, other}) == 3
    facts = await refusal(books, books.submit(spend("pay", recurrent, 101)))
    assert facts["available_vnd"] == 100


async def test_the_same_key_gives_the_same_answer_and_one_effect(books: Bookkeeper) -> None:
    first = await books.submit(assign(100), key="k")
    again = await books.submit(assign(100), key="k")
    other = await books.submit(assign(101), key="k")
    assert (first["outcome"], again["outcome"], other["outcome"]) == (
        "created",
        "replayed",
        "mismatch",
    )
    assert (again["answer"], again["change_id"]) == (first["answer"], first["change_id"])
    assert len(await books.rows("SELECT id FROM transfer")) == 1
    another_person = await books.submit(assign(100), key="k", author=CHECKER)
    assert another_person["outcome"] == "created"


async def test_a_refused_key_may_be_used_again(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(100))
    with pytest.raises(LedgerRefused):
        await books.submit(spend("pay", pocket, 150), key="k")
    await books.post(assign(50))
    assert (await books.submit(spend("pay", pocket, 150), key="k"))["outcome"] == "created"


async def test_a_trial_checks_everything_and_writes_nothing(books: Bookkeeper) -> None:
    before = await books.state()
    verdict = await books.submit(assign(100), is_trial=True)
    assert verdict["answer"]["state"] == "pending"
    assert await books.state() == before


async def test_each_step_is_in_the_feed_in_full(books: Bookkeeper) -> None:
    posted = await books.post(assign(100))
    found = await books.rows(
        "SELECT resource, resource_id, revision, action, actor, body FROM change "
        "WHERE resource <> 'programme' ORDER BY id"
    )
    assert [(row["resource"], row["action"], row["actor"]) for row in found] == [
        ("pocket", "open", MAKER),
        ("pocket", "open", MAKER),
        ("transfer", "submit", MAKER),
        ("transfer", "approve", CHECKER),
    ]
    assert found[-1]["body"] == posted
    assert (found[-2]["body"]["state"], found[-1]["body"]["state"]) == ("pending", "posted")
    entries = await books.rows("SELECT DISTINCT change_id FROM entry")
    newest = await books.rows("SELECT max(id) AS id FROM change")
    assert [row["change_id"] for row in entries] == [newest[0]["id"]]
