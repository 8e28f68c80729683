"""Imports and their templates over HTTP."""

import uuid
from typing import Annotated, Any, Literal

from chungsuc import streams
from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.idempotency import Once
from chungsuc.jobs import Job
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import (
    BadRequest,
    Conflict,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
    responses,
)
from chungsuc.text import CivilDate, Code
from fastapi import APIRouter, Path, Query, Request, Response

from criteria.dependencies import Today
from criteria.observations.imports import service, tables, templates
from criteria.observations.imports.errors import FileTooLarge
from criteria.observations.imports.schemas import ImportErrorOut, ImportOut, Mode

router = APIRouter()

ImportId = Annotated[uuid.UUID, Path(description="Import id, as the 202 said")]
_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself; its Content-Type says what it is",
        "content": {tables.XLSX_TYPE: _FILE, tables.CSV_TYPE: _FILE},
    }
}


@router.post(
    "/v1/observations/imports",
    status_code=202,
    response_model=Job,
    responses=responses(BadRequest, Conflict, PayloadTooLarge, UnsupportedMediaType),
    openapi_extra=_BODY,
)
async def import_observations(
    request: Request,
    once: Once,
    caller: Caller,
    mode: Annotated[
        Mode, Query(description="atomic: all values or none; partial: every good one")
    ] = "atomic",
    dry_run: Annotated[bool, Query(description="Check everything, write nothing")] = False,
    observed_on: Annotated[
        CivilDate | None, Query(description="Date of rows that name none")
    ] = None,
    decimal_mark: Annotated[
        Literal["point", "comma"] | None,
        Query(description="Reads 1.234 and 1,234 in text cells; without it they are refused"),
    ] = None,
    document_id: Annotated[
        Code | None, Query(description="Document that the values come from")
    ] = None,
    is_demonstration: Annotated[
        bool, Query(description="True when the values are made up to show the system")
    ] = False,
) -> Response:
    """Record values from a workbook or CSV: a row per area, or a row per value.

    The header names an area code and measures, by code or by name; the answer is a job.
    """
    content = await _read_body(request)
    asked = service.Request(
        media_type=request.headers.get("content-type", "").partition(";")[0].strip(),
        mode=mode,
        is_dry_run=dry_run,
        observed_on=observed_on,
        decimal_mark=decimal_mark,
        document_id=document_id,
        is_demonstration=is_demonstration,
    )
    now = request.app.state.clock.now()
    return await once(
        lambda: service.start_import(once.session, content, asked, principal=caller, now=now),
        status=202,
    )


@router.get("/v1/observations/imports/{import_id}", responses=responses(NotFound))
async def get_observation_import(
    session: ReadSession, caller: Caller, import_id: ImportId
) -> ImportOut:
    """One import: how far it is, and what came of it."""
    return await service.get_import(session, import_id, principal=caller)


@router.get(
    "/v1/observations/imports/{import_id}/errors",
    response_model=Page[ImportErrorOut],
    responses=responses(NotFound),
)
async def list_observation_import_errors(
    request: Request,
    session: ReadSession,
    caller: Caller,
    import_id: ImportId,
    page: PageParameters,
) -> Page[ImportErrorOut] | Response:
    """Why rows were refused, in the order of the file; NDJSON and CSV give all at once."""
    form = streams.wanted_format(request)
    if form == "json":
        return await service.list_errors(session, import_id, page=page, principal=caller)
    return await service.stream_errors(
        request.app.state.database, session, import_id, form=form, principal=caller
    )


@router.get(
    "/v1/observations/templates",
    response_class=Response,
    responses={200: {"content": {tables.XLSX_TYPE: {}}}, **responses(NotFound)},
)
async def get_observation_template(
    session: ReadSession,
    caller: Caller,
    today: Today,
    criteria_set: Annotated[Code, Query(description="Set whose measures are the columns")],
    under: Annotated[Code, Query(description="Area whose communes are the rows")],
    as_of: Annotated[
        CivilDate | None, Query(description="Date that the values will describe; default today")
    ] = None,
    format_asked: Annotated[
        Literal["xlsx"], Query(alias="format", description="A workbook")
    ] = "xlsx",
) -> Response:
    """A workbook to fill in and to send to the imports as it is."""
    day = as_of or today
    content = await templates.make_template(
        session, criteria_set, under=under, as_of=day, principal=caller
    )
    name = f"template-{criteria_set}-{under}-{day.isoformat()}.{format_asked}".replace("/", "-")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=tables.XLSX_TYPE)


async def _read_body(request: Request) -> bytes:
    """Read the file, and not one byte more than is taken."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > tables.MAXIMUM_BYTES:
            raise FileTooLarge
    # Whoever asks for the body later, as the idempotency key's hash does, gets the same bytes.
    request._body = bytes(content)
    return request._body
