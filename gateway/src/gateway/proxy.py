"""Passes a request to the service that owns it and streams the answer back.

Nothing is buffered beyond small JSON bodies. Hop-by-hop headers stop here, a client that goes away
cancels the request behind, and only a GET is tried again, once, when its kept-alive connection
closed before an answer.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping

from chungsuc import problems
from chungsuc.text import Text

from gateway.exchange import Disconnected, Exchange, Headers, RequestTimeout
from gateway.routes import Limits, RouteClass
from gateway.settings import GatewaySettings
from gateway.upstream import (
    ClosedEarlyError,
    Connection,
    Origin,
    Pool,
    UnreachableError,
    UpstreamError,
)
from gateway.watch import Watch

SMALL_BODY_BYTES = 64 * 1024
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
_NOT_RETURNED_WITHOUT_BODY = _NOT_RETURNED | {b"content-length"}
_WITHOUT_BODY = frozenset((204, 304))


class TruncatedAnswer(Exception):  # noqa: N818 - what happened to the answer
    """A service broke off within its answer; the client's connection must break off too."""


class Proxy:
    """Sends each request to its service within the limits of its class."""

    def __init__(self, settings: GatewaySettings, limits: Mapping[RouteClass, Limits]) -> None:
        self._origins = {
            name: Origin.of(url) if url else None for name, url in settings.service_urls.items()
        }
        self._limits = limits
        # the number of connections is bounded by the places of each route class
        self._pool = Pool(
            connect_seconds=settings.connect_seconds,
            keep_alive_seconds=settings.keep_alive_seconds,
        )

    def close(self) -> None:
        """Close the connections that wait."""
        self._pool.close()

    async def forward(self, exchange: Exchange) -> None:
        """Answer the exchange with what its service says; failures raise a problem."""
        origin = self._origins[exchange.service]
        if origin is None:
            raise _unavailable(exchange.service)
        limits = self._limits[exchange.route_class]
        with Watch(exchange, limits) as watch:
            upload = _upload(exchange, limits, watch)
            try:
                await self._relay(exchange, origin, upload, watch)
            except asyncio.CancelledError:
                watch.absorb_cancellation()
                if watch.client_left:
                    raise Disconnected from None
                if upload is not None and upload.waits_for_client:
                    raise RequestTimeout(headers={"Connection": "close"}) from None
                raise _failure(exchange, TimeoutError("time limit")) from None
            except (UpstreamError, OSError) as error:
                raise _failure(exchange, error) from error

    async def _relay(
        self, exchange: Exchange, origin: Origin, upload: "Upload | None", watch: Watch
    ) -> None:
        head = _request_head(exchange, origin, upload)
        if upload is not None and upload.is_small:
            head += b"".join([chunk async for chunk in upload])
            upload = None
        if upload is None:
            watch.listen()
        connection = await self._ask(exchange, origin, head, upload)
        try:
            await _relay_answer(exchange, connection, watch)
        except BaseException:
            connection.close()
            raise
        self._pool.put(origin, connection)

    async def _ask(
        self, exchange: Exchange, origin: Origin, head: bytes, upload: "Upload | None"
    ) -> Connection:
        """Send the request and return the connection once its answer has begun."""
        kept = self._pool.take(origin)
        connection = kept or await self._pool.connect(origin)
        try:
            return await _ask(connection, exchange, head, upload)
        except ClosedEarlyError:
            if kept is None or exchange.method != "GET" or upload is not None:
                raise
        return await _ask(await self._pool.connect(origin), exchange, head, None)


async def _ask(
    connection: Connection, exchange: Exchange, head: bytes, upload: "Upload | None"
) -> Connection:
    try:
        connection.ask(exchange.method.encode(), head)
        if upload is not None:
            connection.send(upload.chunks(), is_chunked=upload.length is None)
        await connection.answer()
    except BaseException:
        connection.close()
        raise
    return connection


async def _relay_answer(exchange: Exchange, connection: Connection, watch: Watch) -> None:
    await exchange.begin(connection.status, _response_headers(connection))
    is_last = False
    while not is_last:
        chunk = await connection.read()
        watch.progress()
        is_last = connection.complete
        await exchange.body(chunk, more=not is_last)


