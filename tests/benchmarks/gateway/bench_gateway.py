"""What the gateway costs, beside the service alone and beside the usual way to write a proxy.

Measured in turn (A B C A B C …, medians) with wrk on one machine.
"""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from gateway.issuer import hash_password, make_key

from tests.benchmarks.table import Table

HERE = "tests.benchmarks.gateway.servers"
ROOT = Path(__file__).parents[3]
SECRET = "benchmark"
UNITS = {"us": 1.0, "ms": 1_000.0, "s": 1_000_000.0}


ROUNDS, SECONDS = 3, 2


class Run(NamedTuple):
    """One run of wrk."""

    per_second: float
    median_us: float


class Server(NamedTuple):
    """A server of this measurement."""

    url: str
    process: "subprocess.Popen[bytes]"


class Scenario(NamedTuple):
    """Who asks for what, and how many at once."""

    title: str
    service: str
    path: str
    callers: int
    of_direct: float | None
    of_usual: float | None


SCENARIOS = (
    Scenario("ready bytes, 1 caller", "bare", "/v1/areas", 1, None, None),
    Scenario("ready bytes, 32 callers", "bare", "/v1/areas", 32, 0.45, 10),
    Scenario("ready bytes, 10 MB, 4 callers", "bare", "/v1/areas/large", 4, 0.6, None),
    Scenario("FastAPI endpoint, 1 caller", "framework", "/v1/areas", 1, None, None),
    Scenario("FastAPI endpoint, 32 callers", "framework", "/v1/areas", 32, 0.45, 10),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(arguments: list[str], *, port: int, **environment: str) -> Iterator[Server]:
    """Run a server until the block ends, and return it once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env={**os.environ, **environment, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(f"{url}/healthz", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield Server(url, process)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def serving(name: str, **environment: str) -> Iterator[Server]:
    port = free_port()
    quiet = ["--no-access-log", "--log-level", "warning", "--port", str(port)]
    with running(["uvicorn", f"{HERE}:{name}", *quiet], port=port, **environment) as server:
        yield server


@contextmanager
def gateway_before(url: str, folder: Path) -> Iterator[Server]:
    port = free_port()
    environment = {
        "TOKEN_ISSUER": f"http://127.0.0.1:{port}",
        "TOKEN_AUDIENCE": "benchmark",
        "TOKEN_KEYS": str(folder / "jwks.json"),
        "SIGNING_KEY": str(folder / "key.pem"),
        "DEVELOPMENT_USERS": str(folder / "users.json"),
        "CRITERIA_URL": url,
        "REQUESTS_PER_MINUTE": "100000000",
    }
    with running(["gateway.main"], port=port, **environment) as server:
        yield server


def login(gateway_url: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": "caller", "client_secret": SECRET}
    answer = httpx.post(f"{gateway_url}/v1/token", data=form, trust_env=False)
    return str(answer.raise_for_status().json()["access_token"])


def measure(server: Server, scenario: Scenario, *, token: str, seconds: int) -> Run:
    """Load one address for some seconds."""
    command = ["wrk", "-t1", f"-c{scenario.callers}", f"-d{seconds}s", "--latency"]
    command += ["-H", f"Authorization: Bearer {token}", f"{server.url}{scenario.path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", said)
    assert rate and median, said
    return Run(float(rate[1]), float(median[1]) * UNITS[median[2]])


def compare(scenario: Scenario, *, folder: Path, table: Table) -> None:
    """Add the lines of one scenario."""
    with ExitStack() as stack:
        direct = stack.enter_context(serving(scenario.service))
        servers = {
            "direct": direct,
            "gateway": stack.enter_context(gateway_before(direct.url, folder)),
            "usual": stack.enter_context(serving("usual", UPSTREAM_URL=direct.url)),
        }
        token = login(servers["gateway"].url)
        runs: dict[str, list[Run]] = {name: [] for name in servers}
        for server in servers.values():
            measure(server, scenario, token=token, seconds=1)
        for _ in range(ROUNDS):
            for name, server in servers.items():
                runs[name].append(measure(server, scenario, token=token, seconds=SECONDS))
    rate = {name: statistics.median(run.per_second for run in runs[name]) for name in runs}
    median = {name: statistics.median(run.median_us for run in runs[name]) for name in runs}
    for peer, least in (("direct", scenario.of_direct), ("usual", scenario.of_usual)):
        table.rates(
            f"gateway, {scenario.title}",
            ours=rate["gateway"],
            peer=rate[peer],
            peer_name="direct" if peer == "direct" else "usual httpx proxy",
            at_least=least,
        )
    if scenario.callers == 1:
        table.limit(
            f"gateway adds (p50), {scenario.title}",
            ours=(median["gateway"] - median["direct"]) / 1e6,
            limit=0.0003,
        )


@pytest.mark.timeout(900)
def test_the_gateway_beside_the_service_and_the_usual_proxy(tmp_path: Path, table: Table) -> None:
    if shutil.which("nginx") is None:
        table.leave_out("nginx before the service (not installed)")
    if shutil.which("wrk") is None:
        table.leave_out("the gateway's lines: wrk, which loads it, is not installed")
        pytest.skip("wrk is not installed")
    make_key(tmp_path / "key.pem")
    client = {"secret": hash_password(SECRET), "groups": ["auditor@vn"]}
    (tmp_path / "users.json").write_text(json.dumps({"clients": {"caller": client}}))
    for scenario in SCENARIOS:
        compare(scenario, folder=tmp_path, table=table)
