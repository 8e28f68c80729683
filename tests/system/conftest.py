"""The whole house with its demonstration data, as `make run` shows it."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from local_deployment import demonstration, processes
from local_deployment.house import House

Get = Callable[..., httpx.Response]
Post = Callable[..., Any]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house"), is_demonstration=True) as standing:
        demonstration.load(standing.gateway_url, token=standing.token)
        assert processes.wait_until(lambda: has_caught_up(standing), 120)
        yield standing


def has_caught_up(house: House) -> bool:
    """Tell whether reporting has read all that the sources have."""
    headers = {"Authorization": f"Bearer {house.token('steering')}"}
    url = f"{house.gateway_url}/v1/reports/province-overview"
    asked = {"area": "12", "as_of": "2023-12-31", "budget_year": "2023"}
    answer = httpx.get(url, params=asked, headers=headers, trust_env=False, timeout=30)
    if answer.is_error:
        return False
    sources = answer.json()["sources"].values()
    return all(source["positions_behind"] == 0 for source in sources) and any(
        result["assessed"] for result in answer.json()["results"]
    )


@pytest.fixture
def get(house: House) -> Get:
    """Read through the gateway: `get("/v1/areas", user="steering", q="ba che")`."""

    def send(path: str, *, user: str = "steering", **parameters: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {house.token(user)}"}
        url = f"{house.gateway_url}{path}"
        return httpx.get(
            url, params=parameters or None, headers=headers, trust_env=False, timeout=60
        )

    return send


@pytest.fixture
def post(house: House) -> Post:
    """Write through the gateway and return the answer's body."""

    def send(path: str, body: dict[str, Any], *, user: str, key: str) -> Any:
        headers = {"Authorization": f"Bearer {house.token(user)}", "Idempotency-Key": key}
        url = f"{house.gateway_url}{path}"
        answer = httpx.post(url, json=body, headers=headers, trust_env=False, timeout=60)
        assert answer.is_success, answer.text
        return answer.json()

    return send
