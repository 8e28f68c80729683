"""`make restore`: a database as a backup saw it, in an empty place, its feeds in a new epoch."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
from chungsuc import migrations
from psycopg import sql

from local_deployment import (
    backup_file,
    contents,
    demonstration_data,
    layout,
    processes,
    roles,
    server_access,
    server_tools,
)
from local_deployment.backup_file import Manifest
from local_deployment.errors import LocalError
from local_deployment.plan import inherited_environment
from local_deployment.progress import Progress
from local_deployment.roles import ServiceUrls

AFTER_RESTORE = "after_restore.sql"


def restore(file: Path, *, is_replacing: bool) -> int:
    """Restore a backup into the house's server, which must not run, and bring it up to date."""
    progress = Progress(is_shown=True)
    began = time.monotonic()
    folder = layout.local_folder()
    with (
        server_access.server_alone(folder) as server,
        backup_file.unpacked(file, beside=folder) as (manifest, archive),
    ):
        restore_into(
            server.admin_url,
            folder=folder,
            manifest=manifest,
            archive=archive,
            is_replacing=is_replacing,
            progress=progress,
        )
    progress.say(
        f"Restored as of {manifest.made_at} in {time.monotonic() - began:.1f} s; "
        "readers will rebuild what they copied."
    )
    return 0


def restore_into(
    admin_url: str,
    *,
    folder: Path,
    manifest: Manifest,
    archive: Path,
    is_replacing: bool,
    progress: Progress,
) -> None:
    """Fill the database of this environment, and check every table against the manifest."""
    name = server_access.database_name()
    require_known_revisions(manifest)
    tools = server_tools.find_tools(require_version(admin_url, manifest))
    with progress.step("Database, roles and schemas"):
        make_room(admin_url, name, is_replacing=is_replacing)
        passwords = roles.keep_passwords(folder / "role-passwords.json")
        urls = roles.prepare(admin_url, name, passwords)
    url = roles.with_database(admin_url, name)
    with progress.step(f"{len(manifest.tables)} tables, {manifest.rows:,} rows"):
        # One transaction: what cannot be restored whole leaves the database empty.
        arguments = ["--single-transaction", "--exit-on-error"]
        arguments += [f"--schema={service}" for service in layout.SERVICES]
        server_tools.run_tool(tools / "pg_restore", [*arguments, str(archive)], url=url)
    with progress.step("Every table against the manifest"):
        require_equal(url, manifest)
    with progress.step("New epochs of the feeds"):
        begin_epochs(url, manifest)
    with progress.step("Migrations"):
        migrate(folder, urls)
    # A restored house holds what the backup held; the next start must not add to it.
    demonstration_data.mark_of(folder, urls["criteria"].runtime).touch()


def require_known_revisions(manifest: Manifest) -> None:
    for service in layout.SERVICES:
        revision = manifest.services[service].revision
        if not migrations.has_revision(layout.service_folder(service), revision):
            raise LocalError(
                f"The backup's schema {service} is at {revision}, which this version of "
                "Chung Sức does not know: restore with the version that made it, or a newer one."
            )


def require_version(admin_url: str, manifest: Manifest) -> int:
    with psycopg.connect(admin_url) as connection:
        major = connection.info.server_version // 10_000
    if major < manifest.server_version:
        raise LocalError(
            f"The backup is of PostgreSQL {manifest.server_version}; this server is {major}. "
            "A backup goes to the same version or a newer one."
        )
    return major


def make_room(admin_url: str, database: str, *, is_replacing: bool) -> None:
    """See to it that the schemas are empty, or refuse."""
    with psycopg.connect(admin_url, autocommit=True) as server:
        roles.make_database(server, database)
        users = server.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity "
            "WHERE datname = %s AND usename = ANY(%s)",
            [database, roles.role_names()],
        ).fetchall()
    if users:
        named = ", ".join(sorted(str(user) for (user,) in users))
        raise LocalError(f"Services use this database ({named}): stop them first.")
    with psycopg.connect(roles.with_database(admin_url, database)) as connection:
        tables = contents.list_tables(connection)
        if tables and not is_replacing:
            raise LocalError(
                f"The database {database} is not empty: {len(tables)} tables.\n"
                "Restore into a new folder or database, or replace all that is in this one with "
                "--replace (make restore FILE=… REPLACE=1)."
            )
        for schema in layout.SERVICES:
            dropping = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            connection.execute(dropping.format(sql.Identifier(schema)))


def require_equal(url: str, manifest: Manifest) -> None:
    """Refuse a copy that is not, row by row, what the backup's snapshot held."""
    with contents.connect(url) as connection:
        found = contents.survey(connection)
    differing = sorted(
        table
        for table in manifest.tables.keys() | found.keys()
        if manifest.tables.get(table) != found.get(table)
    )
    if differing:
        raise LocalError(f"Restored, but not as backed up: {', '.join(differing)}.")


def begin_epochs(url: str, manifest: Manifest) -> None:
    """Give every feed a new epoch, all in one transaction; and let the planner know the tables."""
    with psycopg.connect(url) as connection, connection.transaction():
        for service in layout.SERVICES:
            roles.run_file(connection, AFTER_RESTORE, {"service": service})
            # Last: without its revision a schema cannot be migrated, so that no service starts on
            # a database whose restore was broken off before the new epoch.
            noting = sql.SQL("INSERT INTO {} (version_num) VALUES (%s)")
            revision = manifest.services[service].revision
            connection.execute(
                noting.format(sql.Identifier(service, contents.REVISION_TABLE)), [revision]
            )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def migrate(folder: Path, urls: Mapping[str, ServiceUrls]) -> None:
    """Bring the schemas from the backup's revision to the newest."""
    for service in layout.SERVICES:
        program = processes.Program(
            name=f"{service}-migrate",
            command=[sys.executable, "-m", f"{service}.migrate"],
            environment=inherited_environment() | {"MIGRATION_DATABASE_URL": urls[service].owner},
            folder=folder,
            log=folder / "logs" / f"{service}-migrate.log",
        )
        with processes.running(program) as process:
            if process.wait() != 0:
                raise LocalError(
                    f"{program.name} failed; the end of {program.log}:\n"
                    f"{processes.last_lines(program.log)}"
                )
