"""Where containers cannot be tried, the reason is told instead of a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers import engine
from tests.containers.engine import TEST_ENGINE, NoEngineError


def test_they_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINERS", "0")
    with pytest.raises(NoEngineError, match="CONTAINERS=0"):
        engine.find()


def test_an_ordinary_user_without_an_engine_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTAINERS", raising=False)
    monkeypatch.setattr(engine, "is_answering", lambda: False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NoEngineError, match="only root on Linux can start one"):
        engine.find()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is refused before that")
def test_a_machine_of_another_kind_is_told_what_it_lacks(tmp_path: Path) -> None:
    command = [sys.executable, str(TEST_ENGINE), "start", str(tmp_path / "engine")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == "no apt-get here"


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is refused before that")
def test_stopping_what_does_not_run_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "dockerd.pid").write_text(str(os.getpid()))
    done = subprocess.run([sys.executable, str(TEST_ENGINE), "stop", str(tmp_path)])
    assert done.returncode == 0
