"""The worker of reporting: follows both feeds, sequences its own, runs jobs."""

import asyncio
from contextlib import AsyncExitStack

import httpx
from chungsuc import http, telemetry, worker
from chungsuc.changes import FeedReader, Sequencer
from chungsuc.database import Database
from chungsuc.http import ServiceTokens
from chungsuc.jobs import JobRunner

from reporting.facts import jobs, service
from reporting.settings import WorkerSettings


async def work(settings: WorkerSettings) -> None:
    """Run until told to stop."""
    database = Database(settings.database_url.get_secret_value(), pool_size=settings.pool_size)
    tokens = ServiceTokens(
        url=settings.token_url,
        client_id=settings.service_client_id,
        client_secret=settings.service_client_secret.get_secret_value(),
    )
    runner = JobRunner(database, {jobs.KIND: jobs.rebuild})
    async with AsyncExitStack() as stack:
        criteria = await stack.enter_async_context(http.create_client(settings.criteria_url))
        funding = await stack.enter_async_context(http.create_client(settings.funding_url))
        readers = feed_readers(database, tokens, criteria=criteria, funding=funding)
        await worker.run(
            database,
            [Sequencer(database).run, *(reader.run for reader in readers), runner.run],
        )


def feed_readers(
    database: Database,
    tokens: ServiceTokens,
    *,
    criteria: httpx.AsyncClient,
    funding: httpx.AsyncClient,
) -> list[FeedReader]:
    """Return the readers of both sources."""
    return [
        FeedReader(
            database,
            criteria,
            tokens,
            name=service.CRITERIA_READER,
            source="criteria",
            resources=list(service.CRITERIA_FOLDS),
            apply=service.apply_criteria,
            reset=service.reset_criteria,
        ),
        FeedReader(
            database,
            funding,
            tokens,
            name=service.FUNDING_READER,
            source="funding",
            resources=list(service.FUNDING_FOLDS),
            apply=service.apply_funding,
            reset=service.reset_funding,
        ),
    ]


def main() -> None:
    """Work until told to stop."""
    settings = WorkerSettings()  # type: ignore[call-arg]
    telemetry.configure_logs("reporting-worker", level=settings.log_level)
    asyncio.run(work(settings))


if __name__ == "__main__":
    main()
