"""The stage of the tests: a real PostgreSQL per test process, real tokens, real applications."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import psycopg
import pytest
from chungsuc import telemetry
from chungsuc.clock import FixedClock
from chungsuc.settings import ServiceSettings
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from local_deployment import postgres as local_postgres
from local_deployment import roles
from local_deployment.roles import ServiceUrls

SERVICES = ("criteria", "funding", "reporting")
ISSUER, AUDIENCE = "https://issuer.test", "chungsuc"
KEY_ID = "test"
TODAY = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)

TokenFor = Callable[..., str]
MakeDatabase = Callable[[], Mapping[str, ServiceUrls]]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local_postgres.Server]:
    """One server per test process; it may lose everything when the machine stops."""
    folder = tmp_path_factory.mktemp("postgres")
    server = local_postgres.choose_server(
        folder, settings={"fsync": "off", "full_page_writes": "off"}
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def passwords() -> dict[str, str]:
    return {role: f"secret-of-{role}" for role in roles.role_names()}


@pytest.fixture(scope="session")
def migrated(
    postgres: local_postgres.Server, passwords: dict[str, str]
) -> Iterator[tuple[str, Mapping[str, ServiceUrls]]]:
    """A database with the three schemas at their newest revision: the template of all others."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    urls = roles.prepare(postgres.admin_url, name, passwords)
    for service in SERVICES:
        environment = {**os.environ, "MIGRATION_DATABASE_URL": urls[service].owner}
        command = [sys.executable, "-m", f"{service}.migrate"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{service}: {done.stderr}"
    yield name, urls
    drop_database(postgres, name)


@pytest.fixture
def urls(
    postgres: local_postgres.Server,
    migrated: tuple[str, Mapping[str, ServiceUrls]],
    passwords: dict[str, str],
) -> Iterator[Mapping[str, ServiceUrls]]:
    """A migrated database of this test alone: what it commits, nobody else sees."""
    template, _ = migrated
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        for service in SERVICES:
            for kind in ("owner", "runtime"):
                admin.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {service}_{kind}")
    yield {
        service: roles.urls_of(postgres.admin_url, name, service, passwords) for service in SERVICES
    }
    drop_database(postgres, name)


def drop_database(server: local_postgres.Server, name: str) -> None:
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    """Log as the services do: the development renderer draws every traceback, which takes long."""
    telemetry.configure_logs("test", level="warning")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(TODAY)


@pytest.fixture(scope="session")
def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def key_set(tmp_path_factory: pytest.TempPathFactory, signing_key: Ed25519PrivateKey) -> Path:
    """The issuer's public keys as a file, the way a service may read them."""
    public = jwt.algorithms.OKPAlgorithm.to_jwk(signing_key.public_key(), as_dict=True)
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps({"keys": [{**public, "kid": KEY_ID, "alg": "EdDSA"}]}))
    return path


@pytest.fixture(scope="session")
def token_for(signing_key: Ed25519PrivateKey) -> TokenFor:
    """Make a token: `token_for("finance_officer@a123", subject="maker")`."""

    def make(*groups: str, subject: str = "tester", minutes: int = 10) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "name": subject,
            "groups": list(groups),
            "iat": now,
            "exp": now + timedelta(minutes=minutes),
        }
        return jwt.encode(claims, signing_key, algorithm="EdDSA", headers={"kid": KEY_ID})

    return make


@pytest.fixture
def settings_for(urls: Mapping[str, ServiceUrls], key_set: Path) -> Callable[..., ServiceSettings]:
    """Make the settings of one service on this test's database."""

    def make(service: str, **more: object) -> ServiceSettings:
        return ServiceSettings.model_validate(
            {
                "port": 1,
                "database_url": urls[service].runtime,
                "token_issuer": ISSUER,
                "token_audience": AUDIENCE,
                "token_keys": str(key_set),
                **more,
            }
        )

    return make


OpenClient = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def open_client() -> OpenClient:
    """Open a client of an application in this process, its lifespan running."""

    @asynccontextmanager
    async def opened(app: FastAPI, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://service.test", headers=headers
            ) as client:
                yield client

    return opened
