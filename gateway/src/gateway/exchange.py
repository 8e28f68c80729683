"""One request and its answer: what was asked, how it was answered, and the ways to answer."""

import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from chungsuc import problems, telemetry
from chungsuc.access import Principal
from chungsuc.text import Text
from starlette.types import Receive, Scope, Send

from gateway.routes import RouteClass

Headers = list[tuple[bytes, bytes]]

_PICKED = frozenset(
    (
        b"accept",
        b"accept-language",
        b"access-control-request-method",
        b"authorization",
        b"connection",
        b"content-length",
        b"content-type",
        b"host",
        b"if-none-match",
        b"origin",
        b"transfer-encoding",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
    )
)
_ONCE = frozenset((b"authorization", b"content-length", b"content-type", b"host"))
_JOINED = frozenset((b"accept", b"accept-language", b"connection", b"x-forwarded-for"))
_HOST = re.compile(r"^[A-Za-z0-9._:\[\]-]{1,255}$")
_CONTROL_BYTES = frozenset(range(32)) | {127}


class Disconnected(Exception):  # noqa: N818 - a fact about the client, not an error of ours
    """The client went away before it was answered."""


class UriTooLong(problems.Problem):
    code, status = "uri-too-long", 414
    title = Text("Địa chỉ quá dài", "URI too long")


class HeadersTooLarge(problems.Problem):
    code, status = "headers-too-large", 431
    title = Text("Tiêu đề yêu cầu quá lớn", "Request headers too large")


class RequestTimeout(problems.Problem):
    code, status = "request-timeout", 408
    title = Text("Không nhận đủ yêu cầu trong thời gian cho phép", "The request came too slowly")


class Exchange:
    """A request as the gateway reads it; the first answer that is begun is the only one."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.path = self.raw_path.decode("latin-1")
        self.query: bytes = scope["query_string"]
        self.scheme: str = scope["scheme"]
        self.host = ""
        self.address: str = scope["client"][0] if scope.get("client") else "unknown"
        self.forwarded_for = self.address
        self.headers: dict[bytes, bytes] = {}
        self.extra_headers: Headers = []
        self.request_id = ""
        self.principal: Principal | None = None
        self.service = ""
        self.route_class = RouteClass.JSON
        self.status = 0
        self.bytes_sent = 0
        self.finished = False
        self.started_at = time.perf_counter()

    def header(self, name: bytes) -> str:
        """Return a header of the request, or an empty string."""
        return self.headers.get(name, b"").decode("latin-1")

    def read_headers(
        self, *, most_bytes: int, most_path_bytes: int, trusted: frozenset[str]
    ) -> None:
        """Read what the gateway needs of the headers; malformed requests raise a problem."""
        self.request_id = os.urandom(16).hex()
        size = self._pick_headers()
        if b"x-request-id" in self.headers:
            self.request_id = telemetry.request_id_of(self.scope)
        self.host = self.header(b"host")
        if self.host and not _HOST.match(self.host):
            self.host = ""
            raise problems.BadRequest(Text("Tiêu đề Host không hợp lệ", "Host is malformed"))
        if self.address in trusted:
            self._believe_forwarded()
        if len(self.raw_path) + len(self.query) > most_path_bytes:
            raise UriTooLong
        if not self.query.isascii():
            raise _malformed_path()
        if size > most_bytes:
            raise HeadersTooLarge
        self._check_path()

    def _believe_forwarded(self) -> None:
        """Take the client's address, scheme and host from the trusted proxy in front."""
        before = self.header(b"x-forwarded-for")
        if before:
            self.forwarded_for = f"{before}, {self.address}"
            self.address = before.rpartition(",")[2].strip()
        scheme, host = self.header(b"x-forwarded-proto"), self.header(b"x-forwarded-host")
        self.scheme = scheme if scheme in ("http", "https") else self.scheme
        self.host = host if _HOST.match(host) else self.host

    def _pick_headers(self) -> int:
        size = 0
        picked = self.headers
        for name, value in self.scope["headers"]:
            size += len(name) + len(value)
            if name not in _PICKED:
                continue
            if name in picked and name in _ONCE:
                raise problems.BadRequest(
                    Text(
                        f"Tiêu đề {name.decode()} được gửi hai lần",
                        f"The header {name.decode()} was sent twice",
                    )
                )
            if name in picked and name in _JOINED:
                value = picked[name] + b", " + value
            picked[name] = value
        return size

    def _check_path(self) -> None:
        plain = self.raw_path
        if b"%" in plain:
            plain = unquote_to_bytes(plain)
        elif b"/." not in plain and b"//" not in plain and plain.isascii():
            return
        try:
            plain.decode()
        except UnicodeDecodeError as error:
            raise _malformed_path() from error
        segments = plain.split(b"/")
        if b".." in segments or b"." in segments or b"" in segments[1:-1]:
            raise _malformed_path()
        if not _CONTROL_BYTES.isdisjoint(plain):
            raise _malformed_path()

    async def read_body(self, *, most_bytes: int) -> bytes:
        """Return the whole body of a small request to the gateway itself."""
        body = b""
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most_bytes:
                raise problems.PayloadTooLarge(headers={"Connection": "close"})
        return body

    @property
    def language(self) -> str:
        return problems.language_of(self.header(b"accept-language"))

    async def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Send the status and headers."""
        self.status = status
        sent = [
            *headers,
            (b"x-request-id", self.request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
            *self.extra_headers,
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": sent})

    async def body(self, chunk: bytes, *, more: bool) -> None:
        """Send a piece of the body; without more to come the answer is complete."""
        self.bytes_sent += len(chunk)
        self.finished = not more
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def answer(
        self, status: int, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole answer of the gateway's own."""
        sent = [
            (b"content-type", media_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        sent += [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
        await self.begin(status, sent)
        await self.body(b"" if self.method == "HEAD" else body, more=False)

    async def answer_json(
        self, status: int, content: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send plain data as JSON."""
        body = json.dumps(content, ensure_ascii=False).encode()
        await self.answer(status, body, "application/json", headers)

    async def answer_unchanged(self, headers: Mapping[str, str]) -> None:
        """Tell the client that what it has is still right."""
        await self.begin(304, [(k.lower().encode(), v.encode()) for k, v in headers.items()])
        await self.body(b"", more=False)

    async def answer_problem(
        self, problem: problems.Problem, extension: Mapping[str, str] | None = None
    ) -> None:
        """Send a problem document in the caller's language."""
        document = problems.problem_body(
            problem, language=self.language, instance=self.path, request_id=self.request_id
        )
        body = json.dumps({**document, **(extension or {})}, ensure_ascii=False).encode()
        headers = {"Cache-Control": "no-store", **problem.headers}
        headers["Vary"] = "Accept-Language"
        headers["Content-Language"] = self.language
        await self.answer(problem.status, body, problems.MEDIA_TYPE, headers)


def _malformed_path() -> problems.BadRequest:
    return problems.BadRequest(Text("Đường dẫn không hợp lệ", "The path is malformed"))
