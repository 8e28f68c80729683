"""The feed loses nothing and doubles nothing, whatever the writers do."""

import asyncio
import random

import pytest
from chungsuc.changes import Change, Sequencer, append, resolve_known_at
from chungsuc.database import Database
from chungsuc.problems import Invalid
from sqlalchemy import text

WRITERS = 16
WRITES_EACH = 40


class UndoneError(Exception):
    """A writer changes its mind."""


async def write(database: Database, writer: int, number: int, dice: random.Random) -> int | None:
    try:
        async with database.session_scope() as session:
            change = Change("thing", f"{writer}-{number}", 1, {"number": number})
            [change_id] = await append(session, [change], action="write")
            await asyncio.sleep(dice.random() * 0.01)
            if dice.random() < 0.3:
                raise UndoneError
    except UndoneError:
        return None
    return change_id


async def positions(database: Database) -> list[tuple[int, int]]:
    async with database.read_scope() as session:
        rows = await session.execute(
            text("SELECT position, change_id FROM change_position ORDER BY position")
        )
        return [(row.position, row.change_id) for row in rows]


async def test_sixteen_writers_with_rollbacks_and_a_long_transaction(database: Database) -> None:
    """A reader that goes by the highest id would lose rows here; positions must not."""
    sequencer = Sequencer(database)
    committed: set[int] = set()
    seen_while_long_transaction_ran = 0

    async def writer(number: int) -> None:
        dice = random.Random(number)
        for count in range(WRITES_EACH):
            change_id = await write(database, number, count, dice)
            if change_id is not None:
                committed.add(change_id)

    async with database.session_scope() as long_session:
        [long_id] = await append(long_session, [Change("thing", "long", 1, {})], action="write")
        loop = asyncio.ensure_future(sequencer.run())
        await asyncio.gather(*(writer(number) for number in range(WRITERS)))
        await asyncio.sleep(0.3)
        seen_while_long_transaction_ran = len(await positions(database))
        assert seen_while_long_transaction_ran == len(committed)
    committed.add(long_id)
    await asyncio.sleep(0.5)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)

    placed = await positions(database)
    assert [position for position, _ in placed] == list(range(1, len(placed) + 1))
    assert sorted(change_id for _, change_id in placed) == sorted(committed)
    assert placed[-1][1] == long_id
    async with database.read_scope() as session:
        assert await session.scalar(text("SELECT count(*) FROM feed_gap")) == 0


async def test_two_sequencers_at_once_give_each_change_one_position(database: Database) -> None:
    async with database.session_scope() as session:
        await append(session, [Change("thing", str(n), 1, {}) for n in range(50)], action="write")
    counts = await asyncio.gather(*(Sequencer(database).run_pass() for _ in range(6)))
    assert sum(counts) == 50
    assert len(await positions(database)) == 50


async def test_a_known_moment_is_a_position_and_the_future_is_refused(database: Database) -> None:
    async with database.session_scope() as session:
        await append(session, [Change("thing", "a", 1, {})], action="write")
    await Sequencer(database).run_pass()
    async with database.read_scope() as session:
        until = await session.scalar(text("SELECT sequenced_until FROM feed_state"))
        assert await resolve_known_at(session, "1") == 1
        assert await resolve_known_at(session, until.isoformat()) == 1
        assert await resolve_known_at(session, "2020-01-01T00:00:00Z") == 0
        for beyond in ("2", "2999-01-01T00:00:00Z", "yesterday"):
            with pytest.raises(Invalid):
                await resolve_known_at(session, beyond)


async def test_the_runtime_role_cannot_rewrite_the_feed(database: Database) -> None:
    async with database.session_scope() as session:
        await append(session, [Change("thing", "a", 1, {})], action="write")
    for statement in (
        "UPDATE change SET body = '{}'",
        "DELETE FROM change",
        "UPDATE change_position SET position = 9",
        "DELETE FROM change_position",
        "TRUNCATE change CASCADE",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with database.session_scope() as session:
                await session.execute(text(statement))
