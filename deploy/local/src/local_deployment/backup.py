"""`make backup`: all services at one moment, while they go on working."""

import time
from pathlib import Path

import psycopg
from psycopg import sql

from local_deployment import backup_file, contents, layout, server_access, server_tools
from local_deployment.backup_file import Manifest
from local_deployment.errors import LocalError
from local_deployment.progress import Progress

IN_MIB = 1024 * 1024


def backup(file: Path) -> int:
    """Write a backup of the house's database to a file, and say what it holds."""
    progress = Progress(is_shown=True)
    began = time.monotonic()
    with server_access.any_server(layout.local_folder()) as server:
        url = server_access.database_url(server)
        manifest = backup_file.write(file, lambda archive: dump(url, archive))
    progress.say(
        f"{file}: {len(manifest.tables)} tables, {manifest.rows:,} rows as of {manifest.made_at}, "
        f"{file.stat().st_size / IN_MIB:.1f} MiB, {time.monotonic() - began:.1f} s"
    )
    for service, state in manifest.services.items():
        progress.say(
            f"  {service:10} revision {state.revision}, feed {state.epoch}:{state.last_position}"
        )
    return 0


def dump(url: str, archive: Path) -> Manifest:
    """Dump the services' schemas, and survey them in the same snapshot."""
    try:
        with contents.connect(url) as connection:
            major = connection.info.server_version // 10_000
            tools = server_tools.find_tools(major)
            found = connection.execute(
                "SELECT pg_export_snapshot(), to_char(now(), 'YYYY-MM-DD\"T\"HH24:MI:SSOF')"
            ).fetchone()
            snapshot, made_at = found or ("", "")
            require_schemas(connection)
            arguments = [f"--snapshot={snapshot}", "--format=custom", f"--file={archive}"]
            arguments += [f"--schema={service}" for service in layout.SERVICES]
            arguments += [f"--exclude-table-data=*.{contents.REVISION_TABLE}"]
            server_tools.run_tool(tools / "pg_dump", arguments, url=url)
            return Manifest(
                made_at=made_at,
                server_version=major,
                archive_sha256=backup_file.sha256_of(archive),
                services={s: contents.state_of(connection, s) for s in layout.SERVICES},
                tables=contents.survey(connection),
            )
    except psycopg.Error as error:
        raise LocalError(f"The database cannot be read: {error}") from error


def require_schemas(connection: contents.Connection) -> None:
    for service in layout.SERVICES:
        named = sql.Literal(f"{service}.{contents.REVISION_TABLE}")
        found = connection.execute(sql.SQL("SELECT to_regclass({})").format(named)).fetchone()
        if found is None or found[0] is None:
            raise LocalError(f"The schema {service} is empty: there is nothing to back up.")
