"""Entity tags made of versions, not of bodies: an honest 304 costs no query for the body."""

import hashlib

from fastapi import Request

from chungsuc import problems
from chungsuc.text import Text


def etag_of(*parts: object) -> str:
    """Return a strong tag over everything the answer depends on."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
    return f'"{digest[:32]}"'


def not_modified(request: Request, etag: str) -> bool:
    """Say whether the caller already holds this version (If-None-Match)."""
    return _lists(request.headers.get("if-none-match"), etag)


def require_match(request: Request, etag: str) -> None:
    """Let a write pass only when it was made on this version (If-Match): else 428 or 412."""
    header = request.headers.get("if-match")
    if header is None:
        raise problems.PreconditionRequired(
            Text("gửi ETag đã đọc trong If-Match", "send the ETag that you read as If-Match")
        )
    if not _lists(header, etag):
        raise problems.PreconditionFailed(
            Text("đọc lại rồi thử lại", "read the resource again, then try again")
        )


def _lists(header: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return "*" in tags or etag in tags
