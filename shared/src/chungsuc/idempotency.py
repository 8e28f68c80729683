"""The same request twice has one effect: its answer is kept in the transaction of the fact."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import rfc8785
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chungsuc import problems
from chungsuc.access import Caller
from chungsuc.database import WriteSession
from chungsuc.text import Text

REPLAY_HEADER = "Idempotent-Replayed"
KEPT_DAYS = 30

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the client, the same for each repeat of one request",
    ),
]


class KeyMissing(problems.BadRequest):
    code = "idempotency-key-missing"
    title = Text("Thiếu Idempotency-Key", "Idempotency-Key is missing")


class KeyReused(problems.Invalid):
    code = "idempotency-key-reused"
    title = Text(
        "Idempotency-Key đã dùng cho nội dung khác", "Idempotency-Key was used with another body"
    )


class StillRunning(problems.Conflict):
    code = "idempotency-still-running"
    title = Text("Yêu cầu này đang được xử lý", "This request is still being processed")


def require_key(key: str | None) -> str:
    """Return the key or answer 400."""
    if not key:
        raise KeyMissing(Text("Gửi một khoá cho mỗi việc", "Send one key for each thing you do"))
    return key


def body_hash(content: Any) -> bytes:
    """SHA-256 of the canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(content)).digest()


def still_running() -> StillRunning:
    return StillRunning(headers={"Retry-After": "1"})


async def request_hash(request: Request) -> bytes:
    """Hash what the request asks for: its query and its body."""
    raw = await request.body()
    query = sorted(request.query_params.multi_items())
    try:
        return body_hash([query, json.loads(raw) if raw else None])
    except (ValueError, rfc8785.CanonicalizationError):
        return hashlib.sha256(str(query).encode() + raw).digest()


@dataclass(frozen=True)
class Idempotency:
    """Runs a piece of work once per (principal, route, key)."""

    session: AsyncSession
    request: Request
    principal: str
    route: str
    key: str

    async def __call__(
        self, work: Callable[[], Awaitable[BaseModel | None]], *, status: int = 201
    ) -> Response:
        """Do the work and keep its answer, or replay the kept answer of the same request.

        Errors: 409 while the first is running, 422 for the same key with another body.
        A problem raised by the work rolls everything back and is not kept.
        """
        await self._lock()
        content_hash = await request_hash(self.request)
        kept = await self._find_kept()
        if kept is not None:
            if bytes(kept.body_hash) != content_hash:
                raise KeyReused
            headers = {**kept.headers, REPLAY_HEADER: "true"}
            return Response(bytes(kept.body), kept.status, headers)
        answer = await work()
        body = answer.model_dump_json().encode() if answer is not None else b""
        headers = {"Content-Type": "application/json"} if body else {}
        change_id = self.session.info.get("change_id")
        if change_id is not None:
            headers["Change-Id"] = f"{self.request.app.state.service}:{change_id}"
        await self._keep(content_hash, status, headers, body)
        return Response(body, status, headers)

    async def _lock(self) -> None:
        name = f"{self.principal}\x1f{self.route}\x1f{self.key}".encode()
        number = int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)
        taken = await self.session.scalar(
            text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}
        )
        if not taken:
            raise still_running()

    async def _find_kept(self) -> Any:
        found = await self.session.execute(
            text(
                "SELECT body_hash, status, headers, body FROM idempotency_record "
                "WHERE principal = :principal AND route = :route AND key = :key"
            ),
            {"principal": self.principal, "route": self.route, "key": self.key},
        )
        return found.one_or_none()

    async def _keep(
        self, content_hash: bytes, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        await self.session.execute(
            text(
                "INSERT INTO idempotency_record "
                "(principal, route, key, body_hash, status, headers, body) VALUES "
                "(:principal, :route, :key, :body_hash, :status, CAST(:headers AS jsonb), :body)"
            ),
            {
                "principal": self.principal,
                "route": self.route,
                "key": self.key,
                "body_hash": content_hash,
                "status": status,
                "headers": json.dumps(headers),
                "body": body,
            },
        )


async def idempotency(
    request: Request, session: WriteSession, caller: Caller, key: IdempotencyKey = None
) -> Idempotency:
    route = f"{request.method} {request.url.path}"
    return Idempotency(session, request, caller.subject, route, require_key(key))


Once = Annotated[Idempotency, Depends(idempotency, scope="function")]


async def forget_old(session: AsyncSession) -> int:
    """Forget keys older than thirty days; the ledger keeps its own for ever."""
    gone = await session.execute(
        text(
            "DELETE FROM idempotency_record "
            "WHERE recorded_at < clock_timestamp() - make_interval(days => :days) RETURNING 1"
        ),
        {"days": KEPT_DAYS},
    )
    return len(gone.all())
