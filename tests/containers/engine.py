"""A container engine for these tests: the one that answers, else one started for them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_deployment import layout

TEST_ENGINE = layout.ROOT / "deploy" / "docker" / "test-engine"
USUAL_IMAGES = {"BASE_IMAGE": "python:3.13-slim", "POSTGRES_IMAGE": "postgres:18-alpine"}
PULL_SECONDS = 300


class NoEngineError(Exception):
    """Why containers cannot be tried on this machine."""


@dataclass(frozen=True)
class Engine:
    """How to reach an engine, which images to build on, and whether it was started for us."""

    environment: Mapping[str, str]
    compose: Sequence[str]
    folder: Path | None = None

    @property
    def is_ours(self) -> bool:
        """Tell whether it was started for these tests."""
        return self.folder is not None

    def try_run(self, command: Sequence[str], **told: str) -> "subprocess.CompletedProcess[str]":
        """Run a program that uses this engine, whether it fails or not."""
        return run(command, {**self.environment, **told})

    def run(self, command: Sequence[str], **told: str) -> str:
        """Run a program that uses this engine; show what it said when it fails."""
        done = self.try_run(command, **told)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def stop(self) -> None:
        """Stop the engine if it was started for us."""
        if self.folder is not None:
            run([sys.executable, str(TEST_ENGINE), "stop", str(self.folder)])


def find() -> Engine:
    """Return an engine, or say why there is none."""
    if os.environ.get("CONTAINERS") == "0":
        raise NoEngineError("CONTAINERS=0 leaves them out")
    if is_answering():
        return given_engine()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        raise NoEngineError("no container engine answers, and only root on Linux can start one")
    return started_engine(layout.local_folder() / "engine")


def is_answering() -> bool:
    return shutil.which("docker") is not None and run(["docker", "version"]).returncode == 0


def given_engine() -> Engine:
    compose = find_compose({})
    images = {name: os.environ.get(name, usual) for name, usual in USUAL_IMAGES.items()}
    for image in images.values():
        if run(["docker", "image", "inspect", image]).returncode != 0:
            pull(image)
    return Engine(images, compose)


def pull(image: str) -> None:
    try:
        pulled = run(["docker", "pull", "--quiet", image], timeout=PULL_SECONDS)
    except subprocess.TimeoutExpired:
        raise NoEngineError(f"{image} was not pulled within {PULL_SECONDS} s") from None
    if pulled.returncode != 0:
        raise NoEngineError(f"{image} cannot be pulled: {last_line(pulled.stderr)}")


def find_compose(environment: Mapping[str, str]) -> list[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        try:
            if run([*command, "version"], environment).returncode == 0:
                return command
        except FileNotFoundError:
            continue
    raise NoEngineError("neither docker compose nor docker-compose is here")


def started_engine(folder: Path) -> Engine:
    environment = ask_test_engine("start", folder)
    try:
        images = ask_test_engine("images", folder)
        return Engine({**environment, **images}, find_compose(environment), folder)
    except NoEngineError:
        run([sys.executable, str(TEST_ENGINE), "stop", str(folder)])
        raise


def ask_test_engine(command: str, folder: Path) -> dict[str, str]:
    done = run([sys.executable, str(TEST_ENGINE), command, str(folder)])
    if done.returncode != 0:
        raise NoEngineError(f"no container engine answers or starts: {last_line(done.stderr)}")
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    timeout: float | None = None,
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=layout.ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
