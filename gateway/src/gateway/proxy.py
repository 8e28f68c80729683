"""Passes a request to the service that owns it and streams the answer back.

Nothing is buffered beyond small JSON bodies. Hop-by-hop headers stop here, a client that goes away
cancels the request behind, and only a GET is tried again, once, when its pooled connection closed
before an answer.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from chungsuc import problems
from chungsuc.text import Text
from multidict import CIMultiDict
from yarl import URL

from gateway.exchange import Disconnected, Exchange, Headers, RequestTimeout
from gateway.routes import Limits, RouteClass
from gateway.settings import GatewaySettings

SMALL_BODY_BYTES = 64 * 1024
READ_BUFFER_BYTES = 256 * 1024
WATCH_AFTER_SECONDS = 0.05
RETRY_SOON = {"Retry-After": "2"}

_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_NOT_FORWARDED = _HOP_BY_HOP | {
    b"content-length",
    b"expect",
    b"forwarded",
    b"host",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-forwarded-proto",
    b"x-real-ip",
    b"x-request-id",
}
_NOT_RETURNED = _HOP_BY_HOP | {b"date", b"server", b"x-request-id", b"x-content-type-options"}
_WITHOUT_BODY = frozenset((204, 304))


class OutcomeUnknown(aiohttp.ClientError):
    """The connection closed before an answer to a request that must not be sent twice."""


async def _send_once(
    request: aiohttp.ClientRequest, handler: ClientHandlerType
) -> aiohttp.ClientResponse:
    """Turn the failures that aiohttp would retry into one that it will not."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise OutcomeUnknown(str(error)) from error


class Proxy:
    """The pool of connections to the services."""

    def __init__(self, settings: GatewaySettings, limits: Mapping[RouteClass, Limits]) -> None:
        self._urls = {
            name: url.rstrip("/") if url else None for name, url in settings.service_urls.items()
        }
        self._limits = limits
        self._timeouts = {
            route_class: aiohttp.ClientTimeout(
                total=limit.total_seconds,
                sock_read=limit.idle_seconds,
                connect=settings.connect_seconds,
                sock_connect=settings.connect_seconds,
            )
            for route_class, limit in limits.items()
        }
        self.session = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            # the number of connections is bounded by the places of each route class
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=settings.keep_alive_seconds),
            read_bufsize=READ_BUFFER_BYTES,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.session.close()

    async def forward(self, exchange: Exchange) -> None:
        """Answer the exchange with what its service says; failures raise a problem."""
        base = self._urls[exchange.service]
        if base is None:
            raise _unavailable(exchange.service)
        target = f"{base}{exchange.path}"
        if exchange.query:
            target = f"{target}?{exchange.query.decode('latin-1')}"
        body = await self._body(exchange)
        with _Watch(exchange) as watch:
            if isinstance(body, Upload):
                body.when_complete = watch.start_soon
            else:
                watch.start_soon()
            try:
                await self._relay(exchange, URL(target, encoded=True), body)
            except asyncio.CancelledError:
                if not watch.fired:
                    raise
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
                raise Disconnected from None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self._explain(exchange, error, body)

    async def _relay(self, exchange: Exchange, url: URL, body: "bytes | Upload | None") -> None:
        async with self.session.request(
            exchange.method,
            url,
            headers=_request_headers(exchange, body),
            data=body,
            allow_redirects=False,
            timeout=self._timeouts[exchange.route_class],
            middlewares=None if exchange.method == "GET" else (_send_once,),
        ) as response:
            headers = _response_headers(response)
            length = response.content_length
            if length is not None and length <= SMALL_BODY_BYTES:
                content = await response.read()
                await exchange.begin(response.status, headers)
                await exchange.body(content, more=False)
                return
            await exchange.begin(response.status, headers)
            async for chunk in response.content.iter_any():
                await exchange.body(chunk, more=True)
            await exchange.body(b"", more=False)

    async def _body(self, exchange: Exchange) -> "bytes | Upload | None":
        limits = self._limits[exchange.route_class]
        length = _declared_length(exchange)
        if length is None and b"transfer-encoding" not in exchange.headers:
            return None
        if length is not None and length > limits.body_bytes:
            raise _too_large(limits.body_bytes)
        upload = Upload(exchange, limits, length)
        if length is not None and length <= SMALL_BODY_BYTES:
            return b"".join([chunk async for chunk in upload])
        return upload

    def _explain(self, exchange: Exchange, error: Exception, body: "bytes | Upload | None") -> None:
        """Raise the problem that says what a failed request means to the caller."""
        if isinstance(body, Upload) and body.problem is not None:
            raise body.problem from error
        if exchange.status:
            raise TruncatedAnswer(exchange.service) from error
        if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
            raise _unavailable(exchange.service) from error
        if isinstance(error, TimeoutError):
            raise problems.GatewayTimeout(
                Text(
                    f"Dịch vụ {exchange.service} không trả lời kịp; yêu cầu ghi có thể đã được "
                    "thực hiện, hãy gửi lại với cùng Idempotency-Key",
                    f"The service {exchange.service} did not answer in time; a write may have "
                    "happened, send it again with the same Idempotency-Key",
                )
            ) from error
        raise problems.BadGateway(
            Text(
                f"Dịch vụ {exchange.service} ngắt kết nối trước khi trả lời; hãy gửi lại, yêu cầu "
                "ghi với cùng Idempotency-Key",
                f"The service {exchange.service} closed the connection before it answered; send "
                "again, writes with the same Idempotency-Key",
            ),
            headers=RETRY_SOON,
        ) from error


