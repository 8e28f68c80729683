"""The feed over HTTP, and the same rows as an audit trail."""

import asyncio
import time
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chungsuc import access, pagination, problems
from chungsuc.access import Caller
from chungsuc.database import Database, ReadSession
from chungsuc.pagination import Page, PageParameters
from chungsuc.text import ShortText, Text

NDJSON = "application/x-ndjson"
POLL_SECONDS = 0.1
BIGGEST_ID = 2**63 - 1


class FeedChange(BaseModel):
    """One change of the feed."""

    position: int = Field(description="Place in the feed, without gaps")
    id: int = Field(description="Change id, as in the Change-Id of the write")
    resource: str = Field(description="Kind of resource")
    resource_id: str = Field(description="Its id")
    revision: int = Field(description="Counts the changes of this resource")
    recorded_at: datetime = Field(description="When it was recorded")
    body: dict[str, Any] = Field(description="The resource as it is from then on, whole")


class FeedPage(BaseModel):
    """One batch of the feed."""

    items: list[FeedChange] = Field(description="Changes in the order they became visible")
    next: str = Field(description="Cursor to read on from, `epoch:position`")
    head: str = Field(description="Newest position there is, `epoch:position`")


class ChangePlace(BaseModel):
    """Where a change stands in the feed."""

    id: int = Field(description="Change id")
    position: int | None = Field(description="Its position; null while it is not sequenced yet")


class AuditRow(BaseModel):
    """Who did what, when."""

    id: int = Field(description="Change id")
    recorded_at: datetime = Field(description="When")
    actor: str = Field(description="Who")
    action: str = Field(description="What was done")
    resource: str = Field(description="Kind of resource")
    resource_id: str = Field(description="Its id")
    revision: int = Field(description="Revision that came of it")
    request_id: str = Field(description="Request that did it")


class Place(BaseModel):
    """A cursor of the feed, read."""

    epoch: UUID
    position: int


def parse_place(after: str | None) -> Place | None:
    """Read `epoch:position`."""
    if after is None:
        return None
    epoch, _, position = after.partition(":")
    if position.isascii() and position.isdigit() and int(position) <= BIGGEST_ID:
        try:
            return Place(epoch=UUID(epoch), position=int(position))
        except ValueError:
            pass
    reason = Text("không phải vị trí của luồng", "not a place of this feed")
    raise problems.Invalid(reason, errors=[problems.FieldError("after", "not-a-place", reason)])


async def list_changes(
    request: Request,
    caller: Caller,
    after: Annotated[str | None, Query(max_length=64, description="`epoch:position`")] = None,
    limit: Annotated[int, Query(ge=1, le=5000, description="Most changes in a batch")] = 1000,
    wait: Annotated[int, Query(ge=0, le=20, description="Seconds to wait for news")] = 0,
    resource: Annotated[
        list[ShortText] | None, Query(max_length=20, description="Only these kinds of resource")
    ] = None,
) -> Response:
    """Read the change feed: gap-free, in the order in which commits became visible."""
    access.require_role(caller, ["feed", "administrator"])
    place = parse_place(after)
    batch = await _read_batch(request.app.state.database, place, limit, wait, resource)
    if NDJSON in request.headers.get("accept", ""):
        headers = {"Feed-Next": batch.next_place}
        return Response(batch.lines(), media_type=NDJSON, headers=headers)
    return Response(batch.document(), media_type="application/json")


async def get_change_position(
    session: ReadSession,
    _caller: Caller,
    change_id: Annotated[int, Path(ge=1, le=BIGGEST_ID, description="Change id")],
) -> ChangePlace:
    """Find where a change stands in the feed: null until the sequencer has seen it."""
    found = await session.execute(
        text(
            "SELECT c.id, p.position FROM change c "
            "LEFT JOIN change_position p ON p.change_id = c.id WHERE c.id = :id"
        ),
        {"id": change_id},
    )
    row = found.one_or_none()
    if row is None:
        raise problems.NotFound
    return ChangePlace(id=row.id, position=row.position)


async def list_audit(
    session: ReadSession,
    caller: Caller,
    page: PageParameters,
    resource: Annotated[ShortText | None, Query(description="Kind of resource")] = None,
    resource_id: Annotated[ShortText | None, Query(description="Its id")] = None,
    actor: Annotated[ShortText | None, Query(description="Who did it")] = None,
) -> Page[AuditRow]:
    """List who did what, newest first."""
    access.require_role(caller, ["auditor", "administrator"])
    return await _audit_page(session, page, resource, resource_id, actor)


