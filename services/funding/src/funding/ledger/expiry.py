"""Pending transfers that nobody decided in time give their reservation back."""

import asyncio

from chungsuc import telemetry
from chungsuc.clock import Clock
from chungsuc.database import Database

from funding.ledger import repository

EXPIRE_EVERY_SECONDS = 30


async def expire_pending(database: Database, clock: Clock) -> int:
    """Expire every pending transfer whose time has passed; return how many."""
    count = 0
    while await repository.expire_next(database.autocommit_pool, now=clock.now()):
        count += 1
    return count


async def keep_expiring(database: Database, clock: Clock) -> None:
    """Expire transfers for as long as the worker runs; a fault is logged and tried again."""
    while True:
        try:
            await expire_pending(database, clock)
        except Exception:
            telemetry.logger().exception("pending transfers not expired")
        await asyncio.sleep(EXPIRE_EVERY_SECONDS)