class TruncatedAnswer(Exception):  # noqa: N818 - what happened to the answer
    """A service broke off within its answer; the client's connection must break off too."""


class Upload:
    """The body of a request as it arrives, counted against the limits of its class."""

    def __init__(self, exchange: Exchange, limits: Limits, length: int | None) -> None:
        self.length = length
        self.problem: Exception | None = None
        self.when_complete: Callable[[], None] | None = None
        self._exchange = exchange
        self._limits = limits
        self._chunks = self._read()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def _read(self) -> AsyncIterator[bytes]:
        received = 0
        more = True
        while more:
            try:
                async with asyncio.timeout(self._limits.idle_seconds):
                    message = await self._exchange.receive()
            except TimeoutError as error:
                self.problem = RequestTimeout(headers={"Connection": "close"})
                raise self.problem from error
            if message["type"] == "http.disconnect":
                self.problem = Disconnected()
                raise self.problem
            chunk = message.get("body", b"")
            more = message.get("more_body", False)
            received += len(chunk)
            if received > self._limits.body_bytes:
                self.problem = _too_large(self._limits.body_bytes)
                raise self.problem
            if chunk:
                yield chunk
        if self.when_complete is not None:
            self.when_complete()


class _Watch:
    """Cancels the current task when its client goes away; quick requests never pay for it."""

    def __init__(self, exchange: Exchange) -> None:
        self.fired = False
        self._exchange = exchange
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._watched: asyncio.Task[object] | None = None

    def __enter__(self) -> "_Watch":
        self._watched = asyncio.current_task()
        return self

    def start_soon(self) -> None:
        """Begin to watch a little later, if the request still runs then."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WATCH_AFTER_SECONDS, self._start)

    def _start(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._exchange.receive())["type"] != "http.disconnect":
            pass
        if self._watched is not None and not self._exchange.finished:
            self.fired = True
            self._watched.cancel()

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()


def _request_headers(exchange: Exchange, body: "bytes | Upload | None") -> CIMultiDict[str]:
    named = _named_by_connection(exchange.headers.get(b"connection"))
    try:
        kept = [
            (name.decode("latin-1"), value.decode())
            for name, value in exchange.scope["headers"]
            if name not in _NOT_FORWARDED and name not in named
        ]
    except UnicodeDecodeError as error:
        raise problems.BadRequest(
            Text("Tiêu đề không phải UTF-8", "A header is not UTF-8")
        ) from error
    forwarded = CIMultiDict(kept)
    if exchange.host:
        forwarded["Host"] = exchange.host
        forwarded["X-Forwarded-Host"] = exchange.host
    forwarded["X-Forwarded-For"] = exchange.forwarded_for
    forwarded["X-Forwarded-Proto"] = exchange.scheme
    forwarded["X-Request-ID"] = exchange.request_id
    if isinstance(body, Upload) and body.length is not None:
        forwarded["Content-Length"] = str(body.length)
    return forwarded


def _declared_length(exchange: Exchange) -> int | None:
    declared = exchange.headers.get(b"content-length")
    if declared is None:
        return None
    if not declared.isdigit():
        raise problems.BadRequest(
            Text("Content-Length không hợp lệ", "Content-Length is malformed")
        )
    return int(declared)


def _named_by_connection(value: bytes | None) -> frozenset[bytes]:
    if value is None:
        return frozenset()
    return frozenset(name.strip().lower() for name in value.split(b","))


def _response_headers(response: aiohttp.ClientResponse) -> Headers:
    named = _named_by_connection(response.headers.get("Connection", "").encode() or None)
    if response.status in _WITHOUT_BODY:
        named |= {b"content-length"}
    lowered = ((name.lower(), value) for name, value in response.raw_headers)
    return [
        (name, value) for name, value in lowered if name not in _NOT_RETURNED and name not in named
    ]


def _too_large(most_bytes: int) -> problems.PayloadTooLarge:
    return problems.PayloadTooLarge(
        Text(
            f"Nội dung gửi lên được phép tối đa {most_bytes} byte",
            f"The body may have at most {most_bytes} bytes",
        ),
        headers={"Connection": "close"},
    )


def _unavailable(service: str) -> problems.Unavailable:
    return problems.Unavailable(
        Text(
            f"Dịch vụ {service} hiện không hoạt động", f"The service {service} is not running now"
        ),
        headers=RETRY_SOON,
    )
