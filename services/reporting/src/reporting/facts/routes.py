"""Single figures over HTTP, and the rebuild of all of them."""

from typing import Annotated

from chungsuc import jobs, problems
from chungsuc.access import Caller
from chungsuc.database import ReadSession, WriteSession
from chungsuc.idempotency import Once
from chungsuc.jobs import Job
from chungsuc.pagination import Page, PageParameters
from chungsuc.text import CivilDate, Code
from fastapi import APIRouter, Query, Request, Response

from reporting.facts import jobs as rebuilds
from reporting.facts import queries
from reporting.facts.schemas import Fact, Measure
from reporting.registers import service as registers
from reporting.registers.errors import RegisterNotRead

router = APIRouter(tags=["facts"])


@router.get(
    "/v1/facts",
    summary="List single figures below an area",
    responses=problems.responses(
        problems.Unauthorised, problems.NotFound, problems.Invalid, RegisterNotRead
    ),
)
async def list_facts(
    request: Request,
    session: ReadSession,
    caller: Caller,
    page: PageParameters,
    measure: Annotated[
        Measure,
        Query(description="What is counted; plan_vnd is received less passed down, so rows add up"),
    ],
    under: Annotated[Code, Query(description="Area id, or a code as read on `as_of`")],
    as_of: Annotated[CivilDate | None, Query(description="Civil date; today when left out")] = None,
    budget_year: Annotated[
        int | None, Query(ge=2000, le=2100, description="Budget year; that of `as_of` by default")
    ] = None,
) -> Page[Fact]:
    day = as_of or request.app.state.clock.today()
    area = await registers.get_visible_area(session, under, principal=caller, as_of=day)
    question = queries.Question(measure, area.id, day, budget_year or day.year)
    return await queries.list_facts(session, question, page=page)


@router.post(
    "/v1/reporting/rebuilds",
    status_code=202,
    response_model=Job,
    summary="Rebuild all facts from both feeds",
    responses=problems.responses(
        problems.BadRequest,
        problems.Unauthorised,
        problems.Forbidden,
        problems.Conflict,
        problems.Invalid,
    ),
)
async def start_rebuild(
    request: Request, session: WriteSession, once: Once, caller: Caller
) -> Response:
    today = request.app.state.clock.today()
    await registers.require_nation(caller, roles=["administrator"], on=today)
    return await once(
        lambda: jobs.start(session, kind=rebuilds.KIND, arguments={}, created_by=caller.subject),
        status=202,
    )
