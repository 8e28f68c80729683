"""The worker of a service: one elected process for the sequencer, the readers and jobs."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import psycopg

from chungsuc import idempotency, telemetry
from chungsuc.database import Database, plain_url

ELECTION_LOCK = 0x43687553  # "ChuS": one number per schema, as the lock is taken with its oid
ELECTION_SECONDS = 1.0
FORGET_SECONDS = 3600.0
Loop = Callable[[], Awaitable[None]]


async def run(database: Database, loops: Sequence[Loop]) -> None:
    """Wait to be elected, then run these loops until told to stop or the election is lost."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await database.open()
    try:
        # A session of its own: the lock lives as long as this connection does.
        async with await psycopg.AsyncConnection.connect(
            plain_url(database.url), autocommit=True
        ) as election:
            if await _elected(election, stop):
                await _run_until(stop, election, [*loops, partial(forget_keys, database)])
    finally:
        await database.close()


async def forget_keys(database: Database) -> None:
    """Forget idempotency keys older than thirty days, once an hour."""
    while True:
        async with database.session_scope() as session:
            await idempotency.forget_old(session)
        await asyncio.sleep(FORGET_SECONDS)


async def _elected(election: psycopg.AsyncConnection, stop: asyncio.Event) -> bool:
    while not stop.is_set():
        found = await election.execute(
            "SELECT pg_try_advisory_lock(%s, "
            "(SELECT oid::bigint %% 2147483647 FROM pg_namespace "
            "WHERE nspname = current_schema())::int)",
            (ELECTION_LOCK,),
        )
        row = await found.fetchone()
        if row and row[0]:
            telemetry.logger().info("worker elected")
            return True
        await asyncio.sleep(ELECTION_SECONDS)
    return False


async def _run_until(
    stop: asyncio.Event, election: psycopg.AsyncConnection, loops: Sequence[Loop]
) -> None:
    tasks = [asyncio.ensure_future(loop()) for loop in loops]
    tasks += [asyncio.ensure_future(_wait(stop)), asyncio.ensure_future(_hold(election))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


async def _hold(election: psycopg.AsyncConnection) -> None:
    """End with an error when the session that holds the lock is gone."""
    while True:
        await election.execute("SELECT 1")
        await asyncio.sleep(ELECTION_SECONDS)
