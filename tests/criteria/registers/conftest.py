"""A database with the whole catalogue of registers: loaded once, cloned for tests that write."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import criteria
import httpx
import psycopg
import pytest
from chungsuc.changes import Sequencer
from chungsuc.clock import FixedClock
from chungsuc.database import Database
from chungsuc.settings import ServiceSettings, service_home
from criteria.main import create_app
from criteria.registers.areas import loading
from criteria.registers.documents import service as documents
from local_deployment import postgres as local_postgres
from local_deployment import roles
from local_deployment.roles import ServiceUrls

from tests.conftest import AUDIENCE, ISSUER, TODAY, OpenClient, TokenFor, drop_database

CATALOGUE = service_home(criteria.__file__) / "catalogue"
Post = Callable[..., Any]


@pytest.fixture(scope="session")
def loaded(
    postgres: local_postgres.Server,
    migrated: tuple[str, Mapping[str, ServiceUrls]],
    passwords: dict[str, str],
) -> Iterator[str]:
    """The name of a database that holds both registers and that nobody is connected to."""
    name = clone(postgres, migrated[0])
    asyncio.run(load_registers(urls_of(postgres, name, passwords).runtime))
    yield name
    drop_database(postgres, name)


@pytest.fixture(scope="session")
def read_urls(
    postgres: local_postgres.Server, loaded: str, passwords: dict[str, str]
) -> Iterator[ServiceUrls]:
    """One database for all tests that only read."""
    name = clone(postgres, loaded)
    yield urls_of(postgres, name, passwords)
    drop_database(postgres, name)


@pytest.fixture
def own_urls(
    postgres: local_postgres.Server, loaded: str, passwords: dict[str, str]
) -> Iterator[ServiceUrls]:
    """A database of this test alone."""
    name = clone(postgres, loaded)
    yield urls_of(postgres, name, passwords)
    drop_database(postgres, name)


@pytest.fixture
async def reader(
    read_urls: ServiceUrls, key_set: Path, open_client: OpenClient, token_for: TokenFor
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may read the registers."""
    app = create_app(settings_of(read_urls, key_set), clock=FixedClock(TODAY))
    async with open_client(app, token_for("auditor@vn")) as client:
        yield client


@pytest.fixture
async def database(own_urls: ServiceUrls) -> AsyncIterator[Database]:
    """The runtime role's connections to this test's database."""
    opened = Database(own_urls.runtime, pool_size=5)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def administrator(
    own_urls: ServiceUrls, key_set: Path, open_client: OpenClient, token_for: TokenFor
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of this test's own register that may change it."""
    app = create_app(settings_of(own_urls, key_set), clock=FixedClock(TODAY))
    async with open_client(app, token_for("administrator@vn", "auditor@vn")) as client:
        yield client


@pytest.fixture
async def document_id(administrator: httpx.AsyncClient) -> str:
    """A registered document to base changes on."""
    body = {
        "number": "1/NQ-THU",
        "kind": "resolution",
        "issuer": "Cơ quan thử nghiệm",
        "title": "Sắp xếp đơn vị hành chính",
        "is_demonstration": True,
    }
    answer = await administrator.post("/v1/documents", json=body, headers=fresh_key())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def change(administrator: httpx.AsyncClient, document_id: str) -> Post:
    """Record an area change: `await change("rename", area=…, name=…, effective_on=…)`."""

    async def post(kind: str, *, query: str = "", **fields: Any) -> httpx.Response:
        body = {"kind": kind, "document_id": document_id, "effective_on": "2026-02-01", **fields}
        return await administrator.post(f"/v1/area-changes{query}", json=body, headers=fresh_key())

    return post


Sequence = Callable[[], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def opened(urls: ServiceUrls) -> AsyncIterator[Database]:
    database = Database(urls.runtime, pool_size=2)
    try:
        yield database
    finally:
        await database.close()


async def load_registers(url: str) -> None:
    database = Database(url, pool_size=1)
    async with database.session_scope() as session:
        await documents.load_catalogue(session, folder=CATALOGUE)
    async with database.session_scope() as session:
        await loading.load_catalogue(session, folder=CATALOGUE, today=TODAY.date())
    await sequence(database)
    await database.close()


async def sequence(database: Database) -> None:
    """Give positions to all that is committed."""
    while await Sequencer(database).run_pass():
        pass


def clone(server: local_postgres.Server, template: str) -> str:
    name = f"registers_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        for kind in ("owner", "runtime"):
            admin.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO criteria_{kind}")
    return name


def urls_of(server: local_postgres.Server, name: str, passwords: dict[str, str]) -> ServiceUrls:
    return roles.urls_of(server.admin_url, name, "criteria", passwords)


def settings_of(urls: ServiceUrls, key_set: Path) -> ServiceSettings:
    return ServiceSettings.model_validate(
        {
            "port": 1,
            "database_url": urls.runtime,
            "token_issuer": ISSUER,
            "token_audience": AUDIENCE,
            "token_keys": str(key_set),
        }
    )


def fresh_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}
