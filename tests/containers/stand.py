"""The house of docker-compose.yml on an engine, with settings and volumes of its own."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
from local_deployment import layout, ports

from tests.containers.engine import Engine

IMAGE = "chungsuc-test/house"
ONCE = ("identity", "migrate")
HEALTHY_SECONDS = 240
# An engine of ours has no way out of its bridges; the build fetches packages over the host's.
BUILD_ON_HOST = "services: {identity: {build: {network: host}}}\n"


class Stand:
    """One project of the compose file; its settings are made as a person makes them."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.project = f"chungsuc-test-{ports.find_free_port()}"
        self.port = ports.find_free_port()
        self.env_file = folder / ".env"
        self._files = [layout.ROOT / "docker-compose.yml"]
        if engine.is_ours:
            build = folder / "build.yml"
            build.write_text(BUILD_ON_HOST)
            self._files.append(build)
        make_env("--development", "--port", str(self.port), file=self.env_file)

    @property
    def settings(self) -> dict[str, str]:
        """What make-env wrote."""
        lines = self.env_file.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def compose(self, *arguments: str) -> str:
        """Run a command of compose on this project."""
        files = [part for file in self._files for part in ("--file", str(file))]
        command = [*self.engine.compose, "--env-file", str(self.env_file), *files]
        return self.engine.run(
            [*command, "--project-name", self.project, *arguments], CHUNGSUC_IMAGE=IMAGE
        )

    def states(self) -> dict[str, str]:
        """Return what the engine says of each container: `Up 2 minutes (healthy)`."""
        mine = f"label=com.docker.compose.project={self.project}"
        shape = '{{.Label "com.docker.compose.service"}}\t{{.Status}}'
        told = self.engine.run(["docker", "ps", "--all", "--filter", mine, "--format", shape])
        return dict(line.split("\t") for line in told.splitlines())

    def up(self) -> None:
        """Start everything and wait until every part says it is well."""
        self.compose("up", "--detach", "--no-build")
        deadline = time.monotonic() + HEALTHY_SECONDS
        while unwell := [name for name, state in self.states().items() if not is_well(name, state)]:
            assert time.monotonic() < deadline, f"{unwell}\n{self.compose('logs', '--tail=20')}"
            time.sleep(1)

    def inside(self, service: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a program in the container of a service."""
        mine = [f"label=com.docker.compose.project={self.project}"]
        mine += [f"label=com.docker.compose.service={service}"]
        filters = [part for wish in mine for part in ("--filter", wish)]
        container = self.engine.run(["docker", "ps", "--quiet", *filters]).strip()
        return self.engine.try_run(["docker", "exec", container, *command])

    def client(self, username: str) -> httpx.Client:
        """Log in through the gateway and return a client with the token."""
        base = f"http://127.0.0.1:{self.port}"
        form = {
            "grant_type": "password",
            "username": username,
            "password": self.settings["DEMONSTRATION_PASSWORD"],
        }
        answer = httpx.post(f"{base}/v1/token", data=form, trust_env=False).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=30)

    def remove(self) -> None:
        """Take everything away, the image too where the engine is somebody else's."""
        self.compose("down", "--volumes", "--remove-orphans")
        if not self.engine.is_ours:
            self.engine.try_run(["docker", "image", "rm", IMAGE])


def is_well(service: str, state: str) -> bool:
    return state.startswith("Exited (0)") if service in ONCE else "(healthy)" in state


def make_env(*arguments: str, file: Path) -> "subprocess.CompletedProcess[str]":
    """Write the settings as a person would."""
    script = layout.ROOT / "deploy" / "docker" / "make-env"
    command = [sys.executable, str(script), *arguments, "--file", str(file)]
    return subprocess.run(command, capture_output=True, text=True)
