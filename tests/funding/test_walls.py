"""What the runtime role may not do, even when the service is taken over."""

import psycopg
import pytest
from local_deployment.roles import ServiceUrls

LEDGER_TABLES = [
    "transfer",
    "pending_transfer",
    "decision",
    "entry",
    "balance",
    "pocket",
    "limit_row",
    "ledger_key",
]
CATALOGUE_TABLES = [
    "programme",
    "capital_kind",
    "funding_source",
    "medium_term_period",
    "window_rule",
]


@pytest.fixture
def runtime(funding_urls: ServiceUrls) -> str:
    return funding_urls.runtime


def refused(url: str, statement: str) -> None:
    with (
        psycopg.connect(url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)  # type: ignore[arg-type]


def test_nothing_writes_the_ledger_or_the_catalogue_directly(runtime: str) -> None:
    for table in [*LEDGER_TABLES, *CATALOGUE_TABLES]:
        column = {"balance": "paid_vnd", "limit_row": "used_vnd"}.get(table, "ctid")
        refused(runtime, f"INSERT INTO {table} DEFAULT VALUES")
        refused(runtime, f"DELETE FROM {table}")
        refused(runtime, f"TRUNCATE {table}")
        if column != "ctid":
            refused(runtime, f"UPDATE {table} SET {column} = 0")
    refused(runtime, "UPDATE entry SET amount_vnd = 1")
    refused(runtime, "UPDATE transfer SET amount_vnd = 1")
    refused(runtime, "UPDATE pocket SET budget_year = 2024")


def test_facts_about_projects_are_never_edited(runtime: str) -> None:
    refused(runtime, "UPDATE project SET total_investment_vnd = 1")
    refused(runtime, "DELETE FROM acceptance")
    refused(runtime, "UPDATE medium_term_plan SET ceiling_vnd = 1")


@pytest.mark.parametrize(
    "call",
    [
        "ledger_move_balances(ARRAY[]::ledger_line[], 1, 0)",
        "ledger_move_limits('[]', 1, 0)",
        "ledger_submit('{}', 'x', current_date, now(), now(), '')",
        "ledger_keep_answer('x', 'x', 'x', ''::bytea, '{}')",
        "ledger_conclude(NULL, 'posted', 'x', '', now(), '')",
        "load_catalogue('{}')",
    ],
)
def test_the_inner_functions_are_no_back_door(runtime: str, call: str) -> None:
    refused(runtime, f"SELECT {call}")


def test_the_functions_that_move_money_are_these(funding_urls: ServiceUrls) -> None:
    with psycopg.connect(funding_urls.owner) as owner:
        found = owner.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'funding'::regnamespace "
            "AND prosecdef ORDER BY proname"
        ).fetchall()
    assert [name for (name,) in found] == [
        "ledger_decide",
        "ledger_expire_next",
        "ledger_post",
        "ledger_post_batch",
        "open_limits_of_project",
        "raise_accepted_volume",
        "set_medium_term_ceiling",
    ]


def test_the_runtime_role_owns_nothing_and_makes_nothing(runtime: str) -> None:
    refused(runtime, "CREATE TABLE mine (n int)")
    refused(runtime, "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    refused(runtime, "ALTER TABLE balance DROP CONSTRAINT available_floor")
    refused(runtime, "SET ROLE funding_owner")
