"""Use cases of targets: two documents may plan one result differently, and both stand."""

from datetime import date
from decimal import Decimal
from typing import Any

from chungsuc import access, changes, pagination, problems
from chungsuc.access import Principal
from chungsuc.changes import Change
from chungsuc.pagination import Page, PageRequest
from chungsuc.problems import FieldError
from chungsuc.text import Text
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import figures, judging
from criteria.assessments import service as assessments
from criteria.criteria_sets import repository as sets_repository
from criteria.measures import repository as measures_repository
from criteria.registers import ids
from criteria.registers.areas import cover, lookup
from criteria.registers.documents import repository as documents_repository
from criteria.targets import repository, rules
from criteria.targets.errors import TargetExists, TargetNotFound, TargetRefused
from criteria.targets.schemas import Attainment, TargetIn, TargetOut

PLANNERS = ("administrator", "province_office")


async def add_target(
    session: AsyncSession, body: TargetIn, *, today: date, principal: Principal
) -> TargetOut:
    """Record a target and answer with what is reached of it.

    Errors: 422 for an unknown document or set, 409 when the document has set this target already.
    """
    # An area may end within the year that it plans for.
    planned_on = min(today, date(body.year, 1, 1))
    area = await lookup.get_area(session, body.area, as_of=planned_on)
    await access.require_grant(
        principal,
        roles=PLANNERS,
        target=area.id,
        on=planned_on,
        covers=cover.covers_for(session),
    )
    await _require_references(session, body)
    fields = {"id": ids.new_id("t"), "area_id": area.id, **body.model_dump(exclude={"area"})}
    (recorded_by,) = await changes.append(
        session, [Change("target", fields["id"], 1, fields)], action="targets.add"
    )
    row = {**fields, "author": principal.subject, "recorded_by": recorded_by}
    if not await repository.add(session, row):
        raise TargetExists
    return await _get(session, fields["id"], as_of=None, today=today)


async def get_target(
    session: AsyncSession,
    target_id: str,
    *,
    as_of: date | None,
    today: date,
    principal: Principal,
) -> TargetOut:
    """Return one target; one outside the caller's areas is as absent as an unknown one."""
    target = await _get(session, target_id, as_of=as_of, today=today)
    try:
        await access.require_grant(
            principal,
            roles=access.ROLES,
            target=target.area_id,
            on=as_of or min(today, date(target.year, 1, 1)),
            covers=cover.covers_for(session),
        )
    except problems.Forbidden:
        raise TargetNotFound from None
    return target


async def list_targets(
    session: AsyncSession,
    area: str,
    *,
    year: int | None,
    as_of: date | None,
    today: date,
    page: PageRequest,
    principal: Principal,
) -> Page[TargetOut]:
    """Return the targets of an area, each with what is reached of it."""
    found = await assessments.readable_area(
        session, area, as_of=as_of or today, principal=principal
    )
    rows = await repository.list_page(
        session, area_id=found.id, year=year, after=_after(page.cursor), limit=page.limit + 1
    )
    items, following = pagination.page_of(rows, limit=page.limit, key=lambda row: (row.id,))
    targets = [await _out(session, row, as_of=as_of, today=today) for row in items]
    return Page(items=targets, next=following)


async def _require_references(session: AsyncSession, body: TargetIn) -> None:
    errors = []
    if await documents_repository.find(session, body.document_id) is None:
        detail = Text("không có văn bản này", "no such document")
        errors.append(FieldError("/document_id", "unknown-document", detail))
    if await sets_repository.find_version(session, body.criteria_set, version=None) is None:
        detail = Text("không có bộ tiêu chí này", "no such criteria set")
        errors.append(FieldError("/criteria_set", "unknown-criteria-set", detail))
    if errors:
        raise TargetRefused(errors=errors)


async def _get(
    session: AsyncSession, target_id: str, *, as_of: date | None, today: date
) -> TargetOut:
    row = await repository.find(session, target_id)
    if row is None:
        raise TargetNotFound
    return await _out(session, row, as_of=as_of, today=today)


async def _out(
    session: AsyncSession, row: Row[Any], *, as_of: date | None, today: date
) -> TargetOut:
    return TargetOut(
        **{**row._mapping, "planned_value": str(row.planned_value)},
        attainment=await _attainment(session, row, as_of=as_of, today=today),
    )


async def _attainment(
    session: AsyncSession, row: Row[Any], *, as_of: date | None, today: date
) -> Attainment | None:
    judged_by = (await sets_repository.list_judging(session)).get(row.criteria_set)
    if judged_by is None:
        return None
    on = as_of or rules.judged_on(year=row.year, today=today, valid_to=judged_by.valid_to)
    if on < judged_by.valid_from or (judged_by.valid_to and on > judged_by.valid_to):
        return None
    measures = await measures_repository.list_measures(session)
    compiled = await judging.compiled_set(session, judged_by, measures=measures)
    summary = await assessments.summarise(
        session, judged_by, criteria_set=compiled.criteria_set, under_id=row.area_id, as_of=on
    )
    found = rules.reached(row.result, summary)
    planned = Decimal(row.planned_value)
    actual = found.actual
    return Attainment(
        as_of=on,
        actual=None if actual is None else figures.rounded(actual, places=4),
        actual_printed=None if actual is None else figures.rounded(actual, places=1),
        parts_sum=found.parts_sum,
        parts_areas=summary.areas_total,
        areas_not_judged=summary.areas_total - summary.areas_judged,
        attainment_percent=found.attainment_percent(planned),
        is_reached=found.is_reached(planned),
        is_demonstration=summary.is_demonstration or row.is_demonstration,
    )


def _after(cursor: list[Any] | None) -> str | None:
    if cursor is None:
        return None
    if len(cursor) == 1 and isinstance(cursor[0], str):
        return cursor[0]
    raise pagination.foreign_cursor()
