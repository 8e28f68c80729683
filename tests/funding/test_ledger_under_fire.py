"""Many callers at once: no floor breaks, no key has two effects, no deadlock reaches a caller."""

import asyncio
import random
from collections import Counter
from typing import Any

from funding.ledger.errors import LedgerRefused

from tests.funding import country
from tests.funding.bookkeeper import Bookkeeper, assign, holder, number, reverse, spend

CALLERS, REQUESTS = 32, 12


async def test_32_callers_on_few_pockets_break_no_floor(books: Bookkeeper) -> None:
    province = await books.fund(assign(4_000))
    districts = [
        await books.fund(spend("allocate", province, 300, to=holder(area)))
        for area in (country.TUA_CHUA, country.MUONG_NHE)
    ]
    outcomes: Counter[str] = Counter()
    await asyncio.gather(
        *(caller(books, seed, province, districts, outcomes) for seed in range(CALLERS))
    )
    assert outcomes["posted"] > 50
    assert outcomes["insufficient_balance"] > 10
    await assert_books_balance(books)


async def caller(
    books: Bookkeeper, seed: int, province: int, districts: list[int], outcomes: Counter[str]
) -> None:
    chance = random.Random(seed)
    for _ in range(REQUESTS):
        try:
            pending = await books.submit(some_request(chance, province, districts))
            outcome = chance.choice(["posted", "posted", "rejected"])
            await books.decide(number(pending["answer"]["id"]), outcome=outcome)
            outcomes[outcome] += 1
            if outcome == "posted" and chance.random() < 0.2:
                back = await books.submit(reverse(number(pending["answer"]["id"])))
                await books.decide(number(back["answer"]["id"]))
        except LedgerRefused as refused:
            outcomes[str(refused.facts["code"])] += 1


def some_request(chance: random.Random, province: int, districts: list[int]) -> dict[str, Any]:
    amount = chance.randint(1, 120)
    pocket = chance.choice([province, *districts])
    template = chance.choice(["allocate", "advance", "pay", "recover", "refund", "allocate"])
    if template == "allocate":
        area = chance.choice([country.TUA_CHUA, country.MUONG_NHE, country.SIN_THAU])
        return spend("allocate", province, amount, to=holder(area))
    more = {"of_balance": chance.choice(["advance", "paid"])} if template == "refund" else {}
    return spend(template, pocket, amount, **more)


async def assert_books_balance(books: Bookkeeper) -> None:
    """All that must hold whatever happened: floors, zero sum, D = A + C <= plan, no reservation."""
    total = await books.rows(
        "SELECT sum(issued_vnd + available_vnd + advance_vnd + paid_vnd) AS balances, "
        "(SELECT sum(amount_vnd) FROM entry) AS entries, "
        "sum(available_reserved_vnd + advance_reserved_vnd + paid_reserved_vnd) AS reserved, "
        "min(least(available_vnd, advance_vnd, paid_vnd)) AS lowest FROM balance"
    )
    assert total == [{"balances": 0, "entries": 0, "reserved": 0, "lowest": total[0]["lowest"]}]
    assert total[0]["lowest"] >= 0
    drifted = await books.rows(
        "SELECT b.pocket_id FROM balance b LEFT JOIN entry e ON e.pocket_id = b.pocket_id "
        "GROUP BY b.pocket_id, b.issued_vnd, b.available_vnd, b.advance_vnd, b.paid_vnd "
        "HAVING b.issued_vnd + b.available_vnd + b.advance_vnd + b.paid_vnd "
        "    <> coalesce(sum(e.amount_vnd), 0) "
        "    OR b.advance_vnd + b.paid_vnd <> coalesce(sum(e.amount_vnd) "
        "        FILTER (WHERE e.balance IN ('advance', 'paid')), 0)"
    )
    assert drifted == []
    limits = await books.rows("SELECT sum(reserved_vnd) AS reserved FROM limit_row")
    assert limits[0]["reserved"] == 0


async def test_100_repeats_of_one_key_have_one_effect(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(1_000))
    request = spend("pay", pocket, 7)
    verdicts = await asyncio.gather(*(books.submit(request, key="once") for _ in range(100)))
    outcomes = Counter(verdict["outcome"] for verdict in verdicts)
    assert outcomes["created"] == 1
    assert set(outcomes) <= {"created", "replayed", "running"}
    answers = {str(v["answer"]) for v in verdicts if "answer" in v}
    assert len(answers) == 1
    assert (await books.balance(pocket))["available_reserved"] == 7


async def test_100_repeats_of_one_approval_have_one_effect(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(1_000))
    pending = number((await books.submit(spend("pay", pocket, 7)))["answer"]["id"])
    verdicts = await asyncio.gather(*(books.decide(pending, key="once") for _ in range(100)))
    assert Counter(verdict["outcome"] for verdict in verdicts)["created"] == 1
    assert (await books.balance(pocket))["paid"] == 7


async def test_two_checkers_with_two_keys_decide_once(books: Bookkeeper) -> None:
    pocket = await books.fund(assign(1_000))
    pending = number((await books.submit(spend("pay", pocket, 7)))["answer"]["id"])
    tries = await asyncio.gather(
        *(books.decide(pending, author=f"checker-{n}") for n in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, dict) for one in tries) == 1
    refusals = [one for one in tries if isinstance(one, LedgerRefused)]
    assert {one.facts["code"] for one in refusals} == {"already_decided"}
    assert len(refusals) == 7


async def test_many_open_the_same_pockets_at_once(books: Bookkeeper) -> None:
    pending = await asyncio.gather(*(books.submit(assign(1)) for _ in range(CALLERS)))
    pockets = {line["pocket_id"] for one in pending for line in one["answer"]["lines"]}
    assert len(pockets) == 2
    opened = await books.rows("SELECT count(*) AS n FROM change WHERE resource = 'pocket'")
    assert opened[0]["n"] == 2
