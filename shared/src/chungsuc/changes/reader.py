"""Reading another service's feed: a batch is applied and the cursor advanced in one transaction."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chungsuc import telemetry
from chungsuc.database import Database
from chungsuc.http import HTTPError, ServiceTokens

BATCH_LIMIT = 2000
WAIT_SECONDS = 10
RETRY_SECONDS = 0.5


class FeedItem(NamedTuple):
    """One change of another service, in full."""

    position: int
    id: int
    resource: str
    resource_id: str
    revision: int
    recorded_at: str
    body: dict[str, Any]


class Cursor(NamedTuple):
    """Where a reader stands."""

    epoch: str | None
    position: int


Apply = Callable[[AsyncSession, Sequence[FeedItem]], Awaitable[None]]
Reset = Callable[[AsyncSession], Awaitable[None]]


class FeedReader:
    """Follows one feed: after any crash, on either side, nothing is lost or counted twice."""

    def __init__(
        self,
        database: Database,
        client: httpx.AsyncClient,
        tokens: ServiceTokens,
        *,
        name: str,
        source: str,
        resources: Sequence[str],
        apply: Apply,
        reset: Reset,
    ) -> None:
        self.database = database
        self.client = client
        self.tokens = tokens
        self.name = name
        self.source = source
        self.resources = list(resources)
        self.apply = apply
        self.reset = reset

    async def run(self) -> None:
        """Follow the feed for ever; a fault is logged and tried again, never skipped."""
        while True:
            try:
                await self.read_once(wait_seconds=WAIT_SECONDS)
            except (HTTPError, OSError, ValueError) as fault:
                telemetry.logger().warning("feed not read", source=self.source, fault=repr(fault))
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                telemetry.logger().exception("feed not applied", source=self.source)
                await asyncio.sleep(RETRY_SECONDS)

    async def read_once(self, *, wait_seconds: int = 0) -> int:
        """Read and apply one batch; return how many positions the cursor advanced."""
        cursor = await self._cursor()
        answer = await self._fetch(cursor, wait_seconds)
        if answer.status_code == httpx.codes.CONFLICT:
            await self._restart(cursor)
            return 0
        document = json.loads(answer.raise_for_status().content)
        items = [FeedItem(**item) for item in document["items"]]
        return await self._apply(cursor, items, document["next"], document["head"])

    async def _cursor(self) -> Cursor:
        async with self.database.session_scope() as session:
            return await self._locked_cursor(session)

    async def _locked_cursor(self, session: AsyncSession) -> Cursor:
        await session.execute(
            text(
                "INSERT INTO feed_cursor (reader, source) VALUES (:reader, :source) "
                "ON CONFLICT DO NOTHING"
            ),
            {"reader": self.name, "source": self.source},
        )
        found = await session.execute(
            text("SELECT epoch, position FROM feed_cursor WHERE reader = :reader FOR UPDATE"),
            {"reader": self.name},
        )
        row = found.one()
        return Cursor(str(row.epoch) if row.epoch else None, row.position)

    async def _fetch(self, cursor: Cursor, wait_seconds: int) -> httpx.Response:
        parameters: list[tuple[str, str | int | float | bool | None]] = [
            ("resource", name) for name in self.resources
        ]
        parameters += [("limit", BATCH_LIMIT), ("wait", wait_seconds)]
        if cursor.epoch:
            parameters.append(("after", f"{cursor.epoch}:{cursor.position}"))
        return await self.client.get(
            f"/v1/{self.source}/changes",
            params=httpx.QueryParams(parameters),
            headers={"Authorization": f"Bearer {await self.tokens.token()}"},
            timeout=wait_seconds + 20,
        )

    async def _apply(self, cursor: Cursor, items: list[FeedItem], after: str, head: str) -> int:
        epoch, _, position = after.partition(":")
        async with self.database.session_scope() as session:
            if await self._locked_cursor(session) != cursor:
                return 0
            if items:
                await self.apply(session, items)
            await session.execute(
                text(
                    "UPDATE feed_cursor SET epoch = CAST(:epoch AS uuid), position = :position, "
                    "head_position = :head, applied_at = clock_timestamp() WHERE reader = :reader"
                ),
                {
                    "epoch": epoch,
                    "position": int(position),
                    "head": int(head.partition(":")[2]),
                    "reader": self.name,
                },
            )
        return int(position) - cursor.position

    async def _restart(self, cursor: Cursor) -> None:
        async with self.database.session_scope() as session:
            if await self._locked_cursor(session) != cursor:
                return
            await self.reset(session)
            await rewind(session, reader=self.name)
        telemetry.logger().warning("feed restarted: rebuilding", source=self.source)


async def rewind(session: AsyncSession, *, reader: str) -> None:
    """Put a reader back to the beginning; its copies must be emptied in the same transaction."""
    await session.execute(
        text(
            "UPDATE feed_cursor SET epoch = NULL, position = 0, head_position = 0 "
            "WHERE reader = :reader"
        ),
        {"reader": reader},
    )
