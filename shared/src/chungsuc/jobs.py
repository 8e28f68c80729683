"""Long work: a row that anyone may watch, and a queue in PostgreSQL that runs it at least once.

A handler must be idempotent: after a crash the job is taken up again from its beginning.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated, Any, Literal

import procrastinate
from fastapi import APIRouter, Path
from procrastinate.job_context import JobContext as QueueContext
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chungsuc import problems, telemetry
from chungsuc.access import Caller
from chungsuc.database import Database, ReadSession, plain_url

TASK = "run_job"
POLL_SECONDS = 0.5
STALLED_SECONDS = 30
COLUMNS = (
    "id, kind, state, progress_done, progress_total, result, problem, created_by, created_at, "
    "finished_at"
)


class Job(BaseModel):
    """Long work and how far it is."""

    id: uuid.UUID = Field(description="Job id")
    kind: str = Field(description="What it does")
    state: Literal["queued", "running", "succeeded", "failed"] = Field(description="Where it is")
    progress_done: int = Field(description="Units done")
    progress_total: int | None = Field(description="Units in all; null while unknown")
    result: dict[str, Any] | None = Field(description="What came of it")
    problem: dict[str, Any] | None = Field(description="Why it failed")
    created_by: str = Field(description="Who asked for it")
    created_at: datetime = Field(description="When it was asked for")
    finished_at: datetime | None = Field(description="When it ended")


def queue_of(database: Database | None = None) -> procrastinate.App:
    """Return the queue; without a database it can only take jobs on somebody's connection."""
    url = plain_url(database.url) if database else ""
    connector = procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4)
    return procrastinate.App(connector=connector)


async def start(
    session: AsyncSession, *, kind: str, arguments: Mapping[str, Any], created_by: str
) -> Job:
    """Put a job into the queue, in the caller's transaction: no job without its cause."""
    found = await session.execute(
        text(
            "INSERT INTO job (kind, arguments, created_by) "
            "VALUES (:kind, CAST(:arguments AS jsonb), :created_by) "
            f"RETURNING {COLUMNS}"
        ),
        {"kind": kind, "arguments": json.dumps(dict(arguments)), "created_by": created_by},
    )
    job = Job.model_validate(dict(found.one()._mapping))
    raw = await (await session.connection()).get_raw_connection()
    task = queue_of().configure_task(TASK, allow_unknown=True, connection=raw.driver_connection)
    await task.defer_async(job_id=str(job.id))
    return job


async def find(session: AsyncSession, job_id: uuid.UUID) -> Job | None:
    """Return a job, or None."""
    found = await session.execute(
        text(f"SELECT {COLUMNS} FROM job WHERE id = :id"),
        {"id": job_id},
    )
    row = found.one_or_none()
    return Job.model_validate(dict(row._mapping)) if row else None


class JobContext:
    """What a handler gets: its arguments, sessions, and a place to say how far it is."""

    def __init__(self, database: Database, job_id: uuid.UUID, arguments: dict[str, Any]) -> None:
        self.database = database
        self.job_id = job_id
        self.arguments = arguments

    def session_scope(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.database.session_scope()

    async def progress(self, done: int, total: int) -> None:
        """Show how far the job is."""
        await self._set("progress_done = :done, progress_total = :total", done=done, total=total)

    async def mark_running(self) -> None:
        await self._set("state = 'running'")

    async def mark_succeeded(self, result: Mapping[str, Any]) -> None:
        await self._set(
            "state = 'succeeded', result = CAST(:result AS jsonb), finished_at = clock_timestamp()",
            result=json.dumps(dict(result)),
        )

    async def mark_failed(self, problem: problems.Problem) -> None:
        body = problems.problem_body(
            problem, language="vi", instance=f"job:{self.job_id}", request_id=""
        )
        await self._set(
            "state = 'failed', problem = CAST(:problem AS jsonb), finished_at = clock_timestamp()",
            problem=json.dumps(body),
        )

    async def _set(self, assignments: str, **values: Any) -> None:
        async with self.session_scope() as session:
            await session.execute(
                text(f"UPDATE job SET {assignments} WHERE id = :id"),
                {"id": self.job_id, **values},
            )


Handler = Callable[[JobContext], Awaitable[Mapping[str, Any]]]


class JobRunner:
    """Takes jobs from the queue and runs the handler of their kind."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        self.database = database
        self.handlers = handlers
        self.queue = queue_of(database)
        self.queue.task(name=TASK, pass_context=True)(self._run_queued)

    async def run(self) -> None:
        """Run jobs for ever; those of a dead worker are taken up again."""
        async with self.queue.open_async():
            await asyncio.gather(
                self.queue.run_worker_async(
                    listen_notify=False,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=POLL_SECONDS,
                    delete_jobs="successful",
                ),
                self._requeue_stalled(),
            )

    async def run_job(self, job_id: uuid.UUID) -> None:
        """Run one job to its end."""
        async with self.database.session_scope() as session:
            found = await session.execute(
                text("SELECT kind, arguments FROM job WHERE id = :id"), {"id": job_id}
            )
            row = found.one()
        context = JobContext(self.database, job_id, row.arguments)
        await context.mark_running()
        try:
            result = await self.handlers[row.kind](context)
        except problems.Problem as problem:
            await context.mark_failed(problem)
        except Exception:
            telemetry.logger().exception("job failed", job=str(job_id), kind=row.kind)
            await context.mark_failed(problems.Problem())
        else:
            await context.mark_succeeded(result)

    async def _run_queued(self, _context: QueueContext, *, job_id: str) -> None:
        await self.run_job(uuid.UUID(job_id))

    async def _requeue_stalled(self) -> None:
        manager = self.queue.job_manager
        while True:
            stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
            for job in stalled:
                await manager.retry_job(job)
            await asyncio.sleep(STALLED_SECONDS / 2)


def jobs_router(service: str) -> APIRouter:
    """Return the route that shows a job's progress."""
    router = APIRouter(tags=["jobs"])

    async def get_job(
        session: ReadSession,
        _caller: Caller,
        job_id: Annotated[uuid.UUID, Path(description="Job id, as the 202 said")],
    ) -> Job:
        job = await find(session, job_id)
        if job is None:
            raise problems.NotFound
        return job

    router.add_api_route(
        f"/v1/{service}/jobs/{{job_id}}",
        get_job,
        summary="Watch long work",
        operation_id=f"get_{service}_job",
        responses=problems.responses(problems.Unauthorised, problems.NotFound, problems.Invalid),
    )
    return router
