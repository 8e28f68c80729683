"""`make doctor`: the house that runs here, service by service, and the server below them."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import psycopg
from chungsuc import doctor
from chungsuc.clock import SystemClock
from chungsuc.doctor import Check, Level, Limits
from chungsuc.text import Text

from local_deployment import layout, roles, server_access

IN_GIB = 1024**3
# PostgreSQL stops when it cannot write; its log of changes alone may grow to 2 GiB.
FREE_GIB_WARNING, FREE_GIB_FAILURE = 5.0, 1.0
CONNECTIONS_SHARE = Limits(0.8, 0.95)


def examine() -> int:
    """Print what was found of each service and of the server; 1 when anything failed."""
    folder = layout.local_folder()
    server = server_access.running_server(folder)
    passwords = roles.keep_passwords(folder / "role-passwords.json")
    name = server_access.database_name()
    found: list[Check] = []
    for service in layout.SERVICES:
        urls = roles.urls_of(server.admin_url, name, service, passwords)
        _, checks = asyncio.run(doctor.examine(urls.runtime, clock=SystemClock()))
        print(doctor.table(service, checks))
        found += checks
    with psycopg.connect(server.admin_url) as connection:
        checks = [check_sessions(connection), check_connections(connection)]
    data = folder / "postgres" / "data"
    if server_access.is_own_server():
        checks.append(check_disk(data))
    print(doctor.table("postgresql", checks))
    return doctor.exit_status([*found, *checks])


def check_sessions(connection: psycopg.Connection[Any]) -> Check:
    """Look at every session of the server, which a service's own role may not."""
    found = connection.execute(
        "SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8, usename "
        "FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend' ORDER BY xact_start LIMIT 1"
    ).fetchone()
    seconds, user = found or (0.0, "-")
    told = Text(
        f"giao dịch lâu nhất của máy chủ: {seconds:.1f} giây ({user})",
        f"oldest transaction of the server: {seconds:.1f} s ({user})",
    )
    return Check("transactions", doctor.OLDEST_TRANSACTION_SECONDS.level_of(seconds), told)


def check_connections(connection: psycopg.Connection[Any]) -> Check:
    found = connection.execute(
        "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity "
        "WHERE backend_type = 'client backend'"
    ).fetchone()
    used, most = found or (0, 1)
    told = Text(f"{used} trên {most} kết nối", f"{used} of {most} connections")
    return Check("connections", CONNECTIONS_SHARE.level_of(used / most), told)


def check_disk(data: Path) -> Check:
    """Look at the room left where the server's files lie."""
    usage = shutil.disk_usage(data)
    free = usage.free / IN_GIB
    level = Level((free < FREE_GIB_WARNING) + (free < FREE_GIB_FAILURE))
    told = Text(
        f"đĩa còn trống {free:.1f} GiB trên {usage.total / IN_GIB:.0f} GiB",
        f"{free:.1f} GiB of {usage.total / IN_GIB:.0f} GiB are free",
    )
    return Check("disk", level, told)
