"""Any sequence of requests, held against a model of the ledger that shares no code with it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterator
from typing import Any, TypeVar

import psycopg
import pytest
from chungsuc.database import Database
from funding.ledger.errors import LedgerRefused
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from local_deployment.roles import ServiceUrls

from tests.funding import country
from tests.funding.bookkeeper import CHECKER, MAKER, Bookkeeper, assign, holder, reverse, spend

T = TypeVar("T")
NAMES = ("issued", "available", "advance", "paid")
HOLDERS: list[tuple[str, str]] = [
    ("area", country.DIEN_BIEN),
    ("area", country.TUA_CHUA),
    ("area", country.MUONG_BANG),
    ("organisation", country.INVESTOR),
    ("project", country.DIEN_BIEN_PROJECT),
    ("project", country.ACTIVITY),
]
BELOW: dict[str, set[str]] = {
    country.DIEN_BIEN: {
        country.TUA_CHUA,
        country.MUONG_BANG,
        country.INVESTOR,
        country.DIEN_BIEN_PROJECT,
        country.ACTIVITY,
    },
    country.INVESTOR: {
        country.TUA_CHUA,
        country.MUONG_BANG,
        country.DIEN_BIEN_PROJECT,
        country.ACTIVITY,
    },
    country.TUA_CHUA: {country.MUONG_BANG, country.DIEN_BIEN_PROJECT, country.ACTIVITY},
    country.MUONG_BANG: {country.DIEN_BIEN_PROJECT, country.ACTIVITY},
    country.DIEN_BIEN_PROJECT: set(),
    country.ACTIVITY: set(),
}
CEILINGS = {country.DIEN_BIEN_PROJECT: 1_000, country.ACTIVITY: 500}
MEDIUM_TERM = {country.TUA_CHUA: 900}
Line = tuple[str, str, int]
amounts = st.integers(1, 400)
holders = st.sampled_from(HOLDERS)
choices = st.integers(0, 10_000)
shares = st.sampled_from([10, 25, 50, 75, 100, 110])
mostly = st.sampled_from([True, True, True, False])
Move = tuple[str, str, str]
MOVES: list[Move] = [
    ("advance", "available", "advance"),
    ("pay", "available", "paid"),
    ("recover", "advance", "paid"),
    ("refund", "advance", "available"),
    ("refund", "paid", "available"),
]
moves = st.sampled_from(MOVES)


class Model:
    """Balances by holder and name; pending lines by transfer. One programme, kind, source, year."""

    def __init__(self) -> None:
        self.balance: Counter[tuple[str, str]] = Counter()
        self.received: Counter[str] = Counter()
        self.pending: dict[int, list[Line]] = {}
        self.templates: dict[int, tuple[str, list[Line]]] = {}
        self.posted: list[int] = []
        self.reversals: dict[int, int] = {}

    def accepts(self, lines: list[Line]) -> bool:
        """Whether these lines hold every floor and ceiling, with all that is pending gone."""
        taken: Counter[tuple[str, str]] = Counter()
        grown: Counter[tuple[str, str]] = Counter()
        for one in [*self.pending.values(), lines]:
            taken.update({(h, b): -a for h, b, a in one if a < 0 and b != "issued"})
        for one in [*self.pending.values()]:
            for kind, subject, amount in uses(one):
                grown[kind, subject] += max(amount, 0)
        fits = all(
            self.used(kind, subject) + grown[kind, subject] + amount <= ceiling(kind, subject)
            for kind, subject, amount in uses(lines)
            if amount > 0
        )
        mine = {(h, b) for h, b, a in lines if a < 0 and b != "issued"}
        return fits and all(self.balance[place] >= taken[place] for place in mine)

    def used(self, kind: str, subject: str) -> int:
        if kind == "plan":
            return self.received[subject]
        paid = self.balance[subject, "paid"]
        return paid if kind == "accepted" else paid + self.balance[subject, "advance"]

    def apply(self, transfer: int) -> None:
        lines = self.pending.pop(transfer)
        self.posted.append(transfer)
        for who, name, amount in lines:
            self.balance[who, name] += amount
        for kind, subject, amount in uses(lines):
            if kind == "plan":
                self.received[subject] += amount


def is_receipt(lines: list[Line], line: Line) -> bool:
    """The available side of a line pair whose other side belongs to another holder or is issued."""
    other = next(one for one in lines if one is not line)
    return line[1] == "available" and (
        other[1] == "issued" or (other[1] == "available" and lines.index(line) == 1)
    )


def uses(lines: list[Line]) -> Iterator[tuple[str, str, int]]:
    total: Counter[tuple[str, str]] = Counter()
    for line in lines:
        who, name, amount = line
        if who in MEDIUM_TERM and is_receipt(lines, line):
            total["plan", who] += amount
        if who in CEILINGS and name in ("advance", "paid"):
            total["total", who] += amount
        if who == country.DIEN_BIEN_PROJECT and name == "paid":
            total["accepted", who] += amount
    for (kind, subject), amount in total.items():
        if amount:
            yield kind, subject, amount


def ceiling(kind: str, subject: str) -> int:
    if kind == "plan":
        return MEDIUM_TERM[subject]
    return 700 if kind == "accepted" else CEILINGS[subject]


class Ledger(RuleBasedStateMachine):
    """The database beside the model; a request must be let through by both or by neither."""

    books: Bookkeeper
    loop: asyncio.AbstractEventLoop
    pockets: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.pockets = {}

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.ensure_future(work, loop=self.loop))

    def propose(
        self, request: dict[str, Any], lines: list[Line], *, is_allowed: bool, is_decided: bool
    ) -> None:
        """Send a request; it becomes pending, or is refused and changes nothing."""
        if not is_allowed:
            before = self.run(self.books.state())
            with pytest.raises(LedgerRefused):
                self.run(self.books.submit(request))
            assert self.run(self.books.state()) == before
            return
        answer = self.run(self.books.submit(request))["answer"]
        number = int(answer["id"][2:])
        for (who, _, _), line in zip(lines, ordered(answer["lines"], lines), strict=True):
            self.pockets.setdefault(who, int(line["pocket_id"][2:]))
        self.model.pending[number] = lines
        self.model.templates[number] = (request["template"], lines)
        if request["template"] == "reverse":
            self.model.reversals[number] = request["transfer_id"]
        if is_decided:
            self.run(self.books.decide(number, author=CHECKER))
            self.model.apply(number)

    @initialize()
    def begin_with_money(self) -> None:
        """Money for both kinds of project and the province, and something spent already."""
        for to in HOLDERS[:1] + HOLDERS[4:]:
            self.assign(to, 800, is_decided=True)
        for source, move in enumerate([MOVES[0], MOVES[1], MOVES[0]]):
            self.move(move, source, 25, is_decided=True)

    @rule(to=holders, amount=amounts, is_decided=mostly)
    def assign(self, to: tuple[str, str], amount: int, is_decided: bool) -> None:
        lines = [(country.NATION, "issued", -amount), (to[1], "available", amount)]
        request = assign(amount, to=holder(to[1], to[0]))
        is_allowed = self.model.accepts(lines)
        self.propose(request, lines, is_allowed=is_allowed, is_decided=is_decided)

    @rule(source=choices, to=choices, share=shares, is_lawful=mostly, is_decided=mostly)
    def allocate(self, source: int, to: int, share: int, is_lawful: bool, is_decided: bool) -> None:
        giver = self.some_holder(source, "available")
        lawful = [place for place in HOLDERS if place[1] in BELOW[giver]]
        places = lawful if is_lawful and lawful else HOLDERS
        kind, receiver = places[to % len(places)]
        amount = self.some_amount(giver, "available", share)
        lines = [(giver, "available", -amount), (receiver, "available", amount)]
        request = spend("allocate", self.pockets[giver], amount, to=holder(receiver, kind))
        request["component_id"] = None
        is_allowed = receiver in BELOW[giver] and self.model.accepts(lines)
        self.propose(request, lines, is_allowed=is_allowed, is_decided=is_decided)

    @rule(move=moves, source=choices, share=shares, is_decided=mostly)
    def move(self, move: Move, source: int, share: int, is_decided: bool) -> None:
        template, giving, taking = move
        who = self.some_holder(source, giving)
        amount = self.some_amount(who, giving, share)
        lines = [(who, giving, -amount), (who, taking, amount)]
        request = spend(template, self.pockets[who], amount)
        if template == "refund":
            request["of_balance"] = giving
        is_allowed = self.model.accepts(lines)
        self.propose(request, lines, is_allowed=is_allowed, is_decided=is_decided)

    @rule(which=choices, is_decided=mostly)
    def reverse(self, which: int, is_decided: bool) -> None:
        if not self.model.posted:
            return
        number = self.model.posted[which % len(self.model.posted)]
        template, original = self.model.templates[number]
        lines = [(who, name, -amount) for who, name, amount in original]
        is_allowed = (
            template != "reverse"
            and number not in self.model.reversals.values()
            and self.model.accepts(lines)
        )
        self.propose(reverse(number), lines, is_allowed=is_allowed, is_decided=is_decided)

    @rule(which=choices, outcome=st.sampled_from(["posted", "posted", "rejected"]))
    def decide(self, which: int, outcome: str) -> None:
        if not self.model.pending:
            return
        number = list(self.model.pending)[which % len(self.model.pending)]
        self.run(self.books.decide(number, outcome=outcome, author=CHECKER))
        if outcome == "posted":
            self.model.apply(number)
        else:
            del self.model.pending[number]
            self.model.reversals.pop(number, None)

    @rule(which=choices)
    def approve_own(self, which: int) -> None:
        if not self.model.pending:
            return
        number = list(self.model.pending)[which % len(self.model.pending)]
        with pytest.raises(LedgerRefused, match="maker_is_checker"):
            self.run(self.books.decide(number, author=MAKER))

    def some_holder(self, which: int, name: str) -> str:
        """A holder with something on this balance, if there is one."""
        known = [who for who in self.pockets if who != country.NATION]
        able = [who for who in known if self.model.balance[who, name]] or known
        return able[which % len(able)]

    def some_amount(self, who: str, name: str, share: int) -> int:
        """A share of what is there, in percent; above 100 it is too much."""
        return max(self.model.balance[who, name] * share // 100, 1)

    @invariant()
    def database_equals_model(self) -> None:
        held = {who: self.run(self.books.balance(pocket)) for who, pocket in self.pockets.items()}
        for who, balance in held.items():
            for name in NAMES:
                assert balance[name] == self.model.balance[who, name], (who, name)

    @invariant()
    def entries_give_the_balances_and_add_to_zero(self) -> None:
        wrong = self.run(
            self.books.rows(
                "SELECT b.pocket_id FROM balance b LEFT JOIN LATERAL ("
                " SELECT coalesce(sum(amount_vnd) FILTER (WHERE balance = 'issued'), 0) AS i,"
                "  coalesce(sum(amount_vnd) FILTER (WHERE balance = 'available'), 0) AS v,"
                "  coalesce(sum(amount_vnd) FILTER (WHERE balance = 'advance'), 0) AS a,"
                "  coalesce(sum(amount_vnd) FILTER (WHERE balance = 'paid'), 0) AS c,"
                "  coalesce(sum(amount_vnd) FILTER (WHERE flow IN ('receive', 'pass_down')), 0)"
                "   AS plan"
                " FROM entry e WHERE e.pocket_id = b.pocket_id) s ON true "
                "WHERE (b.issued_vnd, b.available_vnd, b.advance_vnd, b.paid_vnd) <> (i, v, a, c)"
                "   OR a + c > plan OR v + a + c <> plan"
            )
        )
        assert wrong == []
        total = self.run(self.books.rows("SELECT coalesce(sum(amount_vnd), 0) AS n FROM entry"))
        assert total[0]["n"] == 0


def ordered(answered: list[dict[str, Any]], lines: list[Line]) -> list[dict[str, Any]]:
    """The answered lines in the order of the model's: told apart by balance and sign."""
    return [
        next(x for x in answered if x["balance"] == name and x["amount_vnd"] == amount)
        for _, name, amount in lines
    ]


