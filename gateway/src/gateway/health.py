"""Whether the services behind the gateway can serve."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

CHECK_SECONDS = 2
KNOWN_SECONDS = 1
_SERVING = frozenset(("ready", "degraded"))


class Readiness:
    """Asks each service at most once a second, however often it is asked itself."""

    def __init__(self, session: aiohttp.ClientSession, *, urls: Mapping[str, str | None]) -> None:
        self._session = session
        self._urls = urls
        self._checked_at = float("-inf")
        self._known: tuple[int, dict[str, Any]] = (503, {})
        self._lock = asyncio.Lock()

    async def report(self) -> tuple[int, dict[str, Any]]:
        """Return the status and the state of each service; 503 only when none can serve."""
        async with self._lock:
            if time.monotonic() - self._checked_at >= KNOWN_SECONDS:
                self._known = await self._check()
                self._checked_at = time.monotonic()
            return self._known

    async def _check(self) -> tuple[int, dict[str, Any]]:
        answers = await asyncio.gather(*(self._ask(url) for url in self._urls.values()))
        services = dict(zip(self._urls, answers, strict=True))
        serving = [name for name, answer in services.items() if answer["status"] in _SERVING]
        degraded = [name for name, answer in services.items() if answer["status"] != "ready"]
        status = "ready"
        if degraded:
            status = "degraded" if serving else "not ready"
        content = {"status": status, "degraded": degraded, "services": services}
        return (200 if serving else 503), content

    async def _ask(self, url: str | None) -> dict[str, Any]:
        if url is None:
            return {"status": "down", "reason": "not configured"}
        try:
            async with self._session.get(
                f"{url.rstrip('/')}/readyz", timeout=aiohttp.ClientTimeout(total=CHECK_SECONDS)
            ) as response:
                told = await response.json(content_type=None)
                is_ready = response.status == 200
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return {"status": "down", "reason": type(error).__name__}
        degraded = told.get("degraded", []) if isinstance(told, dict) else []
        if not is_ready:
            return {"status": "not ready", "degraded": degraded}
        return {"status": "degraded" if degraded else "ready", "degraded": degraded}
