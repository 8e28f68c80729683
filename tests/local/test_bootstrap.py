"""The bootstrap: installs once, again when a lock changed, and says what is missing in words."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from local_deployment import layout

WORKSPACE = '[tool.uv.workspace]\nmembers = ["shared", "services/*"]\n'


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    path = layout.ROOT / "deploy" / "local" / "bootstrap.py"
    specification = importlib.util.spec_from_file_location("bootstrap", path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of two packages whose environment is this Python."""
    (tmp_path / "pyproject.toml").write_text(WORKSPACE)
    for member in ("shared", "services/one"):
        (tmp_path / member).mkdir(parents=True)
        (tmp_path / member / "pyproject.toml").write_text(f'[project]\nname = "{member}"\n')
    for lock in ("requirements.lock", "requirements-dev.lock", "deploy/local/build.lock"):
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / lock).write_text("thing==1\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


@pytest.fixture
def steps(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands the bootstrap would have run."""
    taken: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "step", lambda _title, command: taken.append(command))
    monkeypatch.setattr(bootstrap, "choose_installer", lambda _root: ["install"])
    return taken


def test_a_second_bootstrap_does_nothing(
    bootstrap: ModuleType, root: Path, steps: list[list[str]]
) -> None:
    bootstrap.install(root, "run")
    assert [command[:2] for command in steps] == [
        ["install", "--require-hashes"],
        ["install", "--require-hashes"],
        ["install", "--no-deps"],
    ]
    steps.clear()
    bootstrap.install(root, "run")
    assert steps == []


@pytest.mark.parametrize(
    "changed",
    [
        "requirements.lock",
        "deploy/local/build.lock",
        "pyproject.toml",
        "services/one/pyproject.toml",
    ],
)
def test_a_changed_file_installs_again(
    bootstrap: ModuleType, root: Path, steps: list[list[str]], changed: str
) -> None:
    bootstrap.install(root, "run")
    steps.clear()
    with (root / changed).open("a") as file:
        file.write("# changed\n")
    bootstrap.install(root, "run")
    assert steps


def test_a_new_package_is_linked(bootstrap: ModuleType, root: Path, steps: list[list[str]]) -> None:
    bootstrap.install(root, "run")
    steps.clear()
    (root / "services" / "two").mkdir()
    (root / "services" / "two" / "pyproject.toml").write_text('[project]\nname = "two"\n')
    bootstrap.install(root, "run")
    assert str(root / "services" / "two") in steps[-1]


def test_a_test_environment_also_runs_but_not_the_other_way(
    bootstrap: ModuleType, root: Path, steps: list[list[str]]
) -> None:
    bootstrap.install(root, "run")
    steps.clear()
    bootstrap.install(root, "test")
    assert steps
    (root / ".venv" / "installed-for-run").unlink()
    steps.clear()
    bootstrap.install(root, "run")
    assert steps == []


def test_an_installation_that_failed_is_not_taken_for_done(
    bootstrap: ModuleType, root: Path, steps: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.install(root, "run")
    (root / "requirements.lock").write_text("thing==2\n")

    def fail(_title: str, _command: list[str]) -> None:
        raise bootstrap.BootstrapError("no network")

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "step", fail)
        with pytest.raises(bootstrap.BootstrapError):
            bootstrap.install(root, "run")
    (root / "requirements.lock").write_text("thing==1\n")
    steps.clear()
    bootstrap.install(root, "run")
    assert steps


def test_a_missing_venv_is_answered_with_one_command(
    bootstrap: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".venv" / "bin" / "python").unlink()
    monkeypatch.setattr(bootstrap, "working_uv", lambda _root: None)
    monkeypatch.setattr(bootstrap, "importable", lambda name: name != "ensurepip")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name == "apt-get" and name)
    version = ".".join(map(str, sys.version_info[:2]))
    with pytest.raises(bootstrap.BootstrapError, match=f"apt-get install -y python{version}-venv"):
        bootstrap.make_environment(root)


def test_an_old_python_is_told_what_is_needed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 0))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    with pytest.raises(bootstrap.BootstrapError, match=r"3\.11 or newer; this is 3\.9"):
        bootstrap.use_supported_python()


def test_clean_refuses_while_the_house_runs(bootstrap: ModuleType, root: Path) -> None:
    lock = root / ".local" / "run" / "runner.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("123 http://127.0.0.1:8080\n")
    fcntl = pytest.importorskip("fcntl")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(bootstrap.BootstrapError, match="123"):
            bootstrap.clean(root)
    bootstrap.clean(root)
    assert not (root / ".local").exists()
    assert not (root / ".venv").exists()
    assert (root / "shared" / "pyproject.toml").exists()
