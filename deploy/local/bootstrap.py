"""Make `.venv` from the locks, with nothing but Python's standard library.

`python3 deploy/local/bootstrap.py run` installs what the house runs on, `… test` also what its
tests and checks need. Nothing is done when locks and package files are as they were.
`… clean` removes all that was ever made here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ["python3.14", "python3.13", "python3.12", "python3.11"]
LOCKS = {"run": "requirements.lock", "test": "requirements-dev.lock"}
BUILD_LOCK = "deploy/local/build.lock"
INSTALLER_LOCK = "deploy/local/installer.lock"
MADE_HERE = [
    ".local",
    ".venv",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".import_linter_cache",
]


class BootstrapError(Exception):
    """What the person at the keyboard has to do before the bootstrap can go on."""


def main(arguments: list[str]) -> int:
    purpose = arguments[0] if arguments else "run"
    if purpose not in [*LOCKS, "clean"]:
        say(f"usage: bootstrap.py [{'|'.join(LOCKS)}|clean]")
        return 2
    try:
        use_supported_python()
        if purpose == "clean":
            clean(ROOT)
        else:
            with one_at_a_time(ROOT):
                install(ROOT, purpose)
    except BootstrapError as error:
        say(f"\n{error}\n")
        return 1
    return 0


def install(root: Path, purpose: str) -> None:
    """Bring the environment of `root` up to the locks, or do nothing when it is there already."""
    wanted = digest(root, purpose)
    if is_current(root, purpose, wanted):
        return
    began = time.monotonic()
    stamp_path(root, purpose).unlink(missing_ok=True)
    make_environment(root)
    installer = choose_installer(root)
    lock = root / LOCKS[purpose]
    step(f"Installing {count_pins(lock)} locked packages", [*installer, *hashed(lock)])
    step("Preparing the build of our own", [*installer, *hashed(root / BUILD_LOCK)])
    # No isolation: an isolated build would fetch its own, unpinned, setuptools.
    editable = [part for folder in members(root) for part in ("-e", str(folder))]
    step("Linking our own", [*installer, "--no-deps", "--no-build-isolation", *editable])
    stamp_path(root, purpose).write_text(wanted, encoding="ascii")
    say(f"Environment ready in {time.monotonic() - began:.0f} s.")


def digest(root: Path, purpose: str) -> str:
    """Name the state the environment should be in: every file that decides what is installed."""
    files = [root / LOCKS[purpose], root / BUILD_LOCK, root / "pyproject.toml"]
    files += [folder / "pyproject.toml" for folder in members(root)]
    state = hashlib.sha256()
    for file in files:
        # The place is part of the state: a moved folder leaves editable links behind.
        state.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return state.hexdigest()


def is_current(root: Path, purpose: str, wanted: str) -> bool:
    # The test lock holds all of the run lock, so a current test environment also runs.
    candidates = {"run": ["run", "test"], "test": ["test"]}[purpose]
    if not environment_works(root):
        return False
    for candidate in candidates:
        stamp = stamp_path(root, candidate)
        expected = wanted if candidate == purpose else digest(root, candidate)
        if stamp.exists() and stamp.read_text(encoding="ascii") == expected:
            return True
    return False


def members(root: Path) -> list[Path]:
    """List the folders of the workspace's own packages."""
    import tomllib  # not at the top: an older Python must live long enough to be replaced

    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    patterns = tomllib.loads(text)["tool"]["uv"]["workspace"]["members"]
    found = {folder for pattern in patterns for folder in root.glob(pattern)}
    return sorted(folder for folder in found if (folder / "pyproject.toml").exists())


def make_environment(root: Path) -> None:
    if environment_works(root):
        return
    folder = root / ".venv"
    uv = working_uv(root)
    if uv:
        command = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)]
    else:
        require_venv()
        command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    step("Making .venv", command)


def environment_works(root: Path) -> bool:
    python = environment_python(root)
    if not python.exists():
        return False
    check = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return quiet([str(python), "-c", check])


