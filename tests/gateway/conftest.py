"""A gateway on a real socket, with small real servers behind it."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from gateway.app import Gateway
from gateway.issuer import hash_password, make_key
from gateway.settings import GatewaySettings
from gateway.telemetry import AccessLog
from starlette.types import ASGIApp

from tests.conftest import AUDIENCE, ISSUER, TokenFor
from tests.gateway.upstream import Upstream

USERS = {
    "users": {
        "officer": {
            "name": "Cán bộ xã",
            "password": hash_password("right"),
            "groups": [
                "commune_officer@06970@2023-08-15/nong-thon-moi",
                "department@06970",
                "investor@99999",
                "auditor@vn",
            ],
        },
        "auditor": {
            "name": "Kiểm toán viên",
            "password": hash_password("right"),
            "groups": ["auditor@vn"],
        },
    },
    "clients": {"funding": {"secret": hash_password("client secret"), "groups": ["feed@vn"]}},
}


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port in a thread with its own event loop."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, ws="none", proxy_headers=False
    )
    config.server_header = False
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class House:
    """A gateway and the address of each server behind it."""

    url: str
    log: list[str]

    def client(self, token: str | None = None, **headers: str) -> httpx.Client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            given["Authorization"] = f"Bearer {token}"
        return httpx.Client(base_url=self.url, headers=given, timeout=20, trust_env=False)

    def logged(self) -> list[dict[str, object]]:
        """Return the access log so far; lines are written a moment after the request."""
        time.sleep(0.4)
        return [json.loads(line) for part in self.log for line in part.splitlines()]


OpenHouse = Callable[..., AbstractContextManager[House]]


@pytest.fixture(scope="session")
def open_house(key_set: Path) -> OpenHouse:
    """Open a gateway with these settings; services that are not named are down."""

    @contextmanager
    def opened(**settings: object) -> Iterator[House]:
        dead = f"http://127.0.0.1:{free_port()}"
        told = {
            "token_issuer": ISSUER,
            "token_audience": AUDIENCE,
            "token_keys": str(key_set),
            "criteria_url": dead,
            "funding_url": dead,
            "reporting_url": dead,
        }
        log: list[str] = []
        gateway = Gateway(
            GatewaySettings.model_validate(told | settings), access_log=AccessLog(log.append)
        )
        with serving(gateway) as url:
            yield House(url, log)

    return opened


@pytest.fixture(scope="session")
def criteria() -> Upstream:
    return Upstream("criteria")


@pytest.fixture(scope="session")
def criteria_url(criteria: Upstream) -> Iterator[str]:
    with serving(criteria) as url:
        yield url


@pytest.fixture(scope="session")
def house(open_house: OpenHouse, criteria_url: str) -> Iterator[House]:
    """A gateway with small limits, criteria behind it, and nothing else."""
    with open_house(
        criteria_url=criteria_url,
        json_bytes=100_000,
        json_seconds=1,
        upload_bytes=20_000_000,
        stream_seconds=10,
        idle_seconds=2,
        trusted_proxies="",
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
def token(token_for: TokenFor) -> str:
    return token_for("auditor@vn", subject="auditor")


@pytest.fixture(scope="session")
def client(house: House, token: str) -> Iterator[httpx.Client]:
    with house.client(token) as opened:
        yield opened


@dataclass(frozen=True)
class IssuerFiles:
    """What the development issuer reads."""

    key: Path
    users: Path

    @property
    def key_set(self) -> Path:
        return self.key.with_name("jwks.json")


@pytest.fixture(scope="session")
def issuer_files(tmp_path_factory: pytest.TempPathFactory) -> IssuerFiles:
    folder = tmp_path_factory.mktemp("issuer")
    make_key(folder / "key.pem")
    (folder / "users.json").write_text(json.dumps(USERS))
    return IssuerFiles(folder / "key.pem", folder / "users.json")
