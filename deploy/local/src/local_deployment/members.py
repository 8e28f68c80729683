"""One program of the house that is kept running."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from local_deployment import processes
from local_deployment.errors import LocalError
from local_deployment.processes import Program

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30.0
# Running this long, a program counts as well again: its next fall is a new one.
WELL_AFTER_SECONDS = 20.0


class Member:
    """A program, its process, and when it may be started again after it died."""

    def __init__(self, program: Program, *, record: Path, ready_url: str | None) -> None:
        self.program = program
        self.ready_url = ready_url
        self.restarts = 0
        self._record = record
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay = FIRST_DELAY_SECONDS
        self._due_at: float | None = None

    @property
    def name(self) -> str:
        """Name of the program."""
        return self.program.name

    @property
    def pid(self) -> int | None:
        """Process id while the program runs."""
        return self._process.pid if self._process and self.is_running() else None

    def is_running(self) -> bool:
        """Tell whether the process lives; a dead one is reaped by asking."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program."""
        self._process = processes.spawn(self.program)
        self._started_at = time.monotonic()
        self._due_at = None
        with contextlib.suppress(processes.ProcessGoneError):
            processes.remember(self._record, self._process.pid)

    def require_running(self) -> None:
        """Say why the program ended, if it did."""
        if not self.is_running():
            raise LocalError(
                f"{self.name} ended while starting; the end of {self.program.log}:\n"
                f"{processes.last_lines(self.program.log)}"
            )

    def revive(self) -> bool:
        """Start a dead program again when its time has come; tell whether it was started."""
        if self._process is None or self.is_running():
            return False
        now = time.monotonic()
        if self._due_at is None:
            if now - self._started_at > WELL_AFTER_SECONDS:
                self._delay = FIRST_DELAY_SECONDS
            self._due_at = now + self._delay
            self._delay = min(2 * self._delay, LONGEST_DELAY_SECONDS)
        if now < self._due_at:
            return False
        self.restarts += 1
        self.start()
        return True

    def ask_to_end(self) -> None:
        """Ask the program to finish what it does and end."""
        if self._process and self.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def end(self, *, grace_seconds: float) -> None:
        """Wait for the program to end; kill it with all it started after the grace."""
        if self._process is None:
            return
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            processes.kill_group(self._process.pid)
            self._process.wait()
        self._process = None
        self._record.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kill the process as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()
