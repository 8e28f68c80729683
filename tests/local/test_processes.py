"""Programs that die, that are left over, and that belong to somebody else."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from local_deployment import leftovers, processes
from local_deployment.errors import LocalError
from local_deployment.members import Member
from local_deployment.processes import ProcessIdentity, Program

SLEEP = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def program(folder: Path, *, name: str = "sleeper", code: str = SLEEP) -> Program:
    return Program(
        name=name,
        command=[sys.executable, "-c", code],
        environment=dict(os.environ),
        folder=folder,
        log=folder / "logs" / f"{name}.log",
    )


def member_of(folder: Path, *, code: str = SLEEP) -> Member:
    record = leftovers.record_of(folder, "sleeper")
    return Member(program(folder, code=code), record=record, ready_url=None)


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Member]:
    member = member_of(tmp_path)
    member.start()
    yield member
    member.ask_to_end()
    member.end(grace_seconds=5)


def test_a_killed_program_is_started_again(sleeper: Member) -> None:
    former = sleeper.pid
    sleeper.kill()
    assert sleeper.pid is None
    assert processes.wait_until(sleeper.revive, 5)
    assert sleeper.pid not in (None, former)
    assert sleeper.restarts == 1


def test_a_program_that_keeps_dying_is_started_ever_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: seconds)
    member = member_of(tmp_path, code="raise SystemExit(3)")
    member.start()
    moments = []
    for _ in range(600):
        # Waited for outside the pretended clock, so that only the delay decides.
        while member.is_running():
            time.sleep(0.005)
        if member.revive():
            moments.append(seconds)
        seconds += 0.1
    while member.is_running():
        time.sleep(0.005)
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert 5 <= member.restarts <= 9
    assert all(later > sooner for sooner, later in itertools.pairwise(gaps))


def test_a_program_that_does_not_want_to_end_is_killed(tmp_path: Path) -> None:
    member = member_of(tmp_path, code=STUBBORN)
    member.start()
    assert member.pid
    identity = ProcessIdentity.of(member.pid)
    time.sleep(0.3)
    member.ask_to_end()
    member.end(grace_seconds=0.3)
    assert not identity.is_alive()


def test_a_program_that_ends_while_starting_is_told_with_its_log(tmp_path: Path) -> None:
    member = member_of(tmp_path, code="raise SystemExit('the key is missing')")
    member.start()
    assert processes.wait_until(lambda: not member.is_running(), 10)
    with pytest.raises(LocalError, match="the key is missing"):
        member.require_running()


def test_what_a_dead_runner_left_is_ended(tmp_path: Path) -> None:
    left = processes.spawn(program(tmp_path))
    processes.remember(leftovers.record_of(tmp_path, "criteria"), left.pid)
    ended: list[str] = []
    # Its parent is this test and not the dead runner, so somebody has to reap it.
    with ExitStack() as stack:
        stack.callback(left.wait)
        ended = leftovers.end_leftovers(tmp_path)
    assert ended == ["criteria"]
    assert left.returncode == -signal.SIGTERM
    assert leftovers.end_leftovers(tmp_path) == []


def test_another_process_with_a_noted_number_is_left_alone(tmp_path: Path, sleeper: Member) -> None:
    assert sleeper.pid
    started = ProcessIdentity.of(sleeper.pid).started
    record = leftovers.record_of(tmp_path, "criteria")
    record.write_text(f'{{"pid": {sleeper.pid}, "started": {started - 60}}}')
    leftovers.record_of(tmp_path, "sleeper").unlink()
    assert leftovers.end_leftovers(tmp_path) == []
    assert sleeper.is_running()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "started": 1}', '{"pid": 1}'])
def test_a_damaged_record_means_nobody(tmp_path: Path, text: str) -> None:
    record = leftovers.record_of(tmp_path, "criteria")
    record.parent.mkdir(parents=True)
    record.write_text(text)
    assert processes.recall(record) is None
    assert leftovers.end_leftovers(tmp_path) == []


def test_a_second_runner_is_told_who_runs_already(tmp_path: Path) -> None:
    first, second = (
        leftovers.claim(tmp_path, address=f"http://127.0.0.1:{port}") for port in (8080, 9090)
    )
    holder = f"http://127.0.0.1:8080 .process {os.getpid()}."
    with first, pytest.raises(LocalError, match=holder), second:
        pass
    with leftovers.claim(tmp_path, address="http://127.0.0.1:9090"):
        pass


def test_a_claim_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from local_deployment import leftovers\n"
        "with leftovers.claim(Path(sys.argv[1]), address='there'):\n"
        "    print('claimed', flush=True); time.sleep(600)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "claimed\n"
        with pytest.raises(LocalError), leftovers.claim(tmp_path, address="here"):
            pass
        holder.kill()
        holder.wait()
        with leftovers.claim(tmp_path, address="here"):
            pass
