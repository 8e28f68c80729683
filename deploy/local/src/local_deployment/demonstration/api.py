"""A client as any office would write one: logged in, patient, never writing twice."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import yaml

from local_deployment import layout
from local_deployment.errors import LocalError

PATIENCE_SECONDS = 60.0
TRY_AGAIN = {409, 429, 502, 503, 504}
TOKEN_SECONDS = 300.0


def data(name: str) -> Any:
    """Read one file of the demonstration."""
    path = layout.DEMONSTRATION / name
    return yaml.safe_load(path.read_text(encoding="utf-8"))


class Api:
    """The public API, spoken to as one of the demonstration users at a time."""

    def __init__(self, gateway_url: str, *, token: Callable[[str], str]) -> None:
        self._log_in = token
        self._tokens: dict[str, tuple[str, float]] = {}
        self._client = httpx.Client(base_url=gateway_url, timeout=120, trust_env=False)

    def get(self, path: str, *, user: str, **parameters: str) -> Any:
        """Read one resource."""
        return self._send("GET", path, user=user, parameters=parameters)

    def items(self, path: str, *, user: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """Read a whole list, page by page."""
        page: dict[str, Any] = {"next": ""}
        while page["next"] is not None:
            cursor = {"cursor": page["next"]} if page["next"] else {}
            page = self.get(path, user=user, limit="1000", **parameters, **cursor)
            yield from page["items"]

    def post(self, path: str, body: Mapping[str, Any], *, user: str) -> Any:
        """Make a fact; the same fact again is answered with what the first time made."""
        content = json.dumps([path, body], sort_keys=True, ensure_ascii=False)
        key = f"demonstration-{hashlib.sha256(content.encode()).hexdigest()[:32]}"
        return self._send("POST", path, user=user, body=body, key=key)

    def _send(
        self,
        method: str,
        path: str,
        *,
        user: str,
        body: Mapping[str, Any] | None = None,
        parameters: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            headers = {"Authorization": f"Bearer {self._token(user)}", "Accept-Language": "en"}
            headers |= {"Idempotency-Key": key} if key else {}
            answer = self._client.request(
                method, path, params=parameters, json=body, headers=headers
            )
            if answer.status_code not in TRY_AGAIN or time.monotonic() > deadline:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        if answer.is_error:
            raise LocalError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def _token(self, user: str) -> str:
        token, made_at = self._tokens.get(user, ("", -TOKEN_SECONDS))
        if time.monotonic() - made_at >= TOKEN_SECONDS:
            token = self._log_in(user)
            self._tokens[user] = (token, time.monotonic())
        return token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
