"""Who asked what, how long it took, how it ended: JSON logs and Prometheus metrics."""

import logging
import re
import sys
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_HEADER = b"x-request-id"
_SAFE_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")


def configure_logs(service: str, *, level: str) -> None:
    """Write one JSON object per line to standard output, each with the service's name."""
    logging.basicConfig(stream=sys.stdout, level=level.upper(), format="%(message)s", force=True)
    for quiet in ("uvicorn.access", "httpx", "procrastinate"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
    )
    structlog.contextvars.bind_contextvars(service=service)


def logger() -> Any:
    """Return the structured logger."""
    return structlog.get_logger()


class Metrics:
    """The series of one process; a registry of its own keeps tests apart."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "http_requests",
            "Requests by route and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "http_request_seconds",
            "Time to the last byte",
            ["method", "route"],
            registry=self.registry,
        )


def request_id_of(scope: Scope) -> str:
    """Take the caller's request id when it is harmless, else make one."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER and _SAFE_REQUEST_ID.match(value):
            return str(value.decode())
    return uuid.uuid4().hex


class RequestTelemetry:
    """Pure ASGI: gives each request its id, counts it, times it and logs how it ended."""

    def __init__(self, app: ASGIApp, *, service: str, metrics: Metrics) -> None:
        self.app = app
        self.service = service
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        scope["request_id"] = request_id
        started = time.perf_counter()
        outcome: MutableMapping[str, int] = {"status": 500}

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                outcome["status"] = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [
                    *message["headers"],
                    (REQUEST_ID_HEADER, request_id.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id, service=self.service):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception:
                logger().exception("request failed", path=scope["path"])
                raise
            finally:
                self._record(scope, outcome["status"], time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"]
        self.metrics.requests.labels(method, route, status).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        logger().info(
            "request",
            method=method,
            path=scope["path"],
            status=status,
            milliseconds=round(seconds * 1000, 2),
        )
