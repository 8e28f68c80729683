"""Medium-term plans over HTTP."""

from chungsuc import pagination
from chungsuc.access import Caller
from chungsuc.database import ReadSession, WriteSession
from chungsuc.idempotency import Once
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorised,
    Unavailable,
    responses,
)
from fastapi import APIRouter, Response

from funding.dependencies import DeskAsked, MomentAsked, OptionalArea
from funding.projects import repository, service
from funding.projects.schemas import Plan, PlanIn
from funding.registers import service as registers

router = APIRouter(
    prefix="/v1/medium-term-plans", tags=["projects"], responses=responses(Unauthorised)
)


@router.post(
    "",
    status_code=201,
    response_model=Plan,
    responses=responses(BadRequest, Forbidden, Conflict, Invalid, Unavailable),
)
async def add_medium_term_plan(
    body: PlanIn, caller: Caller, desk: DeskAsked, session: WriteSession, once: Once
) -> Response:
    """Set the ceiling of an area's yearly investment plans; the newest document holds."""
    await service.prepare_plan(desk, caller, body)
    today = desk.clock.today()
    return await once(lambda: service.add_plan(session, caller, body, today=today))


@router.get("", responses=responses(Forbidden, NotFound, Invalid))
async def list_medium_term_plans(
    caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    under: OptionalArea = None,
) -> Page[Plan]:
    """List medium-term plans below an area with what yearly plans use of them."""
    sight, _ = await registers.sight_of(session, caller, under=under, on=moment.as_of)
    after = str(page.cursor[0]) if page.cursor else ""
    rows = await repository.list_plans(
        session, sight, on=moment.as_of, after=after, limit=page.limit + 1
    )
    items, following = pagination.page_of(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=[Plan.model_validate(row._asdict()) for row in items], next=following)
