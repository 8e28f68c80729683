"""The walls inside PostgreSQL: what each runtime role may do, and what nobody may."""

from collections.abc import Mapping

import psycopg
import pytest
from chungsuc.database import plain_url
from local_deployment.roles import ServiceUrls

from tests.architecture.sources import SERVICES

Urls = Mapping[str, ServiceUrls]

# Tables whose rows are state, not facts. Everything else is append-only for the runtime role.
PLATFORM_STATE = {
    "feed_state": {"UPDATE"},
    "feed_gap": {"DELETE"},
    "feed_cursor": {"UPDATE"},
    "idempotency_record": {"DELETE"},
    "job": {"UPDATE"},
    "procrastinate_jobs": {"UPDATE", "DELETE"},
    "procrastinate_events": {"UPDATE", "DELETE"},
    "procrastinate_workers": {"UPDATE", "DELETE"},
    "procrastinate_periodic_defers": {"UPDATE", "DELETE"},
}
STATE: dict[str, dict[str, set[str]]] = {
    "criteria": {},
    "funding": {},
    "reporting": {},
}


def granted(urls: Urls, service: str) -> dict[str, set[str]]:
    with psycopg.connect(plain_url(urls[service].owner)) as connection:
        rows = connection.execute(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
            "WHERE grantee = %s AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')",
            [f"{service}_runtime"],
        ).fetchall()
    found: dict[str, set[str]] = {}
    for table, privilege in rows:
        found.setdefault(table, set()).add(privilege)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_facts_are_append_only_for_the_runtime_role(urls: Urls, service: str) -> None:
    assert granted(urls, service) == {**PLATFORM_STATE, **STATE[service]}


@pytest.mark.parametrize("service", SERVICES)
def test_a_runtime_role_is_refused_by_the_other_schemas(urls: Urls, service: str) -> None:
    with psycopg.connect(plain_url(urls[service].runtime), autocommit=True) as connection:
        for other in SERVICES:
            if other == service:
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {other}.change")  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (n int)")


@pytest.mark.parametrize("service", SERVICES)
def test_security_definer_functions_fix_their_search_path(urls: Urls, service: str) -> None:
    """Else a caller could put his own table in front of ours."""
    with psycopg.connect(plain_url(urls[service].owner)) as connection:
        open_ones = connection.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = %s AND p.prosecdef "
            "AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%%search_path=%%', false)",
            [service],
        ).fetchall()
    assert open_ones == []


@pytest.mark.parametrize("table", ["transfer", "entry", "balance"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_ledger_refuses_its_own_service(urls: Urls, table: str, statement: str) -> None:
    with (
        psycopg.connect(plain_url(urls["funding"].runtime)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.format(table))  # type: ignore[arg-type]


@pytest.mark.parametrize("table", ["transfer", "entry", "balance"])
def test_the_ledger_is_written_by_its_functions_only(urls: Urls, table: str) -> None:
    with (
        psycopg.connect(plain_url(urls["funding"].runtime)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"INSERT INTO {table} DEFAULT VALUES")  # type: ignore[arg-type]
