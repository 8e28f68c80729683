"""Targets over HTTP."""

from typing import Annotated

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.idempotency import Once
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import BadRequest, Conflict, Forbidden, NotFound, Unauthorised, responses
from chungsuc.text import CivilDate, Code
from fastapi import APIRouter, Path, Query, Response

from criteria.dependencies import Today
from criteria.targets import service
from criteria.targets.schemas import TargetIn, TargetOut

router = APIRouter(
    prefix="/v1/targets", tags=["targets"], responses=responses(Unauthorised, Forbidden, NotFound)
)

AsOf = Annotated[
    CivilDate | None,
    Query(description="Date of the verdicts; default the latest that counts for the year"),
]


@router.post(
    "",
    status_code=201,
    response_model=TargetOut,
    responses=responses(BadRequest, Conflict),
)
async def add_target(body: TargetIn, once: Once, caller: Caller, today: Today) -> Response:
    """Record a planned result and the document that sets it."""
    return await once(lambda: service.add_target(once.session, body, today=today, principal=caller))


@router.get("")
async def list_targets(
    session: ReadSession,
    caller: Caller,
    page: PageParameters,
    today: Today,
    area: Annotated[Code, Query(description="Area that the targets are for: id or code")],
    year: Annotated[int | None, Query(ge=1990, le=2100, description="Only this year")] = None,
    as_of: AsOf = None,
) -> Page[TargetOut]:
    """What documents plan for an area, and what is reached: different plans stand side by side."""
    return await service.list_targets(
        session, area, year=year, as_of=as_of, today=today, page=page, principal=caller
    )


@router.get("/{target_id}")
async def get_target(
    session: ReadSession,
    caller: Caller,
    today: Today,
    target_id: Annotated[Code, Path(description="Target id")],
    as_of: AsOf = None,
) -> TargetOut:
    """One target and what is reached of it, from the parts."""
    return await service.get_target(session, target_id, as_of=as_of, today=today, principal=caller)
