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
    "funding": {
        # The copy of criteria's registers.
        **{key: {"DELETE"} for key in ["area_span", "area_succession"]},
        **{key: {"UPDATE"} for key in ["organisation", "document"]},
    },
    "reporting": {
        # Copies of the other services, and the facts folded from them: a rebuild empties all.
        **{
            key: {"DELETE"}
            for key in ["area_span", "area_succession", "pocket", "posted_transfer", "posted_line"]
        },
        **{
            key: {"UPDATE", "DELETE"}
            for key in ["organisation", "document", "criteria_set", "programme"]
        },
        **{key: {"UPDATE", "DELETE"} for key in ["result_fact", "money_fact", "target_fact"]},
    },
}

STATE_COLUMNS: dict[str, dict[str, set[str]]] = {
    "criteria": {
        "area": {"revision"},
        # What closed a row; a trigger lets it be set once.
        **{key: {"superseded_by"} for key in ["area_span", "area_attribute", "area_lineage"]},
        # A draft may be rewritten; a trigger keeps what is published.
        "criteria_set": {
            "state",
            "body",
            "resolved",
            "hash",
            "area_kind",
            "designations",
            "valid_from",
            "valid_to",
            "is_demonstration",
            "revision",
            "recorded_by",
        },
        # The current step: recomputed from the sheets, which are append-only.
        "verdict": {
            "criteria_set_hash",
            "indicators",
            "criteria",
            "criteria_met",
            "criteria_total",
            "indicators_met",
            "indicators_total",
            "verdict_code",
            "is_demonstration",
            "revision",
            "recorded_by",
        },
        # What may be mended of a measure; its type, scale and slot may not.
        "measure": {
            "name_vi",
            "name_en",
            "unit",
            "minimum",
            "maximum",
            "breakdown",
            "validity",
            "revision",
        },
    },
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
def test_columns_that_are_state_are_named(urls: Urls, service: str) -> None:
    """A table of facts may have a column of state, such as what closed the row."""
    with psycopg.connect(plain_url(urls[service].owner)) as connection:
        rows = connection.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.role_column_grants c "
            "WHERE c.grantee = %(role)s AND c.privilege_type = 'UPDATE' AND NOT EXISTS ("
            "  SELECT FROM information_schema.role_table_grants t WHERE t.grantee = %(role)s "
            "  AND t.table_name = c.table_name AND t.privilege_type = 'UPDATE')",
            {"role": f"{service}_runtime"},
        ).fetchall()
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    assert found == STATE_COLUMNS[service]


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfer SET amount_vnd = 1",
        "UPDATE entry SET amount_vnd = 1",
        "UPDATE balance SET available_vnd = 1",
        "DELETE FROM transfer",
        "DELETE FROM entry",
        "DELETE FROM balance",
        "TRUNCATE transfer CASCADE",
        "TRUNCATE entry",
        "TRUNCATE balance",
    ],
)
def test_the_ledger_refuses_its_own_service(urls: Urls, statement: str) -> None:
    with (
        psycopg.connect(plain_url(urls["funding"].runtime)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", ["transfer", "entry", "balance"])
def test_the_ledger_is_written_by_its_functions_only(urls: Urls, table: str) -> None:
    with (
        psycopg.connect(plain_url(urls["funding"].runtime)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"INSERT INTO {table} DEFAULT VALUES")  # type: ignore[arg-type]
