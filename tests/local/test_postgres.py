"""The server of a house: it keeps what it acknowledged, and ends only what is its own."""

import os
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from local_deployment import ports, postgres, processes
from local_deployment.errors import LocalError

from tests.local.conftest import own_server

KILLS = 3


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[postgres.OwnServer]:
    made = own_server(tmp_path / "postgres")
    yield made
    made.stop()


def test_a_server_starts_stops_and_starts_again_with_its_data(
    fresh_server: postgres.OwnServer,
) -> None:
    fresh_server.start()
    url = fresh_server.admin_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
    fresh_server.stop()
    assert not fresh_server.is_running()
    assert fresh_server.pid is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    fresh_server.start()
    assert fresh_server.admin_url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [(1,)]


def test_a_killed_server_loses_nothing_it_acknowledged(fresh_server: postgres.OwnServer) -> None:
    fresh_server.start()
    with psycopg.connect(fresh_server.admin_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE written (value bigint PRIMARY KEY)")
    acknowledged: list[int] = []
    enough = threading.Event()

    def write() -> None:
        value = 0
        while not enough.is_set():
            try:
                with psycopg.connect(fresh_server.admin_url, autocommit=True) as connection:
                    while not enough.is_set():
                        value += 1
                        connection.execute("INSERT INTO written VALUES (%s)", [value])
                        acknowledged.append(value)
            except psycopg.OperationalError:
                time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(KILLS):
        wait_for_more(acknowledged)
        fresh_server.kill()
        fresh_server.start()
    enough.set()
    writer.join()
    with psycopg.connect(fresh_server.admin_url) as connection:
        found = {row[0] for row in connection.execute("SELECT value FROM written")}
    assert len(acknowledged) > KILLS * 50
    assert set(acknowledged) <= found


def wait_for_more(acknowledged: list[int]) -> None:
    wanted = len(acknowledged) + 50
    assert processes.wait_until(lambda: len(acknowledged) > wanted, 20)


def test_the_backends_of_a_killed_server_are_ended_before_the_next_start(
    fresh_server: postgres.OwnServer,
) -> None:
    fresh_server.start()
    with psycopg.connect(fresh_server.admin_url, autocommit=True) as busy:
        backend = processes.ProcessIdentity.of(busy.info.backend_pid)
        sleeper = threading.Thread(target=run_until_cut, args=(busy,))
        sleeper.start()
        # Stopped, it cannot notice that its server died: the hardest kind of leftover.
        os.kill(backend.pid, signal.SIGSTOP)
        fresh_server.kill()
        assert backend.is_alive()
        fresh_server.start()
        assert not backend.is_alive()
        sleeper.join()
    with psycopg.connect(fresh_server.admin_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def run_until_cut(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT pg_sleep(600)")


def test_starting_one_server_leaves_another_alone(
    server: postgres.OwnServer, fresh_server: postgres.OwnServer
) -> None:
    before = server.pid
    with psycopg.connect(server.admin_url) as connection:
        fresh_server.start()
        fresh_server.kill()
        fresh_server.start()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert server.pid == before


def test_a_server_left_by_a_dead_runner_is_replaced(fresh_server: postgres.OwnServer) -> None:
    fresh_server.start()
    assert fresh_server.pid
    left = processes.ProcessIdentity.of(fresh_server.pid)
    heir = own_server(fresh_server.data.parent)
    heir.start()
    try:
        assert not left.is_alive()
        assert heir.admin_url == fresh_server.admin_url
    finally:
        heir.stop()


def test_the_password_is_private_and_asked_for(fresh_server: postgres.OwnServer) -> None:
    fresh_server.start()
    kept = fresh_server.data.parent / "password.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not (fresh_server.data.parent / "initdb-password").exists()
    without = fresh_server.admin_url.replace("postgres:", "postgres:wrong", 1)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(without)


def test_an_initdb_that_was_cut_short_is_made_again(fresh_server: postgres.OwnServer) -> None:
    half_made = fresh_server.data.parent / "data.partial"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    fresh_server.start()
    assert fresh_server.is_running()


def test_data_of_another_version_are_refused_in_words(fresh_server: postgres.OwnServer) -> None:
    fresh_server.data.mkdir(parents=True)
    (fresh_server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(LocalError, match="made by PostgreSQL 9"):
        fresh_server.start()


def test_the_server_is_chosen_in_the_documented_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    with pytest.raises(LocalError, match="PG_BINDIR"):
        postgres.choose_server(tmp_path / "postgres")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://somebody@example.test/house")
    given = postgres.choose_server(tmp_path / "postgres")
    assert given.admin_url == "postgresql://somebody@example.test/house"
    with pytest.raises(LocalError, match="not ours"):
        given.kill()


def test_a_free_port_is_never_one_that_outgoing_connections_get() -> None:
    assert all(ports.find_free_port() < ports.first_ephemeral_port() for _ in range(50))
