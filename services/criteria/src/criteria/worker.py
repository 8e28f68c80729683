"""The worker of criteria: the feed's sequencer and the jobs, `python -m criteria.worker`."""

import asyncio
from functools import partial

from chungsuc import telemetry, worker
from chungsuc.changes import Sequencer
from chungsuc.clock import SystemClock
from chungsuc.database import Database
from chungsuc.jobs import Handler, JobRunner

from criteria.assessments import jobs as assessments
from criteria.observations.imports import jobs as imports
from criteria.settings import Settings

CLOCK = SystemClock()
HANDLERS: dict[str, Handler] = {**assessments.handlers(CLOCK), **imports.handlers(CLOCK)}


def main() -> None:
    settings = Settings()  # type: ignore[call-arg]
    telemetry.configure_logs("criteria-worker", level=settings.log_level)
    database = Database(settings.database_url.get_secret_value(), pool_size=settings.pool_size)
    loops: list[worker.Loop] = [
        Sequencer(database).run,
        JobRunner(database, HANDLERS).run,
        partial(assessments.watch_calendar, database, CLOCK),
    ]
    asyncio.run(worker.run(database, loops))


if __name__ == "__main__":
    main()
