"""How a service's schema is doing, read in one cheap query: for `/metrics` and the doctor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

# Counted up to here: when a sequencer has been dead for days, asking must not add to the trouble.
MOST_COUNTED = 100_000
# A worker shows itself every few seconds; one that is silent this long will not go on.
SILENT_WORKER_SECONDS = 60
JOB_STATES = ("queued", "running", "succeeded", "failed")

# The oldest transaction is one of this service's role: it does not see the sessions of others.
_READ = f"""
WITH waiting AS MATERIALIZED (
    SELECT recorded_at FROM (
        SELECT c.recorded_at FROM change c WHERE c.id > (SELECT last_change_id FROM feed_state)
        UNION ALL
        SELECT c.recorded_at FROM feed_gap g JOIN change c ON c.id = g.change_id
    ) AS unplaced LIMIT {MOST_COUNTED}
), unfinished AS (
    SELECT id::text AS id, created_at FROM job WHERE state IN ('queued', 'running')
), handed_out AS (
    SELECT q.args ->> 'job_id' AS id, q.status::text AS status, w.last_heartbeat
    FROM procrastinate_jobs q LEFT JOIN procrastinate_workers w ON w.id = q.worker_id
    WHERE q.status IN ('todo', 'doing')
)
SELECT clock_timestamp() AS seen_at,
    s.last_position AS feed_position,
    extract(epoch FROM clock_timestamp() - s.sequenced_until)::float8 AS sequencer_idle_seconds,
    (SELECT count(*) FROM waiting) AS unsequenced_changes,
    (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8
     FROM waiting) AS feed_lag_seconds,
    (SELECT count(*) FROM feed_gap) AS open_gaps,
    (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::float8
     FROM pg_stat_activity WHERE pid <> pg_backend_pid()) AS oldest_transaction_seconds,
    (SELECT coalesce(json_agg(json_build_object(
        'reader', c.reader, 'source', c.source, 'is_rebuilding', c.epoch IS NULL,
        'positions_behind', greatest(c.head_position - c.position, 0),
        'seconds_since_applied', extract(epoch FROM clock_timestamp() - c.applied_at)::float8
     ) ORDER BY c.reader), '[]') FROM feed_cursor c) AS readers,
    (SELECT coalesce(json_object_agg(j.state, j.number), '{{}}')
     FROM (SELECT state, count(*) AS number FROM job GROUP BY state) AS j) AS jobs,
    (SELECT count(*) FROM unfinished u LEFT JOIN handed_out h ON h.id = u.id
     WHERE h.id IS NULL OR (h.status = 'doing' AND coalesce(h.last_heartbeat, '-infinity')
         < clock_timestamp() - interval '{SILENT_WORKER_SECONDS} seconds')) AS stalled_jobs,
    (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(u.created_at)), 0)::float8
     FROM unfinished u JOIN handed_out h ON h.id = u.id AND h.status = 'todo')
     AS oldest_queued_seconds
FROM feed_state s
"""


@dataclass(frozen=True)
class Reader:
    """How far a reader of another service's feed is."""

    reader: str
    source: str
    is_rebuilding: bool
    positions_behind: int
    seconds_since_applied: float | None


@dataclass(frozen=True)
class Vitals:
    """A service's schema at one moment; seconds are the database's."""

    seen_at: datetime
    feed_position: int
    sequencer_idle_seconds: float
    unsequenced_changes: int
    feed_lag_seconds: float
    open_gaps: int
    oldest_transaction_seconds: float
    readers: tuple[Reader, ...]
    jobs: dict[str, int]
    stalled_jobs: int
    oldest_queued_seconds: float


async def read(session: AsyncSession) -> Vitals:
    """Read the vitals of the schema that the session works in."""
    return _vitals((await session.execute(text(_READ))).one())


def _vitals(row: Row[Any]) -> Vitals:
    told = dict(row._mapping)
    readers = tuple(Reader(**reader) for reader in told.pop("readers"))
    jobs = dict.fromkeys(JOB_STATES, 0) | told.pop("jobs")
    return Vitals(readers=readers, jobs=jobs, **told)
