"""One house per folder: a second is refused, and what a dead one left behind is ended."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from local_deployment import processes
from local_deployment.errors import LocalError

GRACE_SECONDS = 10.0


@contextlib.contextmanager
def claim(folder: Path, *, address: str) -> Iterator[None]:
    """Hold the folder for this process, or say who holds it."""
    file = folder / "run" / "runner.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    # A lock, not a file's existence: it goes with its process, however that ends.
    with file.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid, _, place = lock.read().strip().partition(" ")
            raise LocalError(
                f"Chung Sức runs here already: {place} (process {pid}).\n"
                f"Stop it with Ctrl-C where it runs, or with: kill {pid}"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {address}\n")
        lock.flush()
        yield


def record_of(folder: Path, name: str) -> Path:
    """Return the file in which a program's process is noted."""
    return folder / "run" / f"{name}.json"


def end_leftovers(folder: Path) -> list[str]:
    """End the programs that a killed runner left; return their names.

    PostgreSQL is not among them: it is known by its data folder and ended by its own start.
    """
    records = sorted((folder / "run").glob("*.json"))
    found = {record.stem: processes.recall(record) for record in records}
    living = {name: process for name, process in found.items() if process is not None}
    processes.end(living.values(), grace_seconds=GRACE_SECONDS)
    for record in records:
        record.unlink(missing_ok=True)
    return sorted(living)
