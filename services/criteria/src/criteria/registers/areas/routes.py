"""Areas and area changes over HTTP."""

from typing import Annotated, Any

from chungsuc import access
from chungsuc.access import NATION, Caller, Principal
from chungsuc.database import Database, ReadSession, WriteSession
from chungsuc.etag import etag_of, not_modified
from chungsuc.idempotency import Once
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import BadRequest, Conflict, Forbidden, Invalid, Unauthorised, responses
from chungsuc.text import CivilDate, Code, ShortText
from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.dependencies import Moment, MomentAsked, Today
from criteria.registers import listing
from criteria.registers.areas import cover, downloads, lookup, read_repository, reading, service
from criteria.registers.areas.errors import AreaChangeRefused, AreaNotFound, CodeAmbiguous
from criteria.registers.areas.schemas import (
    AreaChangeIn,
    AreaChangeOut,
    AreaDetail,
    AreaHistory,
    AreaLineage,
    AreaOut,
    AreaParameter,
)
from criteria.registers.areas.tagged_route import TaggedBodyRoute

router = APIRouter(
    tags=["registers"], responses=responses(Unauthorised), route_class=TaggedBodyRoute
)
AreaPath = Annotated[
    AreaParameter, Path(description="Area id, or code read as of `as_of`", examples=["06970"])
]
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Not modified"}}
_ONE = responses(AreaNotFound, CodeAmbiguous) | _UNCHANGED
_DRY_RUN: dict[int | str, dict[str, Any]] = {
    200: {"description": "Checked, not recorded (dry run)", "model": AreaChangeOut}
}
_STREAMS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page; or all rows as NDJSON or CSV",
        "content": {downloads.NDJSON: {}, downloads.CSV: {}},
    }
}


@router.get(
    "/v1/areas",
    response_model=Page[AreaOut],
    responses=responses(AreaNotFound, Invalid) | _STREAMS,
)
async def list_areas(
    request: Request,
    _caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    q: Annotated[
        ShortText | None, Query(description="Words of designation and name, accent-free")
    ] = None,
    area_kind: Annotated[Code | None, Query(description="Only this kind")] = None,
    parent: Annotated[AreaParameter | None, Query(description="Directly below this area")] = None,
    under: Annotated[AreaParameter | None, Query(description="This area and all below it")] = None,
    code: Annotated[Code | None, Query(description="Exact code")] = None,
) -> Page[AreaOut] | StreamingResponse:
    """List areas of a date in Vietnamese order; NDJSON and CSV give all rows."""
    wanted = read_repository.AreaFilter(
        as_of=moment.as_of,
        known_at=moment.known_at,
        search=listing.search_pattern(q),
        area_kind=area_kind,
        parent_id=await _resolved(session, parent, moment),
        under_id=await _resolved(session, under, moment),
        code=code,
    )
    media_type = downloads.wanted_type(request.headers.get("accept", ""))
    if media_type is not None:
        database: Database = request.app.state.database
        rows = downloads.stream(database, wanted, media_type=media_type)
        return StreamingResponse(rows, media_type=media_type)
    after = listing.text_key(page.cursor)
    return await reading.list_areas(session, wanted, page=page, after=after)


@router.get("/v1/areas/{area}", response_model=AreaDetail, responses=_ONE)
async def get_area(
    request: Request, caller: Caller, session: ReadSession, moment: MomentAsked, area: AreaPath
) -> Response:
    """Return one area as of a date; an id without a date is read on a day of its life."""
    etag = await _etag(request, caller, session, moment)
    if not_modified(request, etag):
        return _unchanged(etag)
    return _answer(await reading.get_area(session, area, moment=moment), etag)


@router.get("/v1/areas/{area}/history", response_model=AreaHistory, responses=_ONE)
async def get_area_history(
    request: Request, caller: Caller, session: ReadSession, moment: MomentAsked, area: AreaPath
) -> Response:
    """Return all codes, names, parents and attributes of an area by date, and its changes."""
    etag = await _etag(request, caller, session, moment)
    if not_modified(request, etag):
        return _unchanged(etag)
    return _answer(await reading.get_history(session, area, moment=moment), etag)


@router.get("/v1/areas/{area}/lineage", response_model=AreaLineage, responses=_ONE)
async def get_area_lineage(
    request: Request,
    caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    area: AreaPath,
    on: Annotated[
        CivilDate | None, Query(description="Follow all steps up to this date; default one step")
    ] = None,
) -> Response:
    """Return where an area came from and what it became."""
    etag = await _etag(request, caller, session, moment)
    if not_modified(request, etag):
        return _unchanged(etag)
    return _answer(await reading.get_lineage(session, area, moment=moment, on=on), etag)


@router.get("/v1/area-changes", responses=responses(AreaNotFound, Invalid))
async def list_area_changes(
    _caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    area: Annotated[AreaParameter | None, Query(description="Only changes of this area")] = None,
    kind: Annotated[Code | None, Query(description="Only this kind of change")] = None,
) -> Page[AreaChangeOut]:
    """List area changes, newest effect first."""
    return await reading.list_events(
        session,
        area_id=await _resolved(session, area, moment),
        kind=kind,
        known_at=moment.known_at,
        page=page,
    )


@router.post(
    "/v1/area-changes",
    status_code=201,
    response_model=AreaChangeOut,
    responses=responses(BadRequest, Forbidden, Conflict, AreaChangeRefused) | _DRY_RUN,
)
async def record_area_change(
    body: Annotated[AreaChangeIn, Body()],
    caller: Caller,
    session: WriteSession,
    today: Today,
    once: Once,
    dry_run: Annotated[bool, Query(description="Check everything, write nothing")] = False,
) -> Response:
    """Record a change of areas (administrator of the nation); what was before stays readable."""
    await access.require_grant(
        caller,
        roles=["administrator"],
        target=NATION,
        on=today,
        covers=cover.covers_for(session),
    )
    if dry_run:
        trial = await service.record_change(session, body, today=today, is_dry_run=True)
        return Response(trial.model_dump_json(), media_type="application/json")
    return await once(lambda: service.record_change(session, body, today=today, is_dry_run=False))


async def _resolved(session: AsyncSession, parameter: str | None, moment: Moment) -> str | None:
    if parameter is None:
        return None
    return await lookup.resolve_area(
        session, parameter, as_of=moment.as_of, known_at=moment.known_at
    )


async def _etag(request: Request, caller: Principal, session: AsyncSession, moment: Moment) -> str:
    version = await read_repository.register_version(session, known_at=moment.known_at)
    return etag_of(request.url.path, request.url.query, moment, version, caller.grants)


def _unchanged(etag: str) -> Response:
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": "private"})


def _answer(body: BaseModel, etag: str) -> Response:
    return Response(
        body.model_dump_json(),
        media_type="application/json",
        headers={"ETag": etag, "Cache-Control": "private"},
    )
