"""The database, its roles and schemas: each service walled off from the others."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from local_deployment import layout, secret_files
from local_deployment.errors import LocalError

MAINTENANCE_DATABASES = ("postgres", "template1", "")
# Any number, the same for every run: two at once would update the same rows of the catalogue.
PREPARATION_LOCK = 4_611_001


class ServiceUrls(NamedTuple):
    """How a service reaches its schema: as owner to migrate, as runtime to serve."""

    owner: str
    runtime: str


def role_names() -> list[str]:
    """List the roles a password is needed for."""
    return [f"{service}_{kind}" for service in layout.SERVICES for kind in ("owner", "runtime")]


def keep_passwords(file: Path) -> dict[str, str]:
    """Return the password of each role, made on the first call and kept in a private file."""
    return secret_files.keep_secrets(file, role_names())


def prepare(admin_url: str, database: str, passwords: Mapping[str, str]) -> dict[str, ServiceUrls]:
    """Make the database, roles and schemas where they are missing; return each service's URLs."""
    with psycopg.connect(admin_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [PREPARATION_LOCK])
        try:
            for service in layout.SERVICES:
                prepare_roles(server, service, passwords=passwords)
            make_database(server, database)
            prepare_schemas(with_database(admin_url, database))
        except psycopg.errors.InsufficientPrivilege as error:
            raise LocalError(
                f"The role of DATABASE_URL may not create roles or databases: {error}"
            ) from error
    return {
        service: urls_of(admin_url, database, service, passwords) for service in layout.SERVICES
    }


def prepare_roles(
    server: "psycopg.Connection[tuple[object, ...]]", service: str, *, passwords: Mapping[str, str]
) -> None:
    told = {"service": service}
    for kind in ("owner", "runtime"):
        role = f"{service}_{kind}"
        # Only the verifier travels: a server that logs statements must not log a password.
        verifier = server.pgconn.encrypt_password(
            passwords[role].encode(), role.encode(), b"scram-sha-256"
        )
        told[f"{kind}_password"] = verifier.decode()
    run_file(server, "roles.sql", told)


def make_database(server: "psycopg.Connection[tuple[object, ...]]", database: str) -> None:
    found = server.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone()
    if found is None:
        # template0 and C: the same order and the same bytes on every server, whatever its locale.
        statement = sql.SQL(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        server.execute(statement.format(sql.Identifier(database)))


def prepare_schemas(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        run_file(connection, "database.sql", {})
        for service in layout.SERVICES:
            run_file(connection, "schema.sql", {"service": service})


def run_file(
    connection: "psycopg.Connection[tuple[object, ...]]", name: str, told: Mapping[str, str]
) -> None:
    statements = (layout.POSTGRES_SQL / name).read_bytes()
    with connection.transaction():
        for setting, value in told.items():
            # For this transaction alone, so that no password outlives it.
            connection.execute("SELECT set_config(%s, %s, true)", [f"chungsuc.{setting}", value])
        connection.execute(statements)


def database_of(admin_url: str, *, default: str) -> str:
    """Return the database a given URL means, or `default` when it names a maintenance one."""
    named = urlsplit(admin_url).path.removeprefix("/")
    return default if named in MAINTENANCE_DATABASES else named


def with_database(url: str, database: str) -> str:
    """Return `url` leading to another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def urls_of(
    admin_url: str, database: str, service: str, passwords: Mapping[str, str]
) -> ServiceUrls:
    """Return the URLs of a service's two roles in `database`."""
    owner, runtime = (
        with_login(with_database(admin_url, database), role, passwords[role])
        for role in (f"{service}_owner", f"{service}_runtime")
    )
    return ServiceUrls(owner=owner, runtime=runtime)


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{place}"))
