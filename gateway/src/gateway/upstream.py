"""A pool of kept-alive HTTP/1.1 connections to the services, and one exchange on each.

Written for the hot path: the general client costs more than the rest of the gateway together
(README, "Decisions"). Parsing is llhttp's; time limits are the caller's, who cancels.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable
from dataclasses import dataclass
from functools import cached_property
from typing import cast
from urllib.parse import urlsplit

import httptools

HIGH_WATER_BYTES = 512 * 1024
MOST_HEADER_BYTES = 64 * 1024
_WITHOUT_BODY = frozenset((204, 304))

Headers = list[tuple[bytes, bytes]]


class UpstreamError(Exception):
    """Base of what can go wrong between the gateway and a service."""


class UnreachableError(UpstreamError):
    """No connection was made, so the service has seen nothing."""


class ClosedEarlyError(UpstreamError):
    """The connection closed before the first byte of an answer."""


class BrokenAnswerError(UpstreamError):
    """What came back is not a whole HTTP answer."""


@dataclass(frozen=True)
class Origin:
    """Where a service listens, and what stands before its paths."""

    host: str
    port: int
    is_secure: bool
    prefix: bytes

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Read `http://host:port/prefix`."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not the address of a service: {url}")
        is_secure = parts.scheme == "https"
        port = parts.port or (443 if is_secure else 80)
        return cls(parts.hostname, port, is_secure, parts.path.rstrip("/").encode())


class Connection(asyncio.Protocol):
    """One connection; `ask` sends a request, then the answer is read from it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = False
        self.idle_since = 0.0
        self._begin(b"")

    def _begin(self, method: bytes) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._is_head = method == b"HEAD"
        self._head_seen = False
        self._keeps_alive = False
        self._until_close = False
        self._header_bytes = 0
        self._chunks: list[bytes] = []
        self._waiting_bytes = 0
        self._paused = False
        self._wake: asyncio.Future[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self.has_answered = False
        self.complete = False
        self.status = 0
        self.headers: Headers = []

    @property
    def is_open(self) -> bool:
        return not self._lost and self._transport is not None and not self._transport.is_closing()

    @property
    def is_reusable(self) -> bool:
        """Whether another request may follow the one that was answered."""
        return (
            self.complete
            and (self._sending is None or self._sending.done())
            and self._error is None
            and not self._until_close
            and not self._is_head
            and self.is_open
            and self._keeps_alive
        )

    def close(self) -> None:
        """Close at once; what is unsent or unread is lost."""
        if self._sending is not None:
            self._sending.cancel()
        if self._transport is not None:
            self._transport.abort()

    def fail(self, error: Exception) -> None:
        """Let whoever reads the answer see this error."""
        if self._error is None and not self.complete:
            self._error = error
        self._wake_reader()

    def ask(self, method: bytes, head: bytes) -> None:
        """Send the head of a request, with a small body perhaps; an answer is now awaited."""
        self._begin(method)
        self._write(head)

    def send(self, body: AsyncIterable[bytes], *, is_chunked: bool) -> None:
        """Begin to send a body as it comes, no faster than the service reads it.

        The answer may come before the end; an error of the body fails the answer.
        """
        self._sending = asyncio.create_task(self._send(body, is_chunked=is_chunked))

    async def _send(self, body: AsyncIterable[bytes], *, is_chunked: bool) -> None:
        try:
            async for chunk in body:
                self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked else chunk)
                await self._writable.wait()
            if is_chunked:
                self._write(b"0\r\n\r\n")
        except Exception as error:
            self.fail(error)

    async def answer(self) -> None:
        """Wait until the status and headers are there."""
        while not self._head_seen:
            await self._more()

    async def read(self) -> bytes:
        """Return what has come of the body, waiting for some; empty at its end."""
        while not self._chunks and not self.complete:
            await self._more()
        content = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks = []
        self._waiting_bytes = 0
        if self._paused and self._transport is not None and self.is_open:
            self._paused = False
            self._transport.resume_reading()
        return content

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._wake = self._loop.create_future()
        try:
            await self._wake
        finally:
            self._wake = None

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _write(self, data: bytes) -> None:
        if self._lost or self._transport is None:
            raise ClosedEarlyError("the connection was closed while the request was sent")
        self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are this in behaviour, not by class
        self._transport = cast(asyncio.Transport, transport)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self.complete:
            self.close()  # an answer to nothing: the two sides no longer agree
            return
        self.has_answered = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, BrokenAnswerError) as error:
            if not (self.complete and self._is_head):
                self.fail(BrokenAnswerError(repr(error)))
            self.close()
        self._wake_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._writable.set()
        if self._until_close and exc is None:
            self.complete = True
        elif not self.complete:
            kind = BrokenAnswerError if self.has_answered else ClosedEarlyError
            self.fail(kind("the connection was closed"))
        self._wake_reader()

    # called by the parser

    def on_message_begin(self) -> None:
        if self.complete:
            raise BrokenAnswerError("a second answer to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MOST_HEADER_BYTES:
            raise BrokenAnswerError("the headers of the answer are too large")
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self.headers = []  # an interim answer such as 100 Continue
            return
        self.status = status
        self._head_seen = True
        # the parser forgets this at the end of the message
        self._keeps_alive = bool(self._parser.should_keep_alive())
        names = {name for name, _ in self.headers}
        if self._is_head:
            self.complete = True
        elif status not in _WITHOUT_BODY:
            self._until_close = not names & {b"content-length", b"transfer-encoding"}

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._waiting_bytes += len(body)
        if self._waiting_bytes > HIGH_WATER_BYTES and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        self.complete = self._head_seen


class Pool:
    """Connections that wait for their next request, by service."""

    def __init__(self, *, connect_seconds: float, keep_alive_seconds: float) -> None:
        self._connect_seconds = connect_seconds
        self._keep_alive_seconds = keep_alive_seconds
        self._idle: dict[Origin, list[Connection]] = {}
        self._loop = asyncio.get_running_loop()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def take(self, origin: Origin) -> Connection | None:
        """Return the open connection that was used last, if one waits."""
        waiting = self._idle.get(origin, [])
        oldest = self._loop.time() - self._keep_alive_seconds
        while waiting:
            connection = waiting.pop()
            if connection.is_open and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection for the next request, or close it when it cannot be used again."""
        if not connection.is_reusable:
            connection.close()
            return
        connection.idle_since = self._loop.time()
        waiting = self._idle.setdefault(origin, [])
        if waiting and not waiting[0].is_open:
            waiting[:] = [other for other in waiting if other.is_open]
        waiting.append(connection)

    async def connect(self, origin: Origin) -> Connection:
        """Open a new connection; a service that cannot be reached raises `UnreachableError`."""
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await self._loop.create_connection(
                    Connection,
                    origin.host,
                    origin.port,
                    ssl=self._tls if origin.is_secure else None,
                )
        except (OSError, TimeoutError) as error:
            raise UnreachableError(f"{origin.host}:{origin.port}") from error
        return connection

    def close(self) -> None:
        """Close what waits."""
        for waiting in self._idle.values():
            for connection in waiting:
                connection.close()
        self._idle.clear()
