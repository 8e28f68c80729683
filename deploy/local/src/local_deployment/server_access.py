"""The house's server for one command: the one that runs, or started for it and stopped again."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from local_deployment import leftovers, postgres, roles
from local_deployment.errors import LocalError
from local_deployment.house import DATABASE
from local_deployment.postgres import Server

ANSWER_SECONDS = 10.0


def database_name() -> str:
    """Return the database that the services of this environment use."""
    return roles.database_of(os.environ.get("DATABASE_URL", ""), default=DATABASE)


def database_url(server: Server) -> str:
    """Return the administrator's URL of that database."""
    return roles.with_database(server.admin_url, database_name())


def running_server(folder: Path) -> Server:
    """Return the server that runs, or say that none does."""
    require_house(folder)
    server = postgres.choose_server(folder / "postgres")
    postgres.wait_for_answer(server.admin_url, ANSWER_SECONDS, alive=lambda: True)
    return server


@contextlib.contextmanager
def any_server(folder: Path) -> Iterator[Server]:
    """Give the server whether the house runs or not; leave it as it was found."""
    require_house(folder)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(leftovers.claim(folder, address="a command"))
        except LocalError:
            server = running_server(folder)
        else:
            server = held.enter_context(started(postgres.choose_server(folder / "postgres")))
        yield server


@contextlib.contextmanager
def server_alone(folder: Path) -> Iterator[Server]:
    """Give the server while the house does not run, or refuse; it is stopped again."""
    folder.mkdir(parents=True, exist_ok=True)
    with leftovers.claim(folder, address="a command"):
        leftovers.end_leftovers(folder)
        with started(postgres.choose_server(folder / "postgres")) as server:
            yield server


@contextlib.contextmanager
def started(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def is_own_server() -> bool:
    """Tell whether the server's files lie in our folder."""
    return not os.environ.get("DATABASE_URL")


def require_house(folder: Path) -> None:
    if is_own_server() and not (folder / "postgres" / "data" / "PG_VERSION").exists():
        raise LocalError(f"There is no database in {folder} yet: it is made by make run.")
