"""Clients with patience: they repeat a request under one key until it is answered for good."""

import random
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx
from local_deployment.house import House

PATIENCE_SECONDS = 120.0
# Never 500: whoever is killed, the others know that it is worth another try.
TRY_AGAIN = {401, 409, 429, 502, 503, 504}


class PatientClient:
    """One office's client: logs in again when it must, never gives up early, never writes twice."""

    def __init__(self, house: House, user: str) -> None:
        self._house = house
        self._user = user
        self._token = ""

    def post(self, path: str, body: dict[str, Any], *, key: str) -> dict[str, Any]:
        """Return the answer that acknowledged the write."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._try(path, body, key)
            if answer is not None and answer.is_success:
                return dict(answer.json())
            told = answer.text if answer is not None else "no answer"
            if answer is not None and answer.status_code not in TRY_AGAIN:
                raise AssertionError(f"{path} was refused: {answer.status_code} {told}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{path} was never acknowledged: {told}")
            time.sleep(0.1)

    def _try(self, path: str, body: dict[str, Any], key: str) -> httpx.Response | None:
        try:
            if not self._token:
                self._token = self._house.token(self._user)
            headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": key}
            url = f"{self._house.gateway_url}{path}"
            answer = httpx.post(url, json=body, headers=headers, timeout=10, trust_env=False)
        except httpx.HTTPError:
            return None
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = ""
        return answer


class Writers:
    """Several writers, each in a thread of its own, until they are told to stop."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []

    def add(self, write: Callable[[int], None]) -> None:
        """Start a writer: `write` is called with 0, 1, 2 … until the stop."""

        def run() -> None:
            number = 0
            try:
                while not self._stop.is_set():
                    write(number)
                    number += 1
            except (AssertionError, OSError) as failure:
                self._failures.append(failure)

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let each end the write it is at, and raise what any of them met."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS + 10)
        for failure in self._failures:
            raise failure


def kill_at_random(house: House, *, seconds: float, seed: int) -> list[str]:
    """Kill one process after another, PostgreSQL among them, in rounds of random order."""
    dice = random.Random(seed)
    names = sorted(house.processes)
    killed: list[str] = []
    waiting: list[str] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or set(killed) != set(names):
        waiting = waiting or dice.sample(names, len(names))
        time.sleep(dice.uniform(0.3, 2.0))
        name = waiting.pop()
        if house.processes[name] is not None:
            house.kill(name)
            killed.append(name)
    return killed
