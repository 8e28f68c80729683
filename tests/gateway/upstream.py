"""A small service that shows what reached it and misbehaves on request; a real server serves it."""

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send


class Upstream:
    """One pretended service; `seen` counts requests, `cancelled` those whose client went away."""

    def __init__(self, name: str, document: dict[str, Any] | None = None) -> None:
        self.name = name
        self.document = document
        self.seen = 0
        self.cancelled = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.seen += 1
        action = scope["path"].rpartition("/")[2]
        answer = getattr(self, f"_{action.replace('.', '_').replace('-', '_')}", self._echo)
        await answer(scope, receive, send)

    async def _openapi_json(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _answer_json(send, 200 if self.document else 404, self.document)

    async def _readyz(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _answer_json(send, 200, {"status": "ready", "degraded": []})

    async def _echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        digest, length, chunks = hashlib.sha256(), 0, 0
        more = True
        while more:
            message = await receive()
            chunk = message.get("body", b"")
            digest.update(chunk)
            length += len(chunk)
            chunks += 1
            more = message.get("more_body", False)
        shown = {
            "service": self.name,
            "method": scope["method"],
            "path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
            "length": length,
            "chunks": chunks,
            "sha256": digest.hexdigest(),
        }
        extra = [
            (b"connection", b"x-private, keep-alive"),
            (b"x-private", b"between neighbours"),
            (b"server", b"secret-server/1.0"),
            (b"x-request-id", b"another-request-id"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
        ]
        await _answer_json(send, 200, shown, extra)

    async def _06970(self, scope: Scope, receive: Receive, send: Send) -> None:
        on = parse_qs(scope["query_string"].decode()).get("as_of", ["today"])[0]
        await _answer_json(send, 200, {"id": f"a06970on{on}", "code": "06970"})

    async def _99999(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _answer_json(send, 404, {})

    async def _slow(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._wait_or_leave(receive, seconds=30)
        await _answer_json(send, 200, {})

    async def _unchanged(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"1"')]})
        await send({"type": "http.response.body", "body": b""})

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _begin_stream(send)
        for number in range(3):
            line = json.dumps({"line": number}).encode() + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
            if not await self._wait_or_leave(receive, seconds=0.3):
                return
        await send({"type": "http.response.body", "body": b""})

    async def _large(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _begin_stream(send)
        for number in range(256):
            block = bytes([number]) * 65_536
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _truncated(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})

    async def _wait_or_leave(self, receive: Receive, *, seconds: float) -> bool:
        """Wait, or return False as soon as the client of this service has gone away."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                message = await asyncio.wait_for(receive(), left)
            except TimeoutError:
                return True
            if message["type"] == "http.disconnect":
                self.cancelled += 1
                return False
        return True


async def _begin_stream(send: Send) -> None:
    headers = [(b"content-type", b"application/x-ndjson")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _answer_json(
    send: Send, status: int, content: Any, extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = json.dumps(content).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *(extra or []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
