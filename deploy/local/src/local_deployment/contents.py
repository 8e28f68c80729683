"""What is in the schemas of a database at one moment, so that a copy can be held against it."""

from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from local_deployment import layout
from local_deployment.errors import LocalError

# Rows are compared as text, which these settings would change.
TEXT_SETTINGS = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres "
    "-c bytea_output=hex -c extra_float_digits=1"
)
# Kept in the manifest instead: it comes back last, as the mark that a restore was finished.
REVISION_TABLE = "alembic_version"
Connection = psycopg.Connection[tuple[Any, ...]]


class TableContent(NamedTuple):
    """The rows of a table as one number, whatever their order."""

    rows: int
    digest: str


class ServiceState(NamedTuple):
    """Where a service's schema stands."""

    revision: str
    epoch: str
    last_position: int


def connect(url: str) -> Connection:
    """Connect for a read-only look at one moment."""
    connection = psycopg.connect(url, options=TEXT_SETTINGS)
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def list_tables(connection: Connection) -> list[tuple[str, str]]:
    """List schema and name of every table of the services, that of the revision apart."""
    return connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY(%s) AND c.relkind = 'r' AND c.relname <> %s ORDER BY 1, 2",
        [list(layout.SERVICES), REVISION_TABLE],
    ).fetchall()


def survey(connection: Connection) -> dict[str, TableContent]:
    """Count and hash every table, in the connection's snapshot."""
    return {
        f"{schema}.{table}": content_of(connection, schema, table)
        for schema, table in list_tables(connection)
    }


def content_of(connection: Connection, schema: str, table: str) -> TableContent:
    statement = sql.SQL(
        "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} AS t"
    )
    found = connection.execute(statement.format(sql.Identifier(schema, table))).fetchone()
    return TableContent(*found) if found else TableContent(0, "0")


def state_of(connection: Connection, service: str) -> ServiceState:
    """Read where a service's schema stands; refuse one whose restore was never finished."""
    statement = sql.SQL(
        "SELECT (SELECT max(version_num) FROM {}), epoch::text, last_position FROM {}"
    ).format(sql.Identifier(service, REVISION_TABLE), sql.Identifier(service, "feed_state"))
    found = connection.execute(statement).fetchone()
    if found is None or found[0] is None:
        raise LocalError(f"The schema {service} has no revision: its restore was broken off.")
    return ServiceState(*found)
