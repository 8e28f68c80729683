"""The walls between the services' schemas, tried as each role."""

import itertools
from pathlib import Path

import psycopg
import pytest
from local_deployment import layout, postgres, roles
from psycopg import errors, sql

from tests.local.conftest import DATABASE

Urls = dict[str, roles.ServiceUrls]
PAIRS = list(itertools.permutations(layout.SERVICES, 2))


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="module", autouse=True)
def tables(service_urls: Urls) -> None:
    for service in layout.SERVICES:
        run(service_urls[service].owner, "CREATE TABLE fact (value integer)")
        run(
            service_urls[service].owner,
            "CREATE FUNCTION answer() RETURNS integer LANGUAGE sql AS 'SELECT 42'",
        )


@pytest.mark.parametrize(("service", "other"), PAIRS)
@pytest.mark.parametrize("kind", ["owner", "runtime"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {other}.fact",
        "INSERT INTO {other}.fact VALUES (1)",
        "DELETE FROM {other}.fact",
        "SELECT {other}.answer()",
        "CREATE TABLE {other}.intruder (value integer)",
        "SET ROLE {other}_owner",
    ],
)
def test_no_role_enters_another_services_schema(
    service_urls: Urls, service: str, other: str, kind: str, statement: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        run(getattr(service_urls[service], kind), statement.format(other=other))


@pytest.mark.parametrize("service", layout.SERVICES)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM fact",
        "INSERT INTO fact VALUES (1)",
        "UPDATE fact SET value = 2",
        "DROP TABLE fact",
        "SELECT answer()",
        "CREATE TABLE intruder (value integer)",
        "CREATE TABLE public.intruder (value integer)",
        "CREATE SCHEMA intruder",
        "GRANT SELECT ON fact TO PUBLIC",
        "CREATE ROLE intruder",
    ],
)
def test_the_runtime_role_has_only_what_a_migration_grants(
    service_urls: Urls, service: str, statement: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        run(service_urls[service].runtime, statement)


def test_a_granted_table_is_found_without_naming_the_schema(service_urls: Urls) -> None:
    urls = service_urls["criteria"]
    run(urls.owner, "CREATE TABLE granted (value integer)")
    run(urls.owner, "GRANT INSERT, SELECT ON granted TO criteria_runtime")
    run(urls.runtime, "INSERT INTO granted VALUES (1)")
    with psycopg.connect(urls.runtime) as connection:
        found = connection.execute("SELECT value, current_schema() FROM granted").fetchall()
    assert found == [(1, "criteria")]


def test_a_stranger_may_not_even_connect(server: postgres.OwnServer, service_urls: Urls) -> None:
    run(server.admin_url, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    url = roles.with_login(service_urls["criteria"].runtime, "stranger", "stranger")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


def test_no_role_may_lead_another_or_exceed_its_connections(server: postgres.OwnServer) -> None:
    with psycopg.connect(server.admin_url) as connection:
        found = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolconnlimit > 0 FROM pg_roles "
            "WHERE rolname = ANY(%s) ORDER BY rolname",
            [roles.role_names()],
        ).fetchall()
        memberships = connection.execute(
            "SELECT count(*) FROM pg_auth_members WHERE member::regrole::text = ANY(%s)",
            [roles.role_names()],
        ).fetchone()
    assert [row[0] for row in found] == sorted(roles.role_names())
    assert {row[1:] for row in found} == {(False, False, False, True)}
    assert memberships == (0,)


def test_preparing_again_renews_the_passwords_and_keeps_the_data(
    server: postgres.OwnServer, service_urls: Urls
) -> None:
    renewed = dict.fromkeys(roles.role_names(), "renewed / ü@:")
    urls = roles.prepare(server.admin_url, DATABASE, renewed)
    run(urls["criteria"].owner, "INSERT INTO fact VALUES (7)")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(service_urls["criteria"].owner)
    former = {role: f"secret of {role}" for role in roles.role_names()}
    assert roles.prepare(server.admin_url, DATABASE, former) == service_urls


def test_an_administrator_without_superuser_can_prepare(
    server: postgres.OwnServer, service_urls: Urls
) -> None:
    assert service_urls.keys() == set(layout.SERVICES)
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE manager LOGIN CREATEDB CREATEROLE PASSWORD 'manager'")
        connection.execute("CREATE DATABASE managed OWNER manager")
        for role in roles.role_names():
            connection.execute(
                sql.SQL("GRANT {} TO manager WITH ADMIN OPTION").format(sql.Identifier(role))
            )
    url = roles.with_login(roles.with_database(server.admin_url, "managed"), "manager", "manager")
    passwords = {role: f"secret of {role}" for role in roles.role_names()}
    urls = roles.prepare(url, roles.database_of(url, default="other"), passwords)
    assert urls["funding"].owner.endswith("/managed")
    run(urls["funding"].owner, "CREATE TABLE fact (value integer)")


def test_passwords_are_kept_private_and_stay(tmp_path: Path) -> None:
    file = tmp_path / "role-passwords.json"
    made = roles.keep_passwords(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(set(made.values())) == len(made) == 2 * len(layout.SERVICES)
    assert roles.keep_passwords(file) == made
