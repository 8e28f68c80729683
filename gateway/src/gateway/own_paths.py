"""What the gateway answers itself: start page, documentation, health, metrics, keys and logins."""

from collections.abc import Awaitable, Callable

import aiohttp
from chungsuc import problems
from chungsuc.clock import SystemClock
from chungsuc.text import Text
from prometheus_client import CONTENT_TYPE_LATEST

from gateway import openapi
from gateway.exchange import Exchange
from gateway.health import Readiness
from gateway.issuer import Accounts, Issuer, read_accounts, read_key
from gateway.limits import RateLimiter
from gateway.login import AreaCodes, TokenEndpoint
from gateway.pages import Pages
from gateway.settings import GatewaySettings

Answer = Callable[[Exchange], Awaitable[None]]
ASSETS = "/assets/"


class OwnPaths:
    """The paths outside the services; all of them are public."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        session: aiohttp.ClientSession,
        limiter: RateLimiter,
        render_metrics: Callable[[], bytes],
    ) -> None:
        self._settings = settings
        self._render_metrics = render_metrics
        self._readiness = Readiness(session, urls=settings.service_urls)
        is_development = settings.signing_key is not None
        self._document = openapi.MergedDocument(
            session,
            urls=settings.service_urls,
            own_paths=openapi.own_paths(development=is_development),
            login=openapi.login_scheme(development=is_development, issuer=settings.token_issuer),
            seconds=settings.openapi_seconds,
        )
        accounts = _read_accounts(settings)
        self._pages = Pages(
            issuer=None if is_development else settings.token_issuer,
            people=tuple(accounts.users.values()) if settings.demonstration else (),
            demonstration=settings.demonstration,
        )
        self._answers: dict[str, Answer] = {
            "/": self._answer_start,
            "/docs": self._pages.answer_docs,
            "/openapi.json": self._answer_openapi,
            "/healthz": self._answer_health,
            "/readyz": self._answer_readiness,
            "/metrics": self._answer_metrics,
        }
        self._issuer: Issuer | None = None
        if settings.signing_key is not None:
            self._add_issuer(settings, accounts, session=session, limiter=limiter)

    def _add_issuer(
        self,
        settings: GatewaySettings,
        accounts: Accounts,
        *,
        session: aiohttp.ClientSession,
        limiter: RateLimiter,
    ) -> None:
        assert settings.signing_key is not None  # noqa: S101 - the caller has looked
        issuer = Issuer(
            read_key(settings.signing_key),
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            seconds=settings.token_seconds,
            clock=SystemClock(),
        )
        areas = AreaCodes(session, criteria_url=settings.criteria_url, issuer=issuer)
        login = TokenEndpoint(issuer, accounts, areas=areas, limiter=limiter)
        self._issuer = issuer
        self._answers["/v1/token"] = login.answer
        self._answers["/.well-known/jwks.json"] = self._answer_keys
        self._answers["/.well-known/openid-configuration"] = self._answer_discovery

    async def answer(self, exchange: Exchange) -> None:
        """Answer one of these paths; any other raises 404."""
        path = exchange.path
        answer = self._answers.get(path)
        if answer is None and path.startswith(ASSETS):
            answer = self._pages.asset_answer(path[len(ASSETS) :])
        if answer is None:
            raise problems.NotFound(
                Text(
                    "Không có tài nguyên nào ở đường dẫn này; xem /docs",
                    "There is no resource at this path; see /docs",
                )
            )
        allowed = ("POST",) if path == "/v1/token" else ("GET", "HEAD")
        if exchange.method not in allowed:
            raise problems.MethodNotAllowed(headers={"Allow": ", ".join(allowed)})
        await answer(exchange)

    async def _answer_start(self, exchange: Exchange) -> None:
        base = f"{exchange.scheme}://{exchange.host or 'localhost'}"
        if "text/html" in exchange.header(b"accept"):
            await self._pages.answer_start(exchange, base)
            return
        await self._document.refresh()
        content = {
            "name": "Chung Sức",
            "documentation": f"{base}/docs",
            "openapi": f"{base}/openapi.json",
            "login": f"{base}/v1/token" if self._issuer else self._settings.token_issuer,
            "is_demonstration": self._settings.demonstration,
            "resources": self._document.resources,
            "missing_services": self._document.missing,
        }
        await exchange.answer_json(200, content, {"Vary": "Accept", "Cache-Control": "no-cache"})

    async def _answer_openapi(self, exchange: Exchange) -> None:
        await self._document.refresh()
        headers = {"ETag": self._document.etag, "Cache-Control": "no-cache"}
        if exchange.header(b"if-none-match") == self._document.etag:
            await exchange.answer_unchanged(headers)
            return
        await exchange.answer(200, self._document.body, "application/json", headers)

    async def _answer_health(self, exchange: Exchange) -> None:
        await exchange.answer_json(200, {"status": "alive"})

    async def _answer_readiness(self, exchange: Exchange) -> None:
        status, content = await self._readiness.report()
        await exchange.answer_json(status, content, {"Cache-Control": "no-store"})

    async def _answer_metrics(self, exchange: Exchange) -> None:
        await exchange.answer(200, self._render_metrics(), CONTENT_TYPE_LATEST)

    async def _answer_keys(self, exchange: Exchange) -> None:
        if self._issuer is not None:
            await exchange.answer_json(200, self._issuer.key.key_set)

    async def _answer_discovery(self, exchange: Exchange) -> None:
        if self._issuer is not None:
            await exchange.answer_json(200, self._issuer.configuration())


def _read_accounts(settings: GatewaySettings) -> Accounts:
    if settings.signing_key is None or settings.development_users is None:
        return Accounts(users={}, clients={})
    return read_accounts(settings.development_users)
