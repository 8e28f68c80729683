"""Reporting on a database of its own, with sources whose feeds the tests write."""

import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from chungsuc.clock import FixedClock
from chungsuc.database import Database
from local_deployment import postgres as local_postgres
from local_deployment import roles
from local_deployment.roles import ServiceUrls
from reporting.main import create_app
from reporting.settings import ReportingSettings

from tests.conftest import AUDIENCE, ISSUER, OpenClient, TokenFor, drop_database
from tests.reporting.feeds import Sources

OpenReporting = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def reporting_template(postgres: local_postgres.Server, passwords: dict[str, str]) -> Iterator[str]:
    name = f"reporting_{uuid.uuid4().hex[:12]}"
    urls = roles.prepare(postgres.admin_url, name, passwords)["reporting"]
    environment = {**os.environ, "MIGRATION_DATABASE_URL": urls.owner}
    done = subprocess.run(
        [sys.executable, "-m", "reporting.migrate"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    yield name
    drop_database(postgres, name)


@pytest.fixture
def reporting_urls(
    postgres: local_postgres.Server, reporting_template: str, passwords: dict[str, str]
) -> Iterator[ServiceUrls]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {reporting_template}")
        admin.execute(f"GRANT CONNECT ON DATABASE {name} TO reporting_owner, reporting_runtime")
    yield roles.urls_of(postgres.admin_url, name, "reporting", passwords)
    drop_database(postgres, name)


@pytest.fixture
async def database(reporting_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = Database(reporting_urls.runtime, pool_size=5)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def sources() -> Sources:
    return Sources()


@pytest.fixture
def open_reporting(
    reporting_urls: ServiceUrls,
    key_set: Path,
    clock: FixedClock,
    token_for: TokenFor,
    open_client: OpenClient,
    sources: Sources,
) -> OpenReporting:
    """Open the API as a caller with these groups; its sources are those of the test."""

    @asynccontextmanager
    async def opened(*groups: str) -> AsyncIterator[httpx.AsyncClient]:
        settings = ReportingSettings.model_validate(
            {
                "port": 1,
                "database_url": reporting_urls.runtime,
                "token_issuer": ISSUER,
                "token_audience": AUDIENCE,
                "token_keys": str(key_set),
                "criteria_url": "http://criteria.test",
                "funding_url": "http://funding.test",
            }
        )
        app = create_app(settings, clock=clock)
        async with open_client(app, token_for(*groups) if groups else None) as client:
            app.state.sources = {
                "criteria": sources.criteria.client(),
                "funding": sources.funding.client(),
            }
            yield client

    return opened
