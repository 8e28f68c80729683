"""Projects over HTTP."""

from typing import Annotated

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
from chungsuc.text import ShortText, search_key
from fastapi import APIRouter, Path, Query, Response

from funding.dependencies import DeskAsked, MomentAsked, OptionalArea
from funding.projects import repository, service
from funding.projects.schemas import Acceptance, AcceptanceIn, Project, ProjectId, ProjectIn
from funding.registers import service as registers

router = APIRouter(prefix="/v1/projects", tags=["projects"], responses=responses(Unauthorised))
WRITE = responses(BadRequest, Forbidden, Conflict, Invalid, Unavailable)
ProjectPath = Annotated[ProjectId, Path(description="Project id")]


@router.post("", status_code=201, response_model=Project, responses=WRITE)
async def add_project(
    body: ProjectIn, caller: Caller, desk: DeskAsked, session: WriteSession, once: Once
) -> Response:
    """Record a project with the decision that sets its ceiling."""
    await service.prepare_project(desk, caller, body)
    today = desk.clock.today()
    return await once(lambda: service.add_project(session, caller, body, today=today))


@router.get("", responses=responses(Forbidden, NotFound, Invalid))
async def list_projects(
    caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    under: OptionalArea = None,
    q: Annotated[ShortText | None, Query(description="Words of the name, accents optional")] = None,
) -> Page[Project]:
    """List projects below an area, by code."""
    sight, _ = await registers.sight_of(session, caller, under=under, on=moment.as_of)
    after = str(page.cursor[0]) if page.cursor else ""
    rows = await repository.list_projects(
        session,
        sight,
        on=moment.as_of,
        words=search_key(q) if q else None,
        after=after,
        limit=page.limit + 1,
    )
    items, following = pagination.page_of(rows, limit=page.limit, key=lambda row: [row.code])
    return Page(items=[Project.model_validate(row._asdict()) for row in items], next=following)


@router.get("/{project_id}", responses=responses(NotFound, Invalid))
async def get_project(
    project_id: ProjectPath, caller: Caller, session: ReadSession, moment: MomentAsked
) -> Project:
    """Return one project; a hidden one answers like an absent one."""
    return await service.get_project(session, caller, project_id, on=moment.as_of)


@router.post(
    "/{project_id}/acceptances",
    status_code=201,
    response_model=Acceptance,
    responses={**WRITE, **responses(NotFound)},
)
async def add_acceptance(
    project_id: ProjectPath,
    body: AcceptanceIn,
    caller: Caller,
    desk: DeskAsked,
    session: WriteSession,
    once: Once,
) -> Response:
    """Record accepted completed volume of a work: what may be paid grows by it."""
    await service.prepare_document(desk, caller, body.document_id)
    today = desk.clock.today()
    return await once(
        lambda: service.add_acceptance(session, caller, project_id, body, today=today)
    )
