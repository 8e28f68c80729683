"""Appending to the feed, inside the transaction that makes the fact."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SYSTEM_ACTOR = "system"


class Change(NamedTuple):
    """A resource as it is from now on, whole."""

    resource: str
    resource_id: str
    revision: int
    body: dict[str, Any]


async def append(session: AsyncSession, changes: Sequence[Change], *, action: str) -> list[int]:
    """Append these changes in one round trip and return their ids, in order.

    The last id becomes the `Change-Id` of the request's answer.
    """
    if not changes:
        return []
    actor, request_id = _author(session)
    rows = await session.scalars(
        text("SELECT append_changes(CAST(:changes AS jsonb), :action, :actor, :request_id)"),
        {
            "changes": json.dumps([change._asdict() for change in changes], ensure_ascii=False),
            "action": action,
            "actor": actor,
            "request_id": request_id,
        },
    )
    ids = list(rows)
    session.info["change_id"] = ids[-1]
    return ids


def _author(session: AsyncSession) -> tuple[str, str]:
    request = session.info.get("request")
    if request is None:
        return session.info.get("actor", SYSTEM_ACTOR), session.info.get("request_id", "")
    return request.state.principal.subject, request.scope["request_id"]
