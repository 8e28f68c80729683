"""Outbound calls: one client per peer on the aiohttp transport, timeouts, retries where safe."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx
from httpx import HTTPError
from httpx_aiohttp import AiohttpTransport

from chungsuc import problems
from chungsuc.text import Text

__all__ = ["HTTPError", "ServiceTokens", "create_client", "get_json"]

TOKEN_MARGIN_SECONDS = 60
ATTEMPTS = 3


def create_client(base_url: str, *, timeout_seconds: float = 10) -> httpx.AsyncClient:
    """Return a client of one peer; the caller closes it."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout_seconds, connect=2),
        transport=AiohttpTransport(),
        follow_redirects=False,
    )


async def get_json(
    client: httpx.AsyncClient,
    path: str,
    *,
    token: str,
    parameters: Mapping[str, str | int] | None = None,
    request_id: str = "",
) -> Any | None:
    """GET a resource of a peer: None when it has none, 503 when the peer does not answer.

    Reading is safe, so a broken connection is tried again.
    """
    headers = {"Authorization": f"Bearer {token}", "X-Request-ID": request_id or "internal-call"}
    for attempt in range(ATTEMPTS):
        try:
            answer = await client.get(path, params=parameters, headers=headers)
        except HTTPError:
            await asyncio.sleep(0.1 * 2**attempt)
            continue
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            await asyncio.sleep(0.1 * 2**attempt)
            continue
        return answer.raise_for_status().json()
    raise problems.Unavailable(
        Text("Dịch vụ liên quan không trả lời", "A service that is needed does not answer"),
        headers={"Retry-After": "2"},
    )


class ServiceTokens:
    """The service's own token (client credentials), renewed before it ends."""

    def __init__(self, *, url: str, client_id: str, client_secret: str) -> None:
        self.url = url
        self.client_id = client_id
        self.client_secret = client_secret
        self._token = ""
        self._renew_at = 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """Return a token that is good for another minute."""
        async with self._lock:
            if time.monotonic() >= self._renew_at:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        async with create_client("") as client:
            answer = (await client.post(self.url, data=form)).raise_for_status().json()
        self._token = answer["access_token"]
        self._renew_at = time.monotonic() + answer["expires_in"] - TOKEN_MARGIN_SECONDS
