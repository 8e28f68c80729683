"""The gateway as one pure ASGI application: it answers its own few paths and passes the rest on."""

import asyncio
import time

import aiohttp
import structlog
from chungsuc import problems
from chungsuc.access import TokenVerifier
from chungsuc.clock import SystemClock
from chungsuc.text import Text
from starlette.types import Receive, Scope, Send

from gateway import routes
from gateway.access import TokenCheck
from gateway.cors import Origins
from gateway.exchange import Disconnected, Exchange
from gateway.limits import InFlight, RateLimiter, limits_of
from gateway.own_paths import OwnPaths
from gateway.proxy import Proxy, TruncatedAnswer
from gateway.settings import GatewaySettings, listed
from gateway.telemetry import CLIENT_GONE, AccessLog, Metrics

UPSTREAM_STATUSES = frozenset((502, 503, 504))


class Gateway:
    """One API and one login in front of the services; it keeps no data and knows no rule."""

    def __init__(self, settings: GatewaySettings, *, access_log: AccessLog | None = None) -> None:
        self.settings = settings
        self._log = access_log or AccessLog()
        self._open: OpenGateway | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            assert self._open is not None  # noqa: S101 - the server starts the lifespan first
            await self._open.serve(Exchange(scope, receive, send))
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._open = OpenGateway(self.settings, log=self._log)
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            return
        self._log.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._open.close()
        await self._log.stop()
        await send({"type": "lifespan.shutdown.complete"})


class OpenGateway:
    """A gateway with its pool of connections open; it is made inside the running loop."""

    def __init__(self, settings: GatewaySettings, *, log: AccessLog) -> None:
        self._settings = settings
        self._trusted = listed(settings.trusted_proxies)
        self._log = log
        self._metrics = Metrics()
        self._origins = Origins(listed(settings.allowed_origins))
        self._limiter = RateLimiter(settings)
        limits = limits_of(settings)
        self._in_flight = InFlight(limits)
        verifier = TokenVerifier(
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            keys=settings.token_keys,
        )
        self._tokens = TokenCheck(verifier, size=settings.token_cache_size, clock=SystemClock())
        self._proxy = Proxy(settings, limits)
        # for the few requests of the gateway's own: documents, readiness, area codes
        self._session = aiohttp.ClientSession()
        self._own_paths = OwnPaths(
            settings,
            session=self._session,
            limiter=self._limiter,
            render_metrics=self._render_metrics,
        )

    async def close(self) -> None:
        """Close every connection to the services."""
        self._proxy.close()
        await self._session.close()

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request; whatever happens, it is counted and logged."""
        try:
            exchange.read_headers(
                most_bytes=self._settings.header_bytes,
                most_path_bytes=self._settings.path_bytes,
                trusted=self._trusted,
            )
            exchange.extra_headers = self._origins.headers(exchange)
            await self._dispatch(exchange)
        except Disconnected:
            exchange.status = CLIENT_GONE
        except asyncio.CancelledError:
            # the server stops and has waited long enough; the task ends here all the same
            await self._answer_problem(exchange, _stopping())
        except TruncatedAnswer as error:
            # leaving the answer unfinished makes the server close the client's connection
            self._warn(exchange, "a service broke off within its answer", cause=error.__cause__)
        except problems.Problem as problem:
            await self._answer_problem(exchange, problem)
        except Exception:
            structlog.get_logger().exception("request failed", request_id=exchange.request_id)
            await self._answer_problem(exchange, problems.Problem())
        finally:
            seconds = time.perf_counter() - exchange.started_at
            self._metrics.count(exchange, seconds)
            self._log.add(exchange, seconds)

    async def _dispatch(self, exchange: Exchange) -> None:
        if self._origins.is_preflight(exchange):
            await self._origins.answer_preflight(exchange)
            return
        service = routes.find_service(exchange.path)
        if service is None:
            await self._limiter.count_address(exchange.address)
            await self._own_paths.answer(exchange)
            return
        if exchange.method not in routes.METHODS:
            raise problems.MethodNotAllowed(headers={"Allow": ", ".join(sorted(routes.METHODS))})
        exchange.service = service
        exchange.route_class = routes.classify(
            exchange.method,
            exchange.path,
            query=exchange.query.decode("latin-1"),
            accept=exchange.header(b"accept"),
            content_type=exchange.header(b"content-type"),
        )
        await self._check_caller(exchange)
        with self._in_flight.place(exchange.route_class):
            await self._proxy.forward(exchange)

    async def _check_caller(self, exchange: Exchange) -> None:
        try:
            principal = await self._tokens.principal(exchange.header(b"authorization"))
        except problems.Unauthorised:
            await self._limiter.count_address(exchange.address)
            raise
        exchange.principal = principal
        await self._limiter.count_caller(principal.subject)
        if not principal.grants:
            raise problems.Forbidden(
                Text(
                    "Tài khoản chưa được giao vai trò nào trong hệ thống này",
                    "The account has no role in this system",
                )
            )

    async def _answer_problem(self, exchange: Exchange, problem: problems.Problem) -> None:
        if exchange.service and problem.status in UPSTREAM_STATUSES:
            self._metrics.count_upstream_error(exchange.service, problem.status)
            self._warn(exchange, problem.title.en, cause=problem.__cause__)
        if exchange.status:
            self._warn(exchange, "a problem came after the answer had begun", cause=problem)
            return
        await exchange.answer_problem(problem)

    def _warn(self, exchange: Exchange, event: str, *, cause: BaseException | None) -> None:
        structlog.get_logger().warning(
            event, request_id=exchange.request_id, upstream=exchange.service, cause=repr(cause)
        )

    def _render_metrics(self) -> bytes:
        self._metrics.tokens.set(len(self._tokens))
        for route_class, taken in self._in_flight.taken.items():
            self._metrics.in_flight.labels(route_class.value).set(taken)
        return self._metrics.render()


def _stopping() -> problems.Unavailable:
    return problems.Unavailable(
        Text("Cổng đang khởi động lại", "The gateway is restarting"),
        headers={"Retry-After": "2", "Connection": "close"},
    )
