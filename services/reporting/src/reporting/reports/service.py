"""The province overview: results, money and targets of one area, from one snapshot."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from chungsuc.access import Principal
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from reporting.registers import service as registers
from reporting.reports import repository, views
from reporting.reports.question import Question
from reporting.reports.schemas import Coverage, FeedState, Freshness, ProvinceOverview

TITLE_VI = "Tổng quan chương trình mục tiêu quốc gia trên địa bàn tỉnh"
TITLE_EN = "National target programmes in the province: overview"


@dataclass(frozen=True)
class Answerable:
    """A question that the caller may ask, and the feed state that its answer will be made from."""

    question: Question
    sources: dict[str, FeedState]

    @property
    def version(self) -> tuple[object, ...]:
        """Everything that the figures depend on, for the entity tag."""
        cursors = sorted((source, state.cursor) for source, state in self.sources.items())
        question = self.question
        return question.area, question.as_of, question.budget_year, *cursors


async def prepare(
    session: AsyncSession, area: str, *, as_of: date, budget_year: int, principal: Principal
) -> Answerable:
    """Resolve the area in the caller's reach and the cursors of this snapshot."""
    found = await registers.get_visible_area(session, area, principal=principal, as_of=as_of)
    cursors = {row.source: row for row in await repository.list_cursors(session)}
    sources = {name: _feed_state(cursors.get(name)) for name in ("criteria", "funding")}
    return Answerable(Question(found, as_of, budget_year), sources)


async def build(
    session: AsyncSession, answerable: Answerable, *, freshness: Freshness
) -> ProvinceOverview:
    """Read and lay out the report; every figure comes from the session's one snapshot."""
    question = answerable.question
    counts = await repository.list_counts(session, question)
    sets = await repository.list_sets(session, [count.set_id for count in counts])
    spreads = await repository.list_spreads(session, question)
    children = await repository.list_children(session, question)
    held = await repository.get_money(session, question)

    results = views.set_results(question, sets, counts=counts, spreads=spreads)
    money = views.money_results(question, held)
    targets = views.target_results(
        question, await repository.list_targets(session, question), results=results, money=money
    )
    marks = (
        *(r.is_demonstration for r in results),
        money.is_demonstration,
        *(t.is_demonstration for t in targets),
    )
    return ProvinceOverview(
        form="province-overview",
        name_vi=TITLE_VI,
        name_en=TITLE_EN,
        area=views.area_reference(question.area),
        as_of=question.as_of,
        results=results,
        money=money,
        targets=targets,
        children=views.child_rows(
            question, children, sets=sets, counts=counts, money=held.children
        ),
        coverage=await _coverage(session, question, children=len(children)),
        is_demonstration=any(marks),
        sources=answerable.sources,
        freshness=freshness,
    )


async def _coverage(session: AsyncSession, question: Question, *, children: int) -> Coverage:
    row = await repository.get_coverage(session, question)
    known_from = row.known_from
    return Coverage(
        communes=row.communes,
        children=children,
        register_known_from=known_from,
        is_assumed=None if known_from is None else question.as_of < known_from,
    )


def _feed_state(row: Row[Any] | None) -> FeedState:
    if row is None or row.epoch is None:
        return FeedState(cursor=None, positions_behind=0, seconds_since_read=None)
    return FeedState(
        cursor=f"{row.epoch}:{row.position}",
        positions_behind=row.positions_behind,
        seconds_since_read=float(row.seconds_since_read),
    )
