"""Servers of these tests' own: they are killed, so nobody else may stand on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_deployment import postgres, roles

DATABASE = "walls"


def own_server(folder: Path) -> postgres.OwnServer:
    """Return a server in a folder; small, as several run side by side."""
    return postgres.OwnServer(
        folder, port=None, binaries=postgres.find_binaries(), settings={"shared_buffers": "32MB"}
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.OwnServer]:
    made = own_server(tmp_path_factory.mktemp("postgres"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def service_urls(server: postgres.OwnServer) -> dict[str, roles.ServiceUrls]:
    passwords = {role: f"secret of {role}" for role in roles.role_names()}
    return roles.prepare(server.admin_url, DATABASE, passwords)
