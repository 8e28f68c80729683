"""The vitals of a service's schema as gauges, made anew at each scrape."""

import asyncio

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from chungsuc import telemetry, vitals
from chungsuc.database import Database
from chungsuc.vitals import Vitals

# Less than a scraper waits: when the pool is exhausted, the process's own series still arrive.
READ_SECONDS = 3.0
UNKNOWN = float("nan")
PLAIN = {
    "feed_position": ("feed_position", "Newest position of the own feed"),
    "feed_lag_seconds": (
        "feed_lag_seconds",
        "Age of the oldest committed change that has no position yet",
    ),
    "feed_unsequenced_changes": (
        "unsequenced_changes",
        f"Committed changes that have no position yet, counted up to {vitals.MOST_COUNTED}",
    ),
    "feed_open_gaps": ("open_gaps", "Change numbers rolled back or still in flight"),
    "feed_sequencer_idle_seconds": (
        "sequencer_idle_seconds",
        "Seconds since the sequencer last looked",
    ),
    "oldest_transaction_seconds": (
        "oldest_transaction_seconds",
        "Age of the oldest open transaction of this service's role",
    ),
    "jobs_stalled": ("stalled_jobs", "Unfinished jobs that no living worker will take"),
    "jobs_oldest_queued_seconds": (
        "oldest_queued_seconds",
        "Age of the oldest job that nobody has taken",
    ),
}


async def scrape(database: Database) -> bytes:
    """Read the database and return its gauges; `database_up` is 0 when it does not answer."""
    try:
        async with asyncio.timeout(READ_SECONDS), database.read_scope() as session:
            found = await vitals.read(session)
    except Exception as fault:
        telemetry.logger().warning("no vitals", fault=repr(fault))
        return exposition(None)
    return exposition(found)


def exposition(found: Vitals | None) -> bytes:
    """Return the gauges as Prometheus reads them."""
    registry = CollectorRegistry()
    up = Gauge("database_up", "1 when the database answered this scrape", registry=registry)
    up.set(found is not None)
    if found is not None:
        for name, (attribute, meaning) in PLAIN.items():
            Gauge(name, meaning, registry=registry).set(getattr(found, attribute))
        _add_readers(registry, found)
        states = Gauge("jobs", "Jobs by state", ["state"], registry=registry)
        for state, number in found.jobs.items():
            states.labels(state).set(number)
    return generate_latest(registry)


def _add_readers(registry: CollectorRegistry, found: Vitals) -> None:
    labels = ["reader", "source"]
    behind = Gauge(
        "reader_positions_behind",
        "Positions behind the last known head; NaN before the first batch and after a restart",
        labels,
        registry=registry,
    )
    applied = Gauge(
        "reader_seconds_since_applied",
        "Seconds since a batch, even an empty one, was applied; NaN before the first",
        labels,
        registry=registry,
    )
    for reader in found.readers:
        place = (reader.reader, reader.source)
        behind.labels(*place).set(UNKNOWN if reader.is_rebuilding else reader.positions_behind)
        seconds = reader.seconds_since_applied
        applied.labels(*place).set(UNKNOWN if seconds is None else seconds)
