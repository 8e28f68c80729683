"""What operators see of a service: its gauges, and what the doctor says of them."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta

import psycopg
import pytest
from chungsuc import doctor, gauges, jobs, vitals
from chungsuc.app import create_service
from chungsuc.changes import Change, Sequencer, append
from chungsuc.clock import FixedClock, SystemClock
from chungsuc.database import Database, plain_url
from chungsuc.doctor import Check, Level
from chungsuc.settings import ServiceSettings
from chungsuc.vitals import Vitals
from local_deployment.roles import ServiceUrls
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import OpenClient

Urls = Mapping[str, ServiceUrls]
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    opened = Database(urls["criteria"].runtime, pool_size=5)
    await opened.open()
    yield opened
    await opened.close()


def as_owner(urls: Urls, statement: str) -> None:
    with psycopg.connect(plain_url(urls["criteria"].owner), autocommit=True) as owner:
        owner.execute(statement)  # type: ignore[arg-type]


async def append_thing(database: Database, name: str) -> None:
    async with database.session_scope() as session:
        await append(session, [Change("thing", name, 1, {"name": name})], action="add")


async def vitals_of(database: Database) -> Vitals:
    async with database.read_scope() as session:
        return await vitals.read(session)


def series_of(exposition: bytes) -> Series:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


async def examine(urls: Urls) -> dict[str, Check]:
    service, checks = await doctor.examine(urls["criteria"].runtime, clock=SystemClock())
    assert service == "criteria"
    return {check.name: check for check in checks}


async def test_a_change_without_a_position_is_lag_until_it_is_sequenced(database: Database) -> None:
    await append_thing(database, "one")
    await asyncio.sleep(0.05)
    before = await vitals_of(database)
    assert (before.unsequenced_changes, before.feed_position) == (1, 0)
    assert 0.05 <= before.feed_lag_seconds < 60
    await Sequencer(database).run_pass()
    after = await vitals_of(database)
    assert (after.unsequenced_changes, after.feed_lag_seconds, after.feed_position) == (0, 0, 1)


async def test_a_number_in_flight_is_an_open_gap_until_it_has_ended(
    database: Database, urls: Urls
) -> None:
    async with database.session_scope() as slow:
        await append(slow, [Change("thing", "slow", 1, {})], action="add")
        await append_thing(database, "quick")
        await Sequencer(database).run_pass()
        await asyncio.sleep(0.05)
        during = await vitals_of(database)
    assert during.open_gaps == 1
    assert during.oldest_transaction_seconds >= 0.05
    assert (await vitals_of(database)).unsequenced_changes == 1
    await Sequencer(database).run_pass()
    assert (await vitals_of(database)).open_gaps == 0


async def test_readers_and_jobs_are_gauges_with_labels(database: Database, urls: Urls) -> None:
    as_owner(
        urls,
        "INSERT INTO feed_cursor (reader, source, epoch, position, head_position, applied_at) "
        "VALUES ('copy', 'funding', gen_random_uuid(), 40, 42, clock_timestamp() - interval '7 s'),"
        " ('fresh', 'funding', NULL, 0, 0, NULL)",
    )
    async with database.session_scope() as session:
        await jobs.start(session, kind="count", arguments={}, created_by="me")
    found = series_of(await gauges.scrape(database))
    copy = (("reader", "copy"), ("source", "funding"))
    assert found["database_up", ()] == 1
    assert found["reader_positions_behind", copy] == 2
    assert 7 <= found["reader_seconds_since_applied", copy] < 60
    fresh = (("reader", "fresh"), ("source", "funding"))
    assert str(found["reader_seconds_since_applied", fresh]) == "nan"
    states = {key[1][0][1]: value for key, value in found.items() if key[0] == "jobs"}
    assert states == {"queued": 1, "running": 0, "succeeded": 0, "failed": 0}
    assert found["jobs_stalled", ()] == 0


async def test_a_job_that_no_worker_will_take_is_stalled(database: Database, urls: Urls) -> None:
    async with database.session_scope() as session:
        job = await jobs.start(session, kind="count", arguments={}, created_by="me")
    assert (await vitals_of(database)).stalled_jobs == 0
    as_owner(urls, "UPDATE procrastinate_jobs SET status = 'doing'")
    assert (await vitals_of(database)).stalled_jobs == 1
    as_owner(urls, "INSERT INTO procrastinate_workers DEFAULT VALUES")
    as_owner(
        urls, "UPDATE procrastinate_jobs SET worker_id = (SELECT id FROM procrastinate_workers)"
    )
    assert (await vitals_of(database)).stalled_jobs == 0
    as_owner(urls, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'")
    assert (await vitals_of(database)).stalled_jobs == 1
    as_owner(urls, "DELETE FROM procrastinate_jobs")
    assert (await vitals_of(database)).stalled_jobs == 1
    as_owner(urls, f"UPDATE job SET state = 'failed' WHERE id = '{uuid.UUID(str(job.id))}'")
    assert (await vitals_of(database)).stalled_jobs == 0


async def test_one_answer_holds_the_process_and_its_schema(
    settings_for: Callable[..., ServiceSettings], open_client: OpenClient
) -> None:
    app = create_service(
        name="criteria", title="Test", settings=settings_for("criteria"), routers=[]
    )
    async with open_client(app) as client:
        await client.get("/healthz")
        found = series_of((await client.get("/metrics")).content)
    names = {name for name, _ in found}
    assert {"http_requests_total", "process_resident_memory_bytes", "feed_lag_seconds"} <= names


async def test_without_a_database_the_process_still_shows_itself(
    settings_for: Callable[..., ServiceSettings], open_client: OpenClient
) -> None:
    nowhere = "postgresql://nobody:nothing@127.0.0.1:1/none"
    settings = settings_for("criteria", database_url=nowhere)
    app = create_service(name="criteria", title="Test", settings=settings, routers=[])
    async with open_client(app) as client:
        await client.get("/healthz")
        answer = await client.get("/metrics")
    found = series_of(answer.content)
    assert answer.status_code == 200
    assert found["database_up", ()] == 0
    assert ("feed_lag_seconds", ()) not in found


async def test_the_doctor_finds_a_served_schema_well(database: Database, urls: Urls) -> None:
    await append_thing(database, "one")
    await Sequencer(database).run_pass()
    found = await examine(urls)
    assert set(found) == {"feed", "gaps", "transactions", "jobs", "clock", "migrations"}
    assert {check.level for check in found.values()} == {Level.OK}


@pytest.mark.parametrize(
    ("harm", "name", "level"),
    [
        ("UPDATE feed_state SET sequenced_until = now() - interval '20 s'", "feed", "warning"),
        ("UPDATE feed_state SET sequenced_until = now() - interval '5 min'", "feed", "failure"),
        (
            "INSERT INTO feed_gap SELECT n, '9' FROM generate_series(1, 1000) n",
            "gaps",
            "warning",
        ),
        ("INSERT INTO feed_cursor VALUES ('r', 'funding')", "reader r", "warning"),
        (
            "INSERT INTO feed_cursor VALUES "
            "('r', 'funding', gen_random_uuid(), 1, 1, now() - interval '1 hour')",
            "reader r",
            "failure",
        ),
        (
            "INSERT INTO feed_cursor VALUES ('r', 'funding', gen_random_uuid(), 1, 99999, now())",
            "reader r",
            "warning",
        ),
        (
            "INSERT INTO job (kind, arguments, created_by) VALUES ('k', '{}', 'me')",
            "jobs",
            "failure",
        ),
        ("UPDATE alembic_version SET version_num = '0000'", "migrations", "failure"),
        ("REVOKE SELECT ON alembic_version FROM criteria_runtime", "migrations", "failure"),
    ],
)
async def test_the_doctor_names_what_is_wrong(urls: Urls, harm: str, name: str, level: str) -> None:
    as_owner(urls, "UPDATE feed_state SET sequenced_until = now()")
    as_owner(urls, harm)
    found = await examine(urls)
    assert found.pop(name).level.name.lower() == level
    assert {check.level for check in found.values()} == {Level.OK}


async def test_the_doctor_compares_the_clocks(urls: Urls) -> None:
    late = FixedClock(SystemClock().now() - timedelta(minutes=1))
    _, checks = await doctor.examine(urls["criteria"].runtime, clock=late)
    assert [c.level for c in checks if c.name == "clock"] == [Level.FAILURE]


async def test_the_command_prints_both_languages_and_fails_when_anything_does(urls: Urls) -> None:
    async def run(url: str) -> tuple[int, str]:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "chungsuc.doctor"],
            env={**os.environ, "DATABASE_URL": url},
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    as_owner(urls, "UPDATE feed_state SET sequenced_until = now()")
    status, shown = await run(urls["criteria"].runtime)
    assert status == 0
    assert shown.splitlines()[0] == "criteria"
    assert "bộ xếp thứ tự" in shown
    assert "the sequencer looked" in shown
    status, shown = await run("postgresql://nobody:nothing@127.0.0.1:1/none")
    assert status == 1
    assert "cannot be read" in shown
    assert "nothing" not in shown
