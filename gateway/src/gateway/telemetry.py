"""What the gateway tells its operator: metrics, and access logs written in batches."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from chungsuc.clock import Clock, SystemClock
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.exchange import Exchange

FLUSH_SECONDS = 0.25
MOST_WAITING = 20_000
CLIENT_GONE = 499


class Metrics:
    """The series of one gateway; a registry of its own keeps tests apart."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "gateway_requests",
            "Answered requests",
            ["service", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "gateway_request_seconds",
            "Time to the last byte",
            ["service", "route_class"],
            registry=self.registry,
        )
        self._upstream_errors = Counter(
            "gateway_upstream_errors",
            "Requests that a service did not answer, by the status the caller got",
            ["service", "status"],
            registry=self.registry,
        )
        self.tokens = Gauge("gateway_checked_tokens", "Tokens in the cache", registry=self.registry)
        self.in_flight = Gauge(
            "gateway_in_flight", "Requests under way", ["route_class"], registry=self.registry
        )
        self._children: dict[tuple[str, str, int, str], tuple[Counter, Histogram]] = {}

    def count(self, exchange: Exchange, seconds: float) -> None:
        """Count an answered request."""
        service = exchange.service or "gateway"
        key = (service, exchange.method, exchange.status, exchange.route_class.value)
        children = self._children.get(key)
        if children is None:
            children = (
                self._requests.labels(service, exchange.method, exchange.status),
                self._seconds.labels(service, exchange.route_class.value),
            )
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def count_upstream_error(self, service: str, status: int) -> None:
        """Count a request that a service failed to answer."""
        self._upstream_errors.labels(service, status).inc()

    def render(self) -> bytes:
        """Return the text that Prometheus reads."""
        return generate_latest(self.registry)


def _write_out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class AccessLog:
    """One JSON line per request; lines wait a moment and are written together, off the loop.

    When the reader of the log stands still, lines beyond a bound are dropped and counted, so that
    requests never wait for a log.
    """

    def __init__(
        self, write: Callable[[str], None] = _write_out, *, clock: Clock | None = None
    ) -> None:
        self._write = write
        self._clock = clock or SystemClock()
        self._waiting: list[dict[str, Any]] = []
        self._dropped = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write what is added."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what still waits."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._flush()

    def add(self, exchange: Exchange, seconds: float) -> None:
        """Remember how a request ended."""
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.append(
            {
                "event": "request",
                "service": "gateway",
                "level": "info",
                "timestamp": self._clock.now(),
                "request_id": exchange.request_id,
                "method": exchange.method,
                "path": exchange.path,
                "status": exchange.status,
                "milliseconds": round(seconds * 1000, 2),
                "bytes": exchange.bytes_sent,
                "upstream": exchange.service or None,
                "caller": exchange.principal.subject if exchange.principal else None,
                "address": exchange.address,
            }
        )

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self._flush()

    async def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        if self._dropped:
            lines.append(
                {
                    "event": "log lines dropped",
                    "count": self._dropped,
                    "timestamp": self._clock.now(),
                }
            )
            self._dropped = 0
        if lines:
            await asyncio.to_thread(self._write_lines, lines)

    def _write_lines(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            line["timestamp"] = line["timestamp"].isoformat(timespec="milliseconds")
        self._write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