class Upload:
    """The body of a request as it arrives, counted against the limits of its class."""

    def __init__(
        self, exchange: Exchange, *, most_bytes: int, length: int | None, watch: Watch
    ) -> None:
        self.length = length
        self.waits_for_client = False
        self._exchange = exchange
        self._most_bytes = most_bytes
        self._watch = watch

    @property
    def is_small(self) -> bool:
        return self.length is not None and self.length <= SMALL_BODY_BYTES

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.chunks()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what arrives; a client that leaves or sends too much raises."""
        received = 0
        more = True
        while more:
            self.waits_for_client = True
            message = await self._exchange.receive()
            self.waits_for_client = False
            self._watch.progress()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk = message.get("body", b"")
            more = message.get("more_body", False)
            received += len(chunk)
            if received > self._most_bytes:
                raise _too_large(self._most_bytes)
            if chunk:
                yield chunk
        self._watch.listen()


def _upload(exchange: Exchange, limits: Limits, watch: Watch) -> Upload | None:
    """Return the body that the request announces, refusing one that is announced too large."""
    declared = exchange.headers.get(b"content-length")
    if declared is None:
        if b"transfer-encoding" not in exchange.headers:
            return None
        return Upload(exchange, most_bytes=limits.body_bytes, length=None, watch=watch)
    if not declared.isdigit():
        raise problems.BadRequest(
            Text("Content-Length không hợp lệ", "Content-Length is malformed")
        )
    length = int(declared)
    if length > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    return Upload(exchange, most_bytes=limits.body_bytes, length=length, watch=watch)


def _request_head(exchange: Exchange, origin: Origin, upload: Upload | None) -> bytes:
    named = _named_by_connection(exchange.headers.get(b"connection"))
    target = origin.prefix + exchange.raw_path
    if exchange.query:
        target += b"?" + exchange.query
    host = (exchange.host or f"{origin.host}:{origin.port}").encode()
    lines = [
        exchange.method.encode() + b" " + target + b" HTTP/1.1\r\nhost: " + host,
        b"x-forwarded-host: " + host,
        b"x-forwarded-for: " + exchange.forwarded_for.encode("latin-1"),
        b"x-forwarded-proto: " + exchange.scheme.encode(),
        b"x-request-id: " + exchange.request_id.encode(),
    ]
    lines += [
        name + b": " + value
        for name, value in exchange.scope["headers"]
        if name not in _NOT_FORWARDED and name not in named
    ]
    if upload is not None and upload.length is not None:
        lines.append(b"content-length: %d" % upload.length)
    elif upload is not None:
        lines.append(b"transfer-encoding: chunked")
    lines.append(b"\r\n")
    return b"\r\n".join(lines)


def _response_headers(connection: Connection) -> Headers:
    dropped = _NOT_RETURNED_WITHOUT_BODY if connection.status in _WITHOUT_BODY else _NOT_RETURNED
    for name, value in connection.headers:
        if name == b"connection":
            dropped |= _named_by_connection(value)
    return [(name, value) for name, value in connection.headers if name not in dropped]


def _named_by_connection(value: bytes | None) -> frozenset[bytes]:
    if value is None:
        return frozenset()
    return frozenset(name.strip().lower() for name in value.split(b","))


def _failure(exchange: Exchange, error: Exception) -> Exception:
    """Return what a failed request means to the caller."""
    service = exchange.service
    if exchange.status:
        return TruncatedAnswer(service)
    if isinstance(error, UnreachableError):
        return _unavailable(service)
    if isinstance(error, TimeoutError):
        return problems.GatewayTimeout(
            Text(
                f"Dịch vụ {service} không trả lời kịp; yêu cầu ghi có thể đã được thực hiện, hãy "
                "gửi lại với cùng Idempotency-Key",
                f"The service {service} did not answer in time; a write may have happened, send "
                "it again with the same Idempotency-Key",
            )
        )
    return problems.BadGateway(
        Text(
            f"Dịch vụ {service} ngắt kết nối trước khi trả lời; hãy gửi lại, yêu cầu ghi với cùng "
            "Idempotency-Key",
            f"The service {service} closed the connection before it answered; send again, writes "
            "with the same Idempotency-Key",
        ),
        headers=RETRY_SOON,
    )


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
