"""The whole house on one machine: started, watched and stopped as one."""

import contextlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from local_deployment import identity, layout, leftovers, postgres, processes, roles
from local_deployment.errors import LocalError
from local_deployment.members import Member
from local_deployment.plan import Plan, Ports
from local_deployment.processes import Program
from local_deployment.progress import Progress

DATABASE = "chungsuc"
READY_SECONDS = 90.0
PREPARATION_SECONDS = 900.0
GRACE_SECONDS = 15.0
WATCH_SECONDS = 0.1
SERVER_RETRY_SECONDS = 60.0


class House:
    """PostgreSQL, three services with their workers and the gateway, in one folder.

    `start` returns when everything answers; from then on whatever dies is started again.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        server: postgres.Server | None = None,
        database: str = DATABASE,
        progress: Progress | None = None,
        is_demonstration: bool = False,
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports or Ports.free()
        self.failure: str | None = None
        self.ended = threading.Event()
        self._server = server or postgres.choose_server(self.folder / "postgres")
        self._database = database
        self._progress = progress or Progress()
        self._is_demonstration = is_demonstration
        self._members: dict[str, Member] = {}
        self._change = threading.RLock()
        self._watcher: threading.Thread | None = None
        self._identity: identity.Identity | None = None
        self._claim = contextlib.ExitStack()

    @property
    def gateway_url(self) -> str:
        """Address that clients use."""
        return self.ports.url("gateway")

    @property
    def urls(self) -> dict[str, str]:
        """Address of each service, for tests that go past the gateway."""
        return {service: self.ports.url(service) for service in layout.SERVICES}

    @property
    def admin_url(self) -> str:
        """URL of the server's administrator."""
        return self._server.admin_url

    @property
    def databases(self) -> dict[str, roles.ServiceUrls]:
        """The owner's and the runtime role's URL of each service."""
        passwords = roles.keep_passwords(self.folder / "role-passwords.json")
        return {
            service: roles.urls_of(self.admin_url, self._database, service, passwords)
            for service in layout.SERVICES
        }

    @property
    def processes(self) -> Mapping[str, int | None]:
        """Process id by name (postgres, gateway, criteria, criteria-worker, …); None when dead."""
        pids = {name: member.pid for name, member in self._members.items()}
        return {"postgres": self._server.pid, **pids}

    @property
    def identity(self) -> identity.Identity:
        """Who may log in."""
        if self._identity is None:
            raise LocalError("The house has not been started.")
        return self._identity

    def token(self, username: str) -> str:
        """Log in as a demonstration user and return the token."""
        form = {
            "grant_type": "password",
            "username": username,
            "password": self.identity.password,
        }
        answer = httpx.post(f"{self.gateway_url}/v1/token", data=form, trust_env=False)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def start(self) -> None:
        """Start everything in order, or stop what was started and say what went wrong."""
        try:
            self._start()
        except BaseException:
            self.stop()
            processes.end_strays(self.folder)
            raise

    def stop(self) -> None:
        """Stop everything in order: nobody is asked for what has gone already."""
        self.ended.set()
        if self._watcher:
            self._watcher.join()
            self._watcher = None
        with self._change:
            running = list(self._members.values())
            for tier in (is_gateway, is_worker, is_service):
                chosen = [member for member in running if tier(member.name)]
                for member in chosen:
                    member.ask_to_end()
                for member in chosen:
                    member.end(grace_seconds=GRACE_SECONDS)
            self._members = {}
            self._server.stop()
        self._claim.close()

    def kill(self, name: str) -> None:
        """Kill one process as a crash would; the house starts it again."""
        with self._change:
            if name == "postgres":
                self._server.kill()
            else:
                self._members[name].kill()

    def wait_until_ready(self, *, seconds: float = READY_SECONDS) -> None:
        """Wait until every process runs and answers that it can serve."""
        if not processes.wait_until(self._is_ready, seconds):
            dead = [name for name, pid in self.processes.items() if pid is None]
            raise LocalError(f"Not ready after {seconds:.0f} s; not running: {dead or 'none'}")

    def prepare(self) -> None:
        """Take the folder, start PostgreSQL, make the roles and bring every schema up to date."""
        self.ended.clear()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._claim.enter_context(leftovers.claim(self.folder, address=self.gateway_url))
        for name in leftovers.end_leftovers(self.folder):
            self._progress.say(f"  {name} was left running by a run that died, and was ended")
        # Only now: what a dead run left may have held these ports.
        self.ports = self.ports.require_free()
        with self._progress.step("PostgreSQL"):
            self._server.start()
        with self._progress.step("Database, roles and schemas"):
            passwords = roles.keep_passwords(self.folder / "role-passwords.json")
            roles.prepare(self.admin_url, self._database, passwords)
            self._identity = identity.prepare(self.folder / "identity")
        plan = self._plan()
        with self._progress.step("Migrations"):
            self._run_all([plan.migration(service) for service in layout.SERVICES])

    def _start(self) -> None:
        self.prepare()
        plan = self._plan()
        with self._progress.step("Catalogues"):
            self._run_all([plan.catalogue(service) for service in ("criteria", "funding")])
        with self._progress.step("Services"):
            self._launch([plan.service(service) for service in layout.SERVICES])
        with self._progress.step("Workers and gateway"):
            workers = [plan.worker(service) for service in layout.SERVICES]
            self._launch([*workers, plan.gateway()])
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._watcher.start()

    def _plan(self) -> Plan:
        return Plan(
            folder=self.folder,
            ports=self.ports,
            databases=self.databases,
            identity=self.identity,
            is_demonstration=self._is_demonstration,
        )

    def _run_all(self, programs: list[Program]) -> None:
        """Run programs side by side to their end; the first that fails is told with its log."""
        with contextlib.ExitStack() as started:
            pairs = [(item, started.enter_context(processes.running(item))) for item in programs]
            deadline = time.monotonic() + PREPARATION_SECONDS
            for program, process in pairs:
                if process.wait(max(1.0, deadline - time.monotonic())) != 0:
                    raise LocalError(
                        f"{program.name} failed; the end of {program.log}:\n"
                        f"{processes.last_lines(program.log)}"
                    )

    def _launch(self, programs: list[Program]) -> None:
        started = [self._member(program) for program in programs]
        for member in started:
            self._members[member.name] = member
            member.start()
        deadline = time.monotonic() + READY_SECONDS
        for member in started:
            while not is_answering(member):
                member.require_running()
                if time.monotonic() > deadline:
                    raise LocalError(f"{member.name} does not answer; see {member.program.log}")
                time.sleep(processes.POLL_SECONDS)

    def _member(self, program: Program) -> Member:
        record = leftovers.record_of(self.folder, program.name)
        base = None if is_worker(program.name) else self.ports.url(program.name)
        return Member(program, record=record, ready_url=base and f"{base}/readyz")

    def _is_ready(self) -> bool:
        with self._change:
            members = list(self._members.values())
        running = self._server.is_running() and all(member.is_running() for member in members)
        return running and all(is_answering(member) for member in members)

    def _watch(self) -> None:
        while not self.ended.wait(WATCH_SECONDS):
            try:
                self._restore_server()
            except LocalError as error:
                self.failure = str(error)
                self.ended.set()
                return
            with self._change:
                for member in self._members.values():
                    if member.revive():
                        self._progress.note(f"  {member.name} had died and was started again")

    def _restore_server(self) -> None:
        """Start a dead PostgreSQL again, trying for a minute before giving the house up."""
        deadline = time.monotonic() + SERVER_RETRY_SECONDS
        while not self._server.is_running() and not self.ended.is_set():
            try:
                with self._change:
                    self._server.start()
                self._progress.note("  PostgreSQL had died and was started again")
            except LocalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def is_answering(member: Member) -> bool:
    """Tell whether a member is ready; a worker listens nowhere and is ready once it runs."""
    if member.ready_url is None:
        return member.is_running()
    try:
        answer = httpx.get(member.ready_url, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def is_gateway(name: str) -> bool:
    return name == "gateway"


def is_worker(name: str) -> bool:
    return name.endswith("-worker")


def is_service(name: str) -> bool:
    return name in layout.SERVICES
