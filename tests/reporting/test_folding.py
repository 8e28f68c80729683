"""Both feeds folded into facts: exactly once, whatever the batches, crashes and interleavings."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from chungsuc.changes import FeedItem
from chungsuc.database import Database
from reporting.facts import service
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.reporting import feeds
from tests.reporting.feeds import Sources

COMMUNES = [f"xa{n}" for n in range(12)]
MEASURES = (
    "received_vnd",
    "passed_down_vnd",
    "advanced_vnd",
    "paid_vnd",
    "recovered_vnd",
    "refunded_paid_vnd",
)


class ProcessDiedError(Exception):
    """The process dies here."""


def random_feeds(chance: random.Random) -> Sources:
    """A small province: verdicts that change; money that moves, is refused and taken back."""
    sources = Sources()
    criteria, funding = sources.criteria, sources.funding
    criteria.add(
        "area",
        "vn",
        feeds.area("vn", feeds.span("Việt Nam", code="VN", kind="nation", parent=None)),
    )
    criteria.add(
        "area", "p", feeds.area("p", feeds.span("Tỉnh", code="12", kind="province", parent="vn"))
    )
    for version in ("1", "2"):
        criteria.add("criteria_set", "ntm-xa-2021-2025", feeds.criteria_set(version=version))
    for number, commune in enumerate(COMMUNES):
        row = feeds.span(commune, code=f"{number:05}", kind="commune", parent="p")
        criteria.add("area", commune, feeds.area(commune, row))
    for _ in range(120):
        body = feeds.assessment(
            chance.choice(COMMUNES),
            met=chance.randint(0, 19),
            on=f"2023-{chance.randint(1, 12):02}-01",
        )
        criteria.add("assessment", f"{body['area_id']}:{body['on']}", body)
        if chance.random() < 0.1:
            criteria.add("measure", "m", {"code": "m"})
    funding.add("programme", "ntm", feeds.programme("ntm", name="Nông thôn mới"))
    for holder in ("vn", "p", *COMMUNES):
        funding.add("pocket", f"k-{holder}", feeds.pocket(f"k-{holder}", area_id=holder))
    for number in range(150):
        _add_transfer(funding, number, chance)
    return sources


def _add_transfer(funding: feeds.Source, number: int, chance: random.Random) -> None:
    pocket, amount = f"k-{chance.choice(COMMUNES)}", chance.randint(1, 10**12)
    lines = chance.choice(
        [
            feeds.assign("k-vn", "k-p", amount),
            feeds.allocate("k-p", pocket, amount),
            feeds.advance(pocket, amount),
            feeds.pay(pocket, amount),
            feeds.recover(pocket, amount),
            feeds.refund(pocket, amount),
        ]
    )
    on = f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    for state in ("pending", chance.choice(["posted", "posted", "rejected", "expired"])):
        funding.add(
            "transfer", f"t{number}", feeds.transfer(f"t{number}", *lines, on=on, state=state)
        )
    if chance.random() < 0.2:
        funding.add(
            "transfer",
            f"r{number}",
            feeds.transfer(f"r{number}", *feeds.reversed_lines(lines), on=on, template="reverse"),
        )


def money_by_hand(funding: feeds.Source) -> dict[tuple[str, str], dict[str, int]]:
    """The same sums, added one posted line after the other."""
    meaning = {
        ("available", "receive"): ("received_vnd", 1),
        ("available", "pass_down"): ("passed_down_vnd", -1),
        ("advance", "disburse"): ("advanced_vnd", 1),
        ("paid", "disburse"): ("paid_vnd", 1),
        ("advance", "recover"): ("recovered_vnd", -1),
        ("paid", "refund"): ("refunded_paid_vnd", -1),
    }
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    for item in funding.items:
        body = item["body"]
        if item["resource"] != "transfer" or body["state"] != "posted":
            continue
        for line in body["lines"]:
            key = line["pocket_id"].removeprefix("k-"), body["value_on"][:7]
            measure, sign = meaning.get((line["balance"], line["flow"]), (None, 0))
            if measure:
                sums[key][measure] += sign * line["amount_vnd"]
    return {key: row for key, row in sums.items() if any(row.values())}


async def money_folded(database: Database) -> dict[tuple[str, str], dict[str, int]]:
    async with database.read_scope() as session:
        sums = ", ".join(f"sum({measure})::bigint AS {measure}" for measure in MEASURES)
        found_rows = await session.execute(
            text(f"SELECT area_id, value_month, {sums} FROM money_fact GROUP BY 1, 2")
        )
        rows = found_rows.mappings().all()
    found = {
        (row["area_id"], row["value_month"].isoformat()[:7]): {m: row[m] for m in MEASURES}
        for row in rows
    }
    return {key: row for key, row in found.items() if any(row.values())}


async def digest_of(database: Database) -> str:
    async with database.read_scope() as session:
        return await service.facts_digest(session)


async def read_roughly(sources: Sources, database: Database, chance: random.Random) -> None:
    """Read both feeds in any order and batch size, dying at any batch before its commit."""
    readers = sources.readers(database)
    for reader in readers:
        reader.apply = _dying(reader.apply, chance)
    open_readers = list(readers)
    while open_readers:
        reader = chance.choice(open_readers)
        source = sources.criteria if reader.source == "criteria" else sources.funding
        source.limit = chance.randint(1, 60)
        try:
            advanced = await reader.read_once()
        except ProcessDiedError:
            continue
        if not advanced:
            open_readers.remove(reader)


def _dying(apply: Any, chance: random.Random) -> Any:
    async def applied(session: AsyncSession, items: Sequence[FeedItem]) -> None:
        await apply(session, items)
        if chance.random() < 0.3:
            raise ProcessDiedError

    return applied


@pytest.mark.parametrize("seed", range(5))
async def test_facts_are_the_same_under_any_batches_crashes_and_interleavings(
    database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    sources = random_feeds(chance)
    await sources.read_all(database)
    at_once = await digest_of(database)
    assert await money_folded(database) == money_by_hand(sources.funding)

    for _ in range(3):
        async with database.session_scope() as session:
            await service.begin_rebuild(session)
        assert await money_folded(database) == {}
        await read_roughly(sources, database, chance)
        assert await digest_of(database) == at_once


async def test_two_workers_at_the_same_batch_count_it_once(database: Database) -> None:
    sources = random_feeds(random.Random(7))
    sources.criteria.limit = sources.funding.limit = 25
    pairs = [sources.readers(database), sources.readers(database)]
    for _ in range(40):
        await asyncio.gather(*(reader.read_once() for pair in pairs for reader in pair))
    assert await money_folded(database) == money_by_hand(sources.funding)


async def test_a_restarted_feed_is_read_again_from_its_beginning(database: Database) -> None:
    sources = random_feeds(random.Random(11))
    await sources.read_all(database)
    before = await digest_of(database)
    sources.funding.restart()
    reader = sources.readers(database)[1]
    assert await reader.read_once() == 0
    assert await money_folded(database) == {}
    await sources.read_all(database)
    assert await digest_of(database) == before


async def test_money_of_an_unknown_pocket_stops_the_reader_instead_of_being_lost(
    database: Database,
) -> None:
    sources = Sources()
    sources.funding.add(
        "transfer", "t", feeds.transfer("t", *feeds.pay("nowhere", 1), on="2024-01-01")
    )
    with pytest.raises(Exception, match="fk_posted_line_pocket_id_pocket"):
        await sources.readers(database)[1].read_once()
    async with database.read_scope() as session:
        assert await session.scalar(text("SELECT count(*) FROM posted_transfer")) == 0
        assert await session.scalar(text("SELECT sum(position) FROM feed_cursor")) in (0, None)


async def test_the_digest_sees_a_single_changed_row(database: Database) -> None:
    sources = random_feeds(random.Random(3))
    await sources.read_all(database)
    before = await digest_of(database)
    async with database.session_scope() as session:
        await session.execute(
            text(
                "UPDATE result_fact SET criteria_met = criteria_met + 1 "
                "WHERE ctid = (SELECT min(ctid) FROM result_fact)"
            )
        )
    assert await digest_of(database) != before
