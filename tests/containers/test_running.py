"""The house as a new operator meets it: built, started, used, taken down, started again."""

from collections.abc import Iterator

import httpx
import pytest

from tests.containers import engine
from tests.containers.engine import NoEngineError
from tests.containers.stand import ONCE, Stand

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

BA_CHE = "06970"
RUNNING = {
    "postgres",
    "gateway",
    "criteria",
    "criteria-worker",
    "funding",
    "funding-worker",
    "reporting",
    "reporting-worker",
}
ROOT_MOUNT = "print(next(line.split()[3] for line in open('/proc/mounts') if ' / ' in line))"
REACHES_THE_DATABASE = "import socket; socket.create_connection(('postgres', 5432), 3)"
CAPABILITIES = "print(next(line.split()[1] for line in open('/proc/1/status') if 'CapEff' in line))"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    try:
        found = engine.find()
    except NoEngineError as reason:
        pytest.skip(str(reason))
    try:
        made = Stand(found, tmp_path_factory.mktemp("stand"))
        try:
            made.compose("build")
            made.up()
            yield made
        finally:
            made.remove()
    finally:
        found.stop()


def test_every_part_is_there_and_well(stand: Stand) -> None:
    assert set(stand.states()) == RUNNING | set(ONCE)
    answer = httpx.get(f"http://127.0.0.1:{stand.port}/readyz", trust_env=False)
    assert answer.json()["status"] == "ready"


def test_the_api_is_closed_without_a_login(stand: Stand) -> None:
    answer = httpx.get(f"http://127.0.0.1:{stand.port}/v1/areas", trust_env=False)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("part", sorted(RUNNING - {"postgres"}))
def test_a_part_is_not_root_and_cannot_change_itself(stand: Stand, part: str) -> None:
    assert stand.inside(part, "id", "-u").stdout.strip() == "10001"
    assert int(stand.inside(part, "python", "-c", CAPABILITIES).stdout, 16) == 0
    assert stand.inside(part, "python", "-c", ROOT_MOUNT).stdout.split(",")[0] == "ro"


def test_postgresql_is_not_root(stand: Stand) -> None:
    assert stand.inside("postgres", "id", "-un").stdout.strip() == "postgres"


def test_the_gateway_does_not_reach_the_database(stand: Stand) -> None:
    assert stand.inside("gateway", "python", "-c", REACHES_THE_DATABASE).returncode != 0
    assert stand.inside("criteria", "python", "-c", REACHES_THE_DATABASE).returncode == 0


def test_only_the_gateway_reads_the_signing_key(stand: Stand) -> None:
    key = stand.settings["SIGNING_KEY"]
    assert stand.inside("gateway", "test", "-r", key).returncode == 0
    assert stand.inside("criteria", "test", "-e", key).returncode != 0


def test_no_part_is_told_the_password_of_another(stand: Stand) -> None:
    told = stand.inside("funding", "env").stdout
    own = {"FUNDING_RUNTIME_PASSWORD", "FUNDING_CLIENT_SECRET"}
    others = [
        name
        for name, value in stand.settings.items()
        if name.endswith(("PASSWORD", "SECRET")) and name not in own and value in told
    ]
    assert others == []


def test_no_secret_is_in_the_logs(stand: Stand) -> None:
    logs = stand.compose("logs", "--no-color")
    secret = [
        name
        for name, value in stand.settings.items()
        if name.endswith(("PASSWORD", "SECRET")) and value in logs
    ]
    assert secret == []


def test_the_demonstration_loads_and_loads_again(stand: Stand) -> None:
    for _ in range(2):
        told = stand.compose("run", "--rm", "demonstration")
        assert "The demonstration data are there." in told


def test_what_was_recorded_is_there_after_down_and_up(stand: Stand) -> None:
    with stand.client("officer") as client:
        found = client.get("/v1/areas", params={"q": "ba che"}).raise_for_status().json()["items"]
        area = next(item["id"] for item in found if item["code"] == BA_CHE)
        item = {
            "area": area,
            "measure": "commune_plan_approved",
            "observed_on": "2025-09-30",
            "value": True,
        }
        key = {"Idempotency-Key": "before-down"}
        body = {"is_demonstration": True, "items": [item]}
        recorded = client.post("/v1/observations", json=body, headers=key).raise_for_status()
    number = recorded.json()["items"][0]["observation_id"]

    stand.compose("down")
    assert stand.states() == {}
    stand.up()

    with stand.client("officer") as client:
        kept = client.get(f"/v1/observations/{number}").raise_for_status().json()
        again = client.post("/v1/observations", json=body, headers=key).raise_for_status()
    assert (kept["area_id"], kept["measure"], kept["value"]) == (area, item["measure"], True)
    assert again.content == recorded.content
    assert again.headers["Idempotent-Replayed"] == "true"
