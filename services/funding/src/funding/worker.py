"""The worker of funding: follows the registers, sequences its feed, expires pending transfers."""

import asyncio

from chungsuc import http, telemetry, worker
from chungsuc.changes import FeedReader, Sequencer
from chungsuc.clock import SystemClock
from chungsuc.database import Database
from chungsuc.http import ServiceTokens

from funding.ledger import expiry
from funding.registers import feed
from funding.settings import WorkerSettings

READER = "funding-registers"


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
            await expiry.keep_expiring(database, SystemClock())

        await worker.run(database, [Sequencer(database).run, reader.run, expire])


def main() -> None:
    """Work until told to stop."""
    settings = WorkerSettings()  # type: ignore[call-arg]
    telemetry.configure_logs("funding-worker", level=settings.log_level)
    asyncio.run(work(settings))


if __name__ == "__main__":
    main()
