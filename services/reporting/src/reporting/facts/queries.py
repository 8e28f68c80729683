"""Which figures a caller lists, page by page."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, get_args

from chungsuc import pagination
from chungsuc.pagination import Page, PageRequest
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from reporting.facts import repository
from reporting.facts.schemas import Fact, Measure, ResultMeasure
from reporting.reports import lineage


class Question(NamedTuple):
    """One measure below one area as of one date."""

    measure: Measure
    area: str
    as_of: date
    budget_year: int


async def list_facts(session: AsyncSession, question: Question, *, page: PageRequest) -> Page[Fact]:
    """Return one page of figures in the order of area and key."""
    after = _after(page.cursor)
    if question.measure in get_args(ResultMeasure):
        rows = await repository.list_results(
            session,
            area=question.area,
            as_of=question.as_of,
            measure=question.measure,
            after=after,
            limit=page.limit + 1,
        )
        facts = [_result(row, question=question) for row in rows]
    else:
        rows = await repository.list_money(
            session,
            area=question.area,
            as_of=question.as_of,
            budget_year=question.budget_year,
            measure=question.measure,
            after=after,
            limit=page.limit + 1,
        )
        facts = [_money(row, question=question) for row in rows]
    items, following = pagination.page_of(
        facts, limit=page.limit, key=lambda fact: [fact.area_id, fact.key]
    )
    return Page(items=items, next=following)


def _after(cursor: Sequence[Any] | None) -> tuple[str, str]:
    if cursor is None:
        return "", ""
    if len(cursor) == 2 and all(isinstance(part, str) for part in cursor):
        return cursor[0], cursor[1]
    raise pagination.foreign_cursor()


def _result(row: Row[Any], *, question: Question) -> Fact:
    return Fact(
        measure=question.measure,
        area_id=row.area_id,
        area_code=row.code,
        area_name=row.name,
        as_of=question.as_of,
        key=row.key,
        budget_year=None,
        value=row.value,
        of=row.of,
        is_demonstration=row.is_demonstration,
        lineage=lineage.assessment(row.key, area=row.area_id, as_of=question.as_of),
    )


def _money(row: Row[Any], *, question: Question) -> Fact:
    return Fact(
        measure=question.measure,
        area_id=row.area_id,
        area_code=row.code,
        area_name=row.name,
        as_of=question.as_of,
        key=row.key,
        budget_year=question.budget_year,
        value=int(row.value),
        of=None,
        is_demonstration=row.is_demonstration,
        lineage=lineage.transfers(
            row.area_id,
            as_of=question.as_of,
            budget_year=question.budget_year,
            programme=row.programme_id,
            capital_kind=row.capital_kind,
        ),
    )
