"""Processes this machine runs for us: who they are, how they end, how a leftover is known again."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

START_TIME_TOLERANCE_SECONDS = 1.0
STRAY_SECONDS = 0.2
POLL_SECONDS = 0.02


class ProcessGoneError(Exception):
    """A process ended before it could be identified."""


@dataclass(frozen=True)
class ProcessIdentity:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Identify a living process."""
        return cls(pid=pid, started=float(psutil.Process(pid).create_time()))

    def is_alive(self) -> bool:
        """Tell whether this very process still runs; one that waits to be reaped does not."""
        try:
            process = psutil.Process(self.pid)
            drift = abs(float(process.create_time()) - self.started)
            zombie = bool(process.status() == psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False
        return drift < START_TIME_TOLERANCE_SECONDS and not zombie


@dataclass(frozen=True)
class Program:
    """A command that runs for as long as the house stands, or until it has done its work."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path


def spawn(program: Program) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own, so that Ctrl-C reaches the runner alone."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=program.folder,
            env=dict(program.environment),
            start_new_session=True,
        )


@contextlib.contextmanager
def running(program: Program) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a program that must not outlive the work it is needed for."""
    process = spawn(program)
    try:
        yield process
    finally:
        if process.poll() is None:
            kill_group(process.pid)
            process.wait()


def remember(record: Path, pid: int) -> None:
    """Note a process so that a later run knows it again."""
    try:
        identity = ProcessIdentity.of(pid)
    except psutil.NoSuchProcess as error:
        raise ProcessGoneError(f"process {pid} is gone") from error
    record.parent.mkdir(parents=True, exist_ok=True)
    partial = record.with_suffix(".partial")
    partial.write_text(json.dumps({"pid": identity.pid, "started": identity.started}))
    partial.replace(record)


def recall(record: Path) -> ProcessIdentity | None:
    """Return the noted process while it lives."""
    try:
        noted = json.loads(record.read_text(encoding="ascii"))
        identity = ProcessIdentity(pid=int(noted["pid"]), started=float(noted["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return identity if identity.is_alive() else None


def end(identities: Iterable[ProcessIdentity], *, grace_seconds: float) -> None:
    """End processes that are not our children: asked first, killed after the grace."""
    asked = [identity for identity in identities if send(identity, signal.SIGTERM)]
    if not wait_until(lambda: not any(map(ProcessIdentity.is_alive, asked)), grace_seconds):
        for identity in asked:
            send(identity, signal.SIGKILL)
        wait_until(lambda: not any(map(ProcessIdentity.is_alive, asked)), grace_seconds)


def send(identity: ProcessIdentity, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; False when it is gone."""
    if not identity.is_alive():
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(identity.pid, number)
        return True
    return False


def kill_group(leader: int) -> None:
    """Kill a process with everything it started in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def running_in(folder: Path) -> list[ProcessIdentity]:
    """Return the processes whose working folder is `folder`: PostgreSQL's are known by it."""
    wanted = str(folder.resolve())
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == wanted:
                found.append(ProcessIdentity(process.pid, float(process.create_time())))
    return found


def end_strays(folder: Path) -> None:
    """Kill children of ours in `folder` that nobody waits for.

    A signal may arrive between the birth of a child and the note of it; such a child needs a moment
    until it works in its folder.
    """
    time.sleep(STRAY_SECONDS)
    ours = {child.pid for child in psutil.Process().children()}
    for stray in running_in(folder):
        if stray.pid in ours:
            kill_group(stray.pid)
            with contextlib.suppress(psutil.Error):
                psutil.Process(stray.pid).wait()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition for at most `seconds`; tell whether it came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def last_lines(log: Path, *, count: int = 15) -> str:
    """Return the end of a log for a message about its program."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8_192))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-count:])
