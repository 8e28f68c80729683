"""Rebuilding: by an administrator's request, by the command, and what readers see meanwhile."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import psycopg
import pytest
from chungsuc.access import Grant, Principal
from chungsuc.database import Database, plain_url
from chungsuc.jobs import JobRunner
from local_deployment.roles import ServiceUrls
from reporting.facts import jobs, service
from reporting.reports import service as reports
from reporting.reports.schemas import Freshness

from tests.reporting import feeds
from tests.reporting.conftest import OpenReporting
from tests.reporting.feeds import Sources
from tests.reporting.test_overview import OVERVIEW, SET, add_dien_bien, add_lai_chau


async def digest_of(database: Database) -> str:
    async with database.read_scope() as session:
        return await service.facts_digest(session)


@asynccontextmanager
async def following(sources: Sources, database: Database) -> AsyncIterator[None]:
    """Keep reading both feeds, as the worker does."""

    async def follow() -> None:
        while True:
            await sources.read_all(database)
            await asyncio.sleep(0.05)

    task = asyncio.ensure_future(follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_administrator_rebuilds_all_facts_as_a_job(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    before = await digest_of(database)
    async with open_reporting("administrator@vn") as client:
        key = {"Idempotency-Key": "rebuild-1"}
        started = await client.post("/v1/reporting/rebuilds", headers=key)
        again = await client.post("/v1/reporting/rebuilds", headers=key)
        assert (started.status_code, again.content) == (202, started.content)
        job_id = started.json()["id"]
        async with following(sources, database):
            await JobRunner(database, {jobs.KIND: jobs.rebuild}).run_job(uuid.UUID(job_id))
        job = await feeds.read_body(client, f"/v1/reporting/jobs/{job_id}")
    assert job["state"] == "succeeded"
    assert job["result"] == {"digest": before}
    assert await digest_of(database) == before


async def test_only_an_administrator_of_the_nation_rebuilds(open_reporting: OpenReporting) -> None:
    for group in ("province_office@vn", "administrator@lai-chau"):
        async with open_reporting(group) as client:
            answer = await client.post("/v1/reporting/rebuilds", headers={"Idempotency-Key": "k"})
        assert answer.status_code == 403


async def test_the_command_empties_the_facts_and_the_readers_fill_them_again(
    database: Database, sources: Sources, reporting_urls: ServiceUrls
) -> None:
    add_dien_bien(sources)
    await sources.read_all(database)
    before = await digest_of(database)
    environment = {**os.environ, "DATABASE_URL": reporting_urls.runtime}
    command = [sys.executable, "-m", "reporting.rebuild"]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert await digest_of(database) != before
    await sources.read_all(database)
    assert await digest_of(database) == before


async def test_a_report_is_one_snapshot_though_facts_change_while_it_is_read(
    database: Database, sources: Sources
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    principal = Principal("a", "a", (Grant("auditor", "vn"),), token="")
    async with database.read_scope() as session:
        answerable = await reports.prepare(
            session, "12", as_of=date(2023, 12, 31), budget_year=2023, principal=principal
        )
        body = feeds.assessment("lai-chau-x0", met=1, on="2023-12-31")
        sources.criteria.add("assessment", f"lai-chau-x0:{SET}:2023-12-31", body)
        await sources.read_all(database)
        report = await reports.build(
            session, answerable, freshness=Freshness(asked=[], is_satisfied=True)
        )
    assert report.results[0].criteria_met_mean.total == 1310
    behind = len(sources.criteria.items) - 1
    assert report.sources["criteria"].cursor == f"{sources.criteria.epoch}:{behind}"


async def test_a_report_of_an_earlier_time_uses_the_version_in_force_then(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    sources.criteria.add("criteria_set", SET, feeds.criteria_set(version="2", begins="2024-03-01"))
    await sources.read_all(database)
    versions = {}
    async with open_reporting("auditor@vn") as client:
        for day in ("2024-02-29", "2024-03-01", "2026-01-01"):
            found = await feeds.read_body(client, OVERVIEW, area="lai-chau", as_of=day)
            versions[day] = [r["criteria_set"]["version"] for r in found["results"]]
    assert versions == {"2024-02-29": ["1"], "2024-03-01": ["2"], "2026-01-01": []}


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE money_fact",
        "ALTER TABLE money_fact ADD x int",
        "TRUNCATE money_fact",
        "UPDATE change SET body = '{}'",
        "DELETE FROM change",
        "SELECT * FROM criteria.change",
        "CREATE TABLE mine (x int)",
    ],
)
def test_the_runtime_role_meets_its_walls(reporting_urls: ServiceUrls, statement: str) -> None:
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)
    with psycopg.connect(plain_url(reporting_urls.runtime)) as runtime, pytest.raises(refused):
        runtime.execute(statement)
