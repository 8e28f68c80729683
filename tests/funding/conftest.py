"""Funding on a database of its own, with a small country in its copy of the registers."""

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
from funding.main import create_app
from funding.settings import FundingSettings
from local_deployment import postgres as local_postgres
from local_deployment import roles
from local_deployment.roles import ServiceUrls

from tests.conftest import AUDIENCE, ISSUER, OpenClient, TokenFor, drop_database
from tests.funding import country
from tests.funding.bookkeeper import Bookkeeper

OpenFunding = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def funding_template(postgres: local_postgres.Server, passwords: dict[str, str]) -> Iterator[str]:
    name = f"funding_{uuid.uuid4().hex[:12]}"
    urls = roles.prepare(postgres.admin_url, name, passwords)["funding"]
    environment = {**os.environ, "MIGRATION_DATABASE_URL": urls.owner}
    command = [sys.executable, "-m", "funding.migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(urls.owner) as owner:
        country.settle(owner)
    yield name
    drop_database(postgres, name)


@pytest.fixture
def funding_urls(
    postgres: local_postgres.Server, funding_template: str, passwords: dict[str, str]
) -> Iterator[ServiceUrls]:
    """A migrated database of this test alone: what it commits, nobody else sees."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {funding_template}")
        admin.execute(f"GRANT CONNECT ON DATABASE {name} TO funding_owner, funding_runtime")
    yield roles.urls_of(postgres.admin_url, name, "funding", passwords)
    drop_database(postgres, name)


@pytest.fixture
async def database(funding_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = Database(funding_urls.runtime, pool_size=40)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def books(database: Database) -> Bookkeeper:
    return Bookkeeper(database)


@pytest.fixture
def open_funding(
    funding_urls: ServiceUrls,
    key_set: Path,
    clock: FixedClock,
    open_client: OpenClient,
    token_for: TokenFor,
) -> OpenFunding:
    """Open a client of funding for some groups; criteria is away unless a URL is given."""

    @asynccontextmanager
    async def opened(
        *groups: str, subject: str = "maker", criteria_url: str = "http://127.0.0.1:9"
    ) -> AsyncIterator[httpx.AsyncClient]:
        settings = FundingSettings.model_validate(
            {
                "port": 1,
                "database_url": funding_urls.runtime,
                "pool_size": 5,
                "token_issuer": ISSUER,
                "token_audience": AUDIENCE,
                "token_keys": str(key_set),
                "criteria_url": criteria_url,
            }
        )
        token = token_for(*groups, subject=subject)
        async with open_client(create_app(settings, clock=clock), token) as client:
            yield client

    return opened
