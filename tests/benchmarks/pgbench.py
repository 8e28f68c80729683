"""pgbench, the yardstick that comes with PostgreSQL, and our postings run by the same program."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from local_deployment import postgres, roles
from local_deployment.house import House

SECONDS = 2
BRANCHES = 32
TPC_B, ONE_BRANCH = "bench_tpcb", "bench_tpcb_one"


class Run(NamedTuple):
    """What one run of pgbench said."""

    per_second: float
    failed: int


def find_program() -> Path | None:
    """Return pgbench of the server's own binaries, else the installed one."""
    own = postgres.find_binaries() / "pgbench"
    installed = shutil.which("pgbench")
    return own if own.exists() else Path(installed) if installed else None


def prepare(program: Path, house: House, database: str, *, branches: int) -> str:
    """Return the URL of a database with the tables of TPC-B, made on the first call."""
    url = roles.with_database(house.admin_url, database)
    with psycopg.connect(house.admin_url, autocommit=True) as admin:
        found = admin.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone()
        if found is None:
            admin.execute(f"CREATE DATABASE {database} TEMPLATE template0")
            command = [program, "-i", "-q", "-s", str(branches), url]
            subprocess.run(command, check=True, capture_output=True)
    return url


def run(
    program: Path,
    url: str,
    *,
    callers: int,
    script: str | None = None,
    variables: dict[str, Any] | None = None,
    seconds: int = SECONDS,
) -> Run:
    """Run TPC-B-like, or a script, with prepared statements, and return transactions a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script or "")
        file.flush()
        command: list[Any] = [program, "-n", "-M", "prepared", "-T", str(seconds)]
        command += ["-c", str(callers), "-j", str(min(callers, 2))]
        for name, value in (variables or {}).items():
            command += ["-D", f"{name}={value}"]
        command += ["-f", file.name] if script else ["-b", "tpcb-like"]
        done = subprocess.run([*command, url], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    assert rate, done.stdout
    return Run(float(rate[1]), int(failed[1]) if failed else 0)


def pockets_as_variables(pockets: Sequence[int]) -> dict[str, int]:
    """Pockets are taken by number from first to last; they must be neighbours."""
    assert list(pockets) == list(range(pockets[0], pockets[0] + len(pockets)))
    return {"first": pockets[0], "last": pockets[-1]}
