"""The locks: compiled from the package files, with hashes and without any address."""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from local_deployment import layout
from local_deployment.errors import LocalError

EXPORT = "uv export --quiet --all-packages --no-emit-workspace --no-header"
EXPORT_OPTIONS = {"requirements.lock": ["--no-dev"], "requirements-dev.lock": ["--all-groups"]}
ADDRESS = re.compile(r"^(?!\s*#).*(?:https?://|file://|--(?:extra-)?index-url|--find-links)")
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?)==([^\s;]+)(?:\s*;\s*(.*?))?\s*\\?$")


def write() -> int:
    """Compile the locks anew; versions stay as they are where the package files allow it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in compile_locks(Path(folder)).items():
            (layout.ROOT / name).write_text(text, encoding="utf-8")
            print(f"{name}: {text.count('==')} pins")
    return 0


def check() -> int:
    """Fail when a lock holds an address or would change by being compiled again."""
    for name in EXPORT_OPTIONS:
        found = addresses((layout.ROOT / name).read_text(encoding="utf-8"))
        if found:
            raise LocalError(f"{name} holds an address: {found[0]}")
    with tempfile.TemporaryDirectory() as folder:
        fresh = compile_locks(Path(folder))
    stale = [
        name
        for name, text in fresh.items()
        if (layout.ROOT / name).read_text(encoding="utf-8") != text
    ]
    if stale:
        raise LocalError(
            f"{' and '.join(stale)} no longer agree with the package files.\n"
            "Compile them anew with: .venv/bin/python -m local_deployment locks"
        )
    print("The locks agree with the package files and hold no address.")
    return 0


def addresses(text: str) -> list[str]:
    """Return the lines that say where something is to be fetched from."""
    return [line for line in text.splitlines() if ADDRESS.search(line)]


def pins(text: str) -> list[str]:
    """Return the pinned versions of a lock as constraints."""
    found = (PIN.match(line) for line in text.splitlines())
    return [
        f"{match[1]}=={match[2]}" + (f" ; {match[3]}" if match[3] else "")
        for match in found
        if match
    ]


def compile_locks(folder: Path) -> dict[str, str]:
    """Compile the locks in a copy of the workspace in `folder`."""
    root_file = (layout.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for pattern in tomllib.loads(root_file)["tool"]["uv"]["workspace"]["members"]:
        for member in layout.ROOT.glob(pattern):
            copy_member(member, folder / member.relative_to(layout.ROOT))
    # Held to what is locked: otherwise each new release of anything would count as a change.
    locked = pins((layout.ROOT / "requirements-dev.lock").read_text(encoding="utf-8"))
    held = root_file.replace("[tool.uv]\n", f"[tool.uv]\nconstraint-dependencies = {locked!r}\n", 1)
    (folder / "pyproject.toml").write_text(held, encoding="utf-8")
    run_uv(["uv", "lock", "--quiet"], folder)
    return {
        name: run_uv([*EXPORT.split(), "--format", "requirements-txt", *options], folder)
        for name, options in EXPORT_OPTIONS.items()
    }


def copy_member(member: Path, copy: Path) -> None:
    if (member / "pyproject.toml").exists():
        copy.mkdir(parents=True)
        shutil.copy(member / "pyproject.toml", copy)


def run_uv(command: list[str], folder: Path) -> str:
    beside = Path(sys.executable).with_name("uv")
    program = str(beside) if beside.exists() else shutil.which("uv")
    if program is None:
        raise LocalError("Compiling the locks needs uv: .venv/bin/python -m pip install uv")
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise LocalError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout
