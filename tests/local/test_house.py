"""The whole house, as `make run` starts it: it stands, it heals, and it leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from local_deployment import layout, ports, processes
from local_deployment.errors import LocalError
from local_deployment.house import House
from local_deployment.plan import Ports
from local_deployment.processes import ProcessIdentity

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PROCESSES = {
    "postgres",
    "gateway",
    *layout.SERVICES,
    *(f"{service}-worker" for service in layout.SERVICES),
}
RUNNER = """
import sys
from pathlib import Path
from local_deployment.house import House
house = House(Path(sys.argv[1]))
house.start()
print(*(pid for pid in house.processes.values()), flush=True)
house.ended.wait()
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a house that stood once: the next start takes seconds."""
    folder = tmp_path_factory.mktemp("prepared")
    with House(folder):
        pass
    return folder


@pytest.fixture(scope="module")
def house(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house") / "local"
    shutil.copytree(prepared, folder)
    with House(folder) as standing:
        yield standing


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of a prepared folder, for one test to start a house in."""
    copy = tmp_path / "local"
    shutil.copytree(prepared, copy)
    return copy


def test_every_process_runs_and_answers(house: House) -> None:
    assert set(house.processes) == PROCESSES
    assert None not in house.processes.values()
    for url in (house.gateway_url, *house.urls.values()):
        assert httpx.get(f"{url}/readyz", trust_env=False).status_code == httpx.codes.OK


def test_a_login_opens_the_api_and_its_absence_closes_it(house: House) -> None:
    url = f"{house.gateway_url}/v1/areas?limit=1"
    headers = {"Authorization": f"Bearer {house.token('steering')}"}
    assert httpx.get(url, headers=headers, trust_env=False).status_code == httpx.codes.OK
    assert httpx.get(url, trust_env=False).status_code == httpx.codes.UNAUTHORIZED


def test_secrets_are_readable_by_their_owner_alone(house: House) -> None:
    identity = house.identity
    for file in (
        identity.signing_key,
        identity.users_file,
        identity.password_file,
        house.folder / "role-passwords.json",
        house.folder / "postgres" / "password.json",
    ):
        assert file.stat().st_mode & 0o077 == 0, file.name
    logs = "".join(log.read_text(errors="replace") for log in house.folder.rglob("*.log"))
    assert identity.password not in logs
    assert not any(secret in logs for secret in identity.client_secrets.values())


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_whatever_dies_is_started_again(house: House, name: str) -> None:
    former = house.processes[name]
    house.kill(name)
    assert processes.wait_until(lambda: house.processes[name] not in (None, former), 30)
    house.wait_until_ready()
    headers = {"Authorization": f"Bearer {house.token('steering')}"}
    url = f"{house.gateway_url}/v1/areas?limit=1"
    assert httpx.get(url, headers=headers, trust_env=False).status_code == httpx.codes.OK


def test_a_second_house_in_the_same_folder_is_refused(house: House) -> None:
    with pytest.raises(LocalError, match="runs here already"):
        House(house.folder).start()
    house.wait_until_ready()


def test_a_taken_port_is_named_with_the_way_out(house: House, tmp_path: Path) -> None:
    taken = Ports.usual(gateway=house.ports.gateway)
    with pytest.raises(LocalError, match=rf"Port {taken.gateway} is taken[\s\S]*make run PORT="):
        House(tmp_path, ports=taken).start()


def test_a_house_whose_runner_was_killed_is_taken_over_and_leaves_nothing(folder: Path) -> None:
    command = [sys.executable, "-c", RUNNER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout
        left = [ProcessIdentity.of(int(pid)) for pid in runner.stdout.readline().split()]
        runner.kill()
    assert len(left) == len(PROCESSES)
    assert all(process.is_alive() for process in left)
    with House(folder) as heir:
        assert not any(process.is_alive() for process in left)
        mine = [ProcessIdentity.of(pid) for pid in heir.processes.values() if pid]
    assert len(mine) == len(PROCESSES)
    assert not any(process.is_alive() for process in mine)


def test_the_command_says_where_it_is_and_stops_cleanly_when_asked(folder: Path) -> None:
    with run_command(folder, PORT=str(ports.find_free_port())) as runner:
        shown = read_until(runner, "Ctrl-C")
        assert "Ready after" in shown
        records = (folder / "run").glob("*.json")
        running = [process for process in map(processes.recall, records) if process]
        runner.send_signal(signal.SIGTERM)
        shown += read_until(runner, "Stopped")
        assert runner.wait() == 0
    assert "/v1/token" in shown
    assert "Traceback" not in shown
    assert len(running) == len(PROCESSES - {"postgres"})
    assert not any(process.is_alive() for process in running)
    assert processes.running_in(folder / "postgres" / "data") == []


def test_the_command_stopped_while_starting_leaves_nothing(tmp_path: Path) -> None:
    with run_command(tmp_path, PORT=str(ports.find_free_port())) as runner:
        shown = read_until(runner, "roles")
        runner.send_signal(signal.SIGINT)
        shown += read_until(runner, "Stopped")
        assert runner.wait() == 0
    assert "Traceback" not in shown
    assert processes.running_in(tmp_path) == []
    assert processes.running_in(tmp_path / "postgres" / "data") == []


@pytest.mark.parametrize("port", ["none", "0", "65536", "-1", "８０８０"])
def test_a_port_that_is_none_is_refused_in_words(tmp_path: Path, port: str) -> None:
    with run_command(tmp_path, PORT=port) as runner:
        told, _ = runner.communicate()
    assert runner.returncode == 1
    assert "PORT must be a number" in told
    assert "Traceback" not in told


def read_until(runner: "subprocess.Popen[str]", word: str) -> str:
    """Return what the command says up to a line with this word, or up to its end."""
    assert runner.stdout
    lines = []
    for line in runner.stdout:
        lines.append(line)
        if word in line:
            break
    return "".join(lines)


def run_command(folder: Path, **told: str) -> "subprocess.Popen[str]":
    """Start what `make run` starts, in a folder of its own and without demonstration data."""
    return subprocess.Popen(
        [sys.executable, "-m", "local_deployment", "run"],
        env={**os.environ, "LOCAL_FOLDER": str(folder), "DEMONSTRATION": "0", **told},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