def choose_installer(root: Path) -> list[str]:
    """Give the command that installs: uv when present or installable, else pip."""
    python = str(environment_python(root))
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wish = os.environ.get("INSTALLER", "uv")
    if wish != "pip":
        uv = working_uv(root)
        if not uv and has_pip(python):
            # Wheels only: building uv from source would take longer than it saves.
            quiet([*pip, "--only-binary", ":all:", *hashed(root / INSTALLER_LOCK)])
            uv = working_uv(root)
        if uv:
            # Compiled once here: uncompiled packages cost every process two seconds at its start.
            return [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    if not has_pip(python):
        step("Adding pip", [python, "-m", "ensurepip"])
    return pip


def working_uv(root: Path) -> str | None:
    if os.environ.get("INSTALLER") == "pip":
        return None
    for candidate in (str(environment_python(root).with_name("uv")), shutil.which("uv")):
        # Asked for its version because a version manager's shim exists without what it stands for.
        if candidate and quiet([candidate, "--version"]):
            return candidate
    return None


def use_supported_python() -> None:
    """Go on in a newer Python when this one is too old, or say that there is none."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for name in NEWER_PYTHONS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    have = ".".join(map(str, sys.version_info[:2]))
    raise BootstrapError(
        f"Chung Sức needs Python 3.11 or newer; this is {have}.\n"
        "Install one and name it: make run PYTHON=/path/to/python3.11"
    )


def require_venv() -> None:
    missing = [name for name in ("venv", "ensurepip") if not importable(name)]
    if missing:
        version = ".".join(map(str, sys.version_info[:2]))
        raise BootstrapError(
            f"Python {version} cannot make environments here ({', '.join(missing)} missing).\n"
            f"Install what is missing and repeat:\n    {venv_command(version)}"
        )


def venv_command(version: str) -> str:
    sudo = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("apt-get"):
        return f"{sudo}apt-get install -y python{version}-venv"
    if shutil.which("dnf"):
        return f"{sudo}dnf install -y python{version} python3-pip"
    if shutil.which("apk"):
        return f"{sudo}apk add python3 py3-pip"
    return "python3 -m pip install --user uv"


def importable(name: str) -> bool:
    return quiet([sys.executable, "-c", f"import {name}"])


def has_pip(python: str) -> bool:
    return quiet([python, "-m", "pip", "--version"])


def hashed(lock: Path) -> list[str]:
    return ["--require-hashes", "-r", str(lock)]


def count_pins(lock: Path) -> int:
    return sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())


def environment_python(root: Path) -> Path:
    return root / ".venv" / "bin" / "python"


def stamp_path(root: Path, purpose: str) -> Path:
    return root / ".venv" / f"installed-for-{purpose}"


def quiet(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def step(title: str, command: list[str]) -> None:
    """Run one command with its title and seconds shown; its output only when it fails."""
    began = time.monotonic()
    print(f"{title} … ", end="", flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print("failed")
        raise BootstrapError(f"{' '.join(command)}\n\n{done.stdout}{done.stderr}")
    say(f"{time.monotonic() - began:.1f} s")


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold off a second bootstrap of the same folder: `make run` beside `make test`."""
    import fcntl  # not at the top: the message about Python comes first on every platform

    folder = root / ".local"
    folder.mkdir(exist_ok=True)
    with (folder / "bootstrap.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def clean(root: Path) -> None:
    """Remove the environment, the database and every cache; not under a house that runs."""
    import fcntl  # not at the top, as above

    held = root / ".local" / "run" / "runner.lock"
    if held.exists():
        with held.open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = lock.read().strip()
                raise BootstrapError(f"Still running ({holder}): stop it first.") from None
    for name in MADE_HERE:
        shutil.rmtree(root / name, ignore_errors=True)
    for folder in members(root):
        for pattern in ("**/__pycache__", "**/*.egg-info"):
            for made in list(folder.glob(pattern)):
                shutil.rmtree(made, ignore_errors=True)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