def feed_router(service: str) -> APIRouter:
    """Return the feed and audit routes of one service."""
    router = APIRouter(tags=["changes"])
    refusals = problems.responses(
        problems.Unauthorised, problems.Forbidden, problems.FeedRestarted, problems.Invalid
    )
    base = f"/v1/{service}"
    router.add_api_route(
        f"{base}/changes",
        list_changes,
        response_model=FeedPage,
        responses=refusals,
        operation_id=f"list_{service}_changes",
    )
    router.add_api_route(
        f"{base}/changes/{{change_id}}",
        get_change_position,
        responses={**refusals, **problems.responses(problems.NotFound)},
        operation_id=f"get_{service}_change_position",
    )
    router.add_api_route(
        f"{base}/audit",
        list_audit,
        responses=refusals,
        operation_id=f"list_{service}_audit",
    )
    return router


class Batch:
    """A batch as it left the database: bodies stay text from there to the wire."""

    def __init__(self, epoch: UUID, head: int, rows: list[tuple[int, str]], through: int) -> None:
        self.rows = rows
        self.next_place = f"{epoch}:{through}"
        self.head_place = f"{epoch}:{head}"

    def lines(self) -> bytes:
        return "".join(f"{line}\n" for _, line in self.rows).encode()

    def document(self) -> bytes:
        items = ",".join(line for _, line in self.rows)
        return (
            f'{{"items":[{items}],"next":"{self.next_place}","head":"{self.head_place}"}}'.encode()
        )


async def _read_batch(
    database: Database, place: Place | None, limit: int, wait: int, resources: list[str] | None
) -> Batch:
    deadline = time.monotonic() + wait
    while True:
        async with database.read_scope() as session:
            batch = await _batch(session, place, limit, resources)
        if batch.rows or time.monotonic() >= deadline:
            return batch
        await asyncio.sleep(POLL_SECONDS)


async def _batch(
    session: AsyncSession, place: Place | None, limit: int, resources: list[str] | None
) -> Batch:
    state = (await session.execute(text("SELECT epoch, last_position FROM feed_state"))).one()
    if place and (place.epoch != state.epoch or place.position > state.last_position):
        raise problems.FeedRestarted(
            Text("Đọc lại luồng từ đầu", "Read the feed again from its beginning")
        )
    after = place.position if place else 0
    found = await session.execute(
        text(
            "SELECT p.position, json_build_object('position', p.position, 'id', c.id, "
            "'resource', c.resource, 'resource_id', c.resource_id, 'revision', c.revision, "
            "'recorded_at', c.recorded_at, 'body', c.body)::text AS line "
            "FROM change_position p JOIN change c ON c.id = p.change_id "
            "WHERE p.position > :after "
            "AND (CAST(:resources AS text[]) IS NULL OR c.resource = ANY(:resources)) "
            "ORDER BY p.position LIMIT :limit"
        ),
        {"after": after, "resources": resources, "limit": limit},
    )
    rows = [(row.position, row.line) for row in found]
    through = rows[-1][0] if len(rows) == limit else state.last_position
    return Batch(state.epoch, state.last_position, rows, through)


async def _audit_page(
    session: AsyncSession,
    page: pagination.PageRequest,
    resource: str | None,
    resource_id: str | None,
    actor: str | None,
) -> Page[AuditRow]:
    before = _cursor_id(page)
    found = await session.execute(
        text(
            "SELECT id, recorded_at, actor, action, resource, resource_id, revision, request_id "
            "FROM change WHERE id < :before "
            "AND (CAST(:resource AS text) IS NULL OR resource = :resource) "
            "AND (CAST(:resource_id AS text) IS NULL OR resource_id = :resource_id) "
            "AND (CAST(:actor AS text) IS NULL OR actor = :actor) "
            "ORDER BY id DESC LIMIT :limit"
        ),
        {
            "before": before,
            "resource": resource,
            "resource_id": resource_id,
            "actor": actor,
            "limit": page.limit + 1,
        },
    )
    rows = [AuditRow.model_validate(dict(row._mapping)) for row in found]
    items, following = pagination.page_of(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=items, next=following)


def _cursor_id(page: pagination.PageRequest) -> int:
    if page.cursor is None:
        return BIGGEST_ID
    if len(page.cursor) == 1 and isinstance(page.cursor[0], int):
        return page.cursor[0]
    raise pagination.foreign_cursor()
