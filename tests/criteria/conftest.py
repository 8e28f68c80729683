"""A small country of a test's own, and clients that may write in it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from chungsuc.clock import FixedClock
from chungsuc.database import Database
from chungsuc.settings import ServiceSettings
from criteria.main import create_app
from local_deployment.roles import ServiceUrls

from tests.conftest import OpenClient, TokenFor
from tests.criteria import world

Record = Callable[..., Any]
ClientFor = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
async def country(urls: Mapping[str, ServiceUrls]) -> AsyncIterator[Database]:
    """The runtime role's connections to a database with the small country in it."""
    database = Database(urls["criteria"].runtime, pool_size=12)
    await database.open()
    try:
        await world.build(database, sets=(world.STANDARD, world.ADVANCED))
        yield database
    finally:
        await database.close()


@pytest.fixture
def client_for(
    country: Database,
    settings_for: Callable[..., ServiceSettings],
    open_client: OpenClient,
    token_for: TokenFor,
    clock: FixedClock,
) -> ClientFor:
    """Open a client with these grants: `client_for("province_office@anorth")`."""

    def make(*groups: str, **more: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        app = create_app(settings_for("criteria"), clock=clock)
        return open_client(app, token_for(*groups, **more))

    return make


@pytest.fixture
async def office(client_for: ClientFor) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may do everything."""
    async with client_for("administrator@vn") as client:
        yield client


@pytest.fixture
def record(office: httpx.AsyncClient) -> Record:
    """Record values: `await record([world.value(…)], is_demonstration=True)`."""

    async def post(items: list[dict[str, Any]], **fields: Any) -> Any:
        answer = await office.post(
            "/v1/observations", json={"items": items, **fields}, headers=world.fresh_key()
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post
