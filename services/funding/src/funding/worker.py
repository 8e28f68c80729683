"""The worker of funding: follows the registers, sequences its feed, expires what waited too long."""

import asyncio

from chungsuc import http, telemetry, worker
from chungsuc.changes import FeedReader, Sequencer
from chungsuc.clock import Clock, SystemClock
from chungsuc.database import Database
from chungsuc.http import ServiceTokens

from funding.ledger import repository
from funding.registers import feed
from funding.settings import WorkerSettings

READER = "funding-registers"
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


async def work(settings: WorkerSettings) -> None:
    """Run until told to stop."""
    database = Database(settings.database_url.get_secret_value(), pool_size=settings.pool_size)
    tokens = ServiceTokens(
        url=settings.token_url,
        client_id=settings.service_client_id,
        client_secret=settings.service_client_secret.get_secret_value(),
    )
    async with http.create_client(settings.criteria_url) as criteria:
        reader = FeedReader(
            database,
            criteria,
            tokens,
            name=READER,
            source="criteria",
            resources=feed.RESOURCES,
            apply=feed.apply,
            reset=feed.reset,
        )

        async def expire() -> None:
            await keep_expiring(database, SystemClock())

        await worker.run(database, [Sequencer(database).run, reader.run, expire])


def main() -> None:
    """Work until told to stop."""
    settings = WorkerSettings()  # type: ignore[call-arg]
    telemetry.configure_logs("funding-worker", level=settings.log_level)
    asyncio.run(work(settings))


if __name__ == "__main__":
    main()