def empty_the_ledger(urls: ServiceUrls) -> None:
    with psycopg.connect(urls.owner) as owner:
        owner.execute(
            "TRUNCATE entry, decision, pending_transfer, transfer, balance, pocket, ledger_key, "
            "change_position, change"
        )
        owner.execute("DELETE FROM limit_row WHERE kind = 'medium_term'")
        owner.execute("UPDATE limit_row SET used_vnd = 0, reserved_vnd = 0")
        owner.execute(
            "INSERT INTO limit_row (kind, programme_id, area_id, first_year, ceiling_vnd) "
            "VALUES ('medium_term', 'DTTS-2125', %s, 2021, %s)",
            [country.TUA_CHUA, MEDIUM_TERM[country.TUA_CHUA]],
        )
        owner.execute("UPDATE limit_row SET ceiling_vnd = 700 WHERE kind = 'accepted_volume'")


def test_any_sequence_of_requests_keeps_the_invariants(funding_urls: ServiceUrls) -> None:
    loop = asyncio.new_event_loop()
    database = Database(funding_urls.runtime, pool_size=2)
    loop.run_until_complete(database.open())

    class Fresh(Ledger):
        """The ledger, emptied before each sequence."""

        def __init__(self) -> None:
            super().__init__()
            empty_the_ledger(funding_urls)
            self.books, self.loop = Bookkeeper(database), loop

    try:
        run_state_machine_as_test(
            Fresh,
            settings=settings(
                max_examples=25,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(database.close())
        loop.close()
