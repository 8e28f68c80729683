"""An empty platform in a schema of its own: the tests of the shared parts need no service."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from chungsuc import migrations
from chungsuc.database import Database, plain_url
from chungsuc.settings import ServiceSettings
from local_deployment import postgres as local_postgres
from local_deployment import roles
from local_deployment.roles import ServiceUrls

from tests.conftest import AUDIENCE, ISSUER, drop_database


@pytest.fixture
def platform_urls(
    postgres: local_postgres.Server, passwords: dict[str, str]
) -> Iterator[ServiceUrls]:
    name = f"platform_{uuid.uuid4().hex[:12]}"
    found = roles.prepare(postgres.admin_url, name, passwords)["criteria"]
    with psycopg.connect(plain_url(found.owner)) as owner:
        for sql in migrations.platform_sql(schema="criteria", runtime_role="criteria_runtime"):
            owner.execute(sql)  # type: ignore[arg-type]
    yield found
    drop_database(postgres, name)


@pytest.fixture
async def database(platform_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = Database(platform_urls.runtime, pool_size=24)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def platform_settings(platform_urls: ServiceUrls, key_set: Path) -> Callable[[], ServiceSettings]:
    def make() -> ServiceSettings:
        return ServiceSettings.model_validate(
            {
                "port": 1,
                "database_url": platform_urls.runtime,
                "pool_size": 20,
                "token_issuer": ISSUER,
                "token_audience": AUDIENCE,
                "token_keys": str(key_set),
            }
        )

    return make
