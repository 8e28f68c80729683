"""Use cases of projects and of the plans that set ceilings."""

import uuid
from datetime import date
from typing import Any

from chungsuc import access, changes
from chungsuc.access import Principal
from chungsuc.changes import Change
from chungsuc.text import search_key
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from funding.dependencies import Desk
from funding.projects import errors, repository
from funding.projects.schemas import Acceptance, AcceptanceIn, Plan, PlanIn, Project, ProjectIn
from funding.registers import repository as registers_repository
from funding.registers import service as registers
from funding.registers.service import Reference

PROJECT_ROLES = frozenset({"finance_officer", "investor"})
PLAN_ROLES = frozenset({"finance_officer"})


def new_id(prefix: str) -> str:
    """Return a fresh opaque id."""
    return f"{prefix}{uuid.uuid4().hex[:12]}"


async def prepare_project(desk: Desk, caller: Principal, body: ProjectIn) -> None:
    """Make the references of a project known."""
    references = [
        Reference("area", body.area_id, "/area_id"),
        Reference("document", body.document_id, "/document_id"),
    ]
    if body.owner_id:
        references.append(Reference("organisation", body.owner_id, "/owner_id"))
    await registers.ensure(desk.database, desk.criteria, references, token=caller.token)


async def prepare_document(desk: Desk, caller: Principal, document_id: str) -> None:
    """Make a document known."""
    reference = Reference("document", document_id, "/document_id")
    await registers.ensure(desk.database, desk.criteria, [reference], token=caller.token)


async def prepare_plan(desk: Desk, caller: Principal, body: PlanIn) -> None:
    """Make the references of a plan known."""
    references = [
        Reference("area", body.area_id, "/area_id"),
        Reference("document", body.document_id, "/document_id"),
    ]
    await registers.ensure(desk.database, desk.criteria, references, token=caller.token)


async def get_project(
    session: AsyncSession, caller: Principal, project_id: str, *, on: date
) -> Project:
    """Return a project below one of the caller's grants; 404 for a hidden one as for none."""
    project = await _get(session, project_id)
    for grant in caller.grants:
        if grant.role not in registers.READERS:
            continue
        if await registers_repository.is_under(session, project.area_id, node=grant.area, on=on):
            return project
    raise errors.ProjectNotFound


async def add_project(
    session: AsyncSession, caller: Principal, body: ProjectIn, *, today: date
) -> Project:
    """Record a project and its ceiling; 403 without a grant over its area, 409 for a taken code."""
    if body.approved_on > today:
        raise errors.in_future("/approved_on")
    await _require(session, caller, PROJECT_ROLES, target=body.area_id, on=today)
    project_id = new_id("pj")
    values = body.model_dump() | {"id": project_id, "search_key": search_key(body.name)}
    if not await repository.add_project(session, values):
        raise errors.CodeTaken
    project = await _get(session, project_id)
    await changes.append(session, [_change(project, 1)], action="add")
    return project


async def add_acceptance(
    session: AsyncSession, caller: Principal, project_id: str, body: AcceptanceIn, *, today: date
) -> Acceptance:
    """Record accepted volume of a work, which raises what may be paid; 404 for no such project."""
    if body.accepted_on > today:
        raise errors.in_future("/accepted_on")
    project = await _get(session, project_id)
    await _require(session, caller, PROJECT_ROLES, target=project.area_id, on=body.accepted_on)
    acceptance = Acceptance(
        id=new_id("ac"), project_id=project_id, author=caller.subject, **body.model_dump()
    )
    try:
        await repository.add_acceptance(session, acceptance.model_dump())
    except DBAPIError as error:
        raise errors.problem_of(error) or error from None
    content = acceptance.model_dump(mode="json")
    await changes.append(
        session, [Change("acceptance", acceptance.id, 1, content)], action="accept"
    )
    return acceptance


async def add_plan(session: AsyncSession, caller: Principal, body: PlanIn, *, today: date) -> Plan:
    """Set the ceiling of an area's investment plans; 409 when it lies below what is planned."""
    above = await registers_repository.find_area_above(session, body.area_id, on=today)
    await _require(session, caller, PLAN_ROLES, target=above or body.area_id, on=today)
    field = await repository.find_unknown_basis(
        session, programme=body.programme_id, first_year=body.first_year
    )
    if field:
        raise errors.unknown_basis(field)
    values = body.model_dump() | {"id": new_id("mt"), "author": caller.subject}
    try:
        await repository.add_plan(session, values)
    except DBAPIError as error:
        raise errors.problem_of(error) or error from None
    found = await repository.find_plan(session, values["id"])
    plan = Plan.model_validate(_values(found))
    content = plan.model_dump(mode="json")
    await changes.append(session, [Change("medium_term_plan", plan.id, 1, content)], action="set")
    return plan


async def _get(session: AsyncSession, project_id: str) -> Project:
    found = await repository.find_project(session, project_id)
    if found is None:
        raise errors.ProjectNotFound
    return Project.model_validate(_values(found))


def _change(project: Project, revision: int) -> Change:
    return Change("project", project.id, revision, project.model_dump(mode="json"))


def _values(row: Row[Any] | None) -> dict[str, Any]:
    return row._asdict() if row is not None else {}


async def _require(
    session: AsyncSession, caller: Principal, roles: frozenset[str], *, target: str, on: date
) -> None:
    await access.require_grant(
        caller, roles=roles, target=target, on=on, covers=registers.covers(session)
    )
