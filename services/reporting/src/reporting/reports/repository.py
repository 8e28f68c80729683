"""The SQL of the province overview: a handful of set-based reads of one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from reporting.registers.repository import Area
from reporting.reports.question import Question
from reporting.reports.rules import NO_MONEY, Money


@dataclass(frozen=True)
class SetCount:
    """What the areas one set judges add up to, below one child or (child None) below the root."""

    set_id: str
    child_id: str | None
    areas: int
    assessed: int
    criteria_met: int
    indicators_met: int
    meeting_all: int
    is_demonstration: bool


@dataclass(frozen=True)
class MoneyRow:
    """The money of one programme and capital kind."""

    programme_id: str
    code: str
    name_vi: str
    name_en: str
    capital_kind: str
    money: Money
    is_demonstration: bool


@dataclass(frozen=True)
class MoneyBelow:
    """The money below one area, and which part of it lies with areas that have ended."""

    programmes: list[MoneyRow]
    children: dict[str | None, Money]
    ended_areas: int
    ended: Money


SETS = """
SELECT s.id, s.code, s.version, s.hash, s.name_vi, s.name_en, s.tier, s.from_on,
       s.area_kind, s.is_demonstration, s.extends, s.bands, s.criteria
FROM criteria_set s
WHERE s.id = ANY(:sets)
ORDER BY s.code
"""
COUNTS = """
SELECT set_id, child_id, grouping(child_id) AS is_root, count(*) AS areas,
       count(*) FILTER (WHERE is_assessed) AS assessed,
       coalesce(sum(criteria_met), 0) AS criteria_met,
       coalesce(sum(indicators_met), 0) AS indicators_met,
       count(*) FILTER (WHERE verdict = 'met') AS meeting_all,
       coalesce(bool_or(is_demonstration), false) AS is_demonstration
FROM results_below(:area, :as_of)
GROUP BY GROUPING SETS ((set_id), (set_id, child_id))
HAVING grouping(child_id) = 1 OR child_id IS NOT NULL
ORDER BY set_id, child_id
"""
# How many areas have how many criteria met, and how many each letter at each criterion.
SPREADS = """
SELECT r.set_id, r.criteria_met, NULL::bigint AS place, NULL::text AS letter, count(*) AS areas
FROM results_below(:area, :as_of) r
WHERE r.is_assessed
GROUP BY r.set_id, r.criteria_met
UNION ALL
SELECT r.set_id, NULL, l.place, l.letter, count(*)
FROM results_below(:area, :as_of) r
CROSS JOIN LATERAL string_to_table(r.letters, NULL) WITH ORDINALITY AS l (letter, place)
WHERE r.is_assessed
GROUP BY r.set_id, l.place, l.letter
"""
# Read once, added up three ways: by programme and kind, by child, and what lies with ended areas.
# An area's money is at the top when the area received it from outside those that are counted: what
# then still lies with it is undivided.
MONEY = """
WITH counted AS MATERIALIZED (SELECT * FROM money_areas(:area, :as_of)),
held AS (
    SELECT m.area_id, m.programme_id, m.capital_kind, m.year_of_origin,
           bool_or(m.is_demonstration) AS is_demonstration,
           sum(m.received_vnd - m.passed_down_vnd) AS plan_vnd,
           sum(m.advanced_vnd - m.recovered_vnd - m.refunded_advance_vnd) AS advance_vnd,
           sum(m.paid_vnd + m.recovered_vnd - m.refunded_paid_vnd) AS completed_vnd,
           m.holder_kind = 'area' AND bool_or(m.received_vnd <> 0 AND NOT EXISTS (
               SELECT 1 FROM counted c WHERE c.area_id = m.from_area_id
           )) AS is_at_top
    FROM money_held(
        ARRAY(SELECT area_id FROM counted), :as_of, CAST(:budget_year AS smallint)
    ) m
    GROUP BY m.area_id, m.programme_id, m.component_id, m.capital_kind, m.source,
             m.year_of_origin, m.holder_kind
)
SELECT grouping(m.programme_id) = 0 AS is_programme, grouping(a.child_id) = 0 AS is_child,
       m.programme_id, coalesce(p.code, m.programme_id) AS code, coalesce(p.name_vi, '') AS name_vi,
       coalesce(p.name_en, '') AS name_en, m.capital_kind, a.child_id, a.is_ended,
       bool_or(m.is_demonstration) AS is_demonstration,
       count(DISTINCT m.area_id) AS areas,
       sum(m.plan_vnd) AS plan_vnd,
       coalesce(sum(m.plan_vnd) FILTER (WHERE m.year_of_origin < :budget_year), 0) AS extended_vnd,
       coalesce(sum(m.plan_vnd - m.advance_vnd - m.completed_vnd) FILTER (WHERE m.is_at_top), 0)
           AS unallocated_vnd,
       sum(m.advance_vnd) AS advance_outstanding_vnd,
       sum(m.completed_vnd) AS completed_vnd
FROM held m
JOIN counted a ON a.area_id = m.area_id
LEFT JOIN programme p ON p.id = m.programme_id
GROUP BY GROUPING SETS (
    (m.programme_id, p.code, p.name_vi, p.name_en, m.capital_kind), (a.child_id), (a.is_ended)
)
ORDER BY p.code, m.programme_id, m.capital_kind
"""
CHILDREN = """
SELECT area_id, code, name, kind, designation
FROM area_span
WHERE parent_id = :area AND :as_of BETWEEN from_on AND coalesce(to_on, 'infinity')
ORDER BY sort_key, area_id
"""
TARGETS = """
SELECT t.id, t.result, t.criteria_set, t.kind, t.year, t.planned_value, t.denominator,
       t.is_demonstration, t.document_id, d.number, d.issuer, d.title
FROM target_fact t
LEFT JOIN document d ON d.id = t.document_id
WHERE t.area_id = :area
ORDER BY t.result, t.criteria_set, t.year, d.issued_on, t.id
"""
COVERAGE = """
SELECT count(*) FILTER (WHERE t.kind = 'commune') AS communes, max(s.known_from) AS known_from
FROM area_tree(:area, :as_of) t
JOIN area_span s ON s.area_id = t.area_id
    AND :as_of BETWEEN s.from_on AND coalesce(s.to_on, 'infinity')
"""
CURSORS = """
SELECT source, epoch, position, greatest(head_position - position, 0) AS positions_behind,
       round(extract(epoch FROM clock_timestamp() - applied_at), 1) AS seconds_since_read
FROM feed_cursor
WHERE source IN ('criteria', 'funding')
"""


async def list_cursors(session: AsyncSession) -> Sequence[Row[Any]]:
    """Return where both readers stand in this snapshot."""
    return (await session.execute(text(CURSORS))).all()


async def get_coverage(session: AsyncSession, question: Question) -> Row[Any]:
    """Return how many communes lie below the area, and from which day its register is known."""
    return (await session.execute(text(COVERAGE), question.parameters)).one()


async def list_counts(session: AsyncSession, question: Question) -> list[SetCount]:
    """Return per set in force the counts below the area and below each of its children."""
    found = await session.execute(text(COUNTS), question.parameters)
    return [
        SetCount(
            set_id=row.set_id,
            child_id=row.child_id,
            areas=row.areas,
            assessed=row.assessed,
            criteria_met=int(row.criteria_met),
            indicators_met=int(row.indicators_met),
            meeting_all=row.meeting_all,
            is_demonstration=row.is_demonstration,
        )
        for row in found
    ]


async def list_spreads(session: AsyncSession, question: Question) -> Sequence[Row[Any]]:
    """Return per set how areas spread over criteria met, and over each criterion's letters."""
    return (await session.execute(text(SPREADS), question.parameters)).all()


async def list_sets(session: AsyncSession, ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return these criteria sets by code."""
    return (await session.execute(text(SETS), {"sets": list(ids)})).all()


async def get_money(session: AsyncSession, question: Question) -> MoneyBelow:
    """Return the money below the area: by programme and kind, by child, and with ended areas."""
    rows = (await session.execute(text(MONEY), question.parameters)).all()
    ended = next((r for r in rows if not r.is_programme and r.is_ended), None)
    return MoneyBelow(
        programmes=[
            MoneyRow(
                row.programme_id,
                row.code,
                row.name_vi,
                row.name_en,
                row.capital_kind,
                _money(row),
                row.is_demonstration,
            )
            for row in rows
            if row.is_programme
        ],
        children={row.child_id: _money(row) for row in rows if row.is_child},
        ended_areas=ended.areas if ended else 0,
        ended=_money(ended) if ended else NO_MONEY,
    )


async def list_children(session: AsyncSession, question: Question) -> list[Area]:
    """Return the areas right below an area, in Vietnamese order."""
    found = await session.execute(text(CHILDREN), question.parameters)
    return [Area(row.area_id, row.code, row.name, row.kind, row.designation) for row in found]


async def list_targets(session: AsyncSession, question: Question) -> Sequence[Row[Any]]:
    """Return the targets set for the area itself, each with its document."""
    return (await session.execute(text(TARGETS), question.parameters)).all()


def _money(row: Row[Any]) -> Money:
    return Money(
        plan_vnd=_dong(row.plan_vnd),
        extended_vnd=_dong(row.extended_vnd),
        unallocated_vnd=_dong(row.unallocated_vnd),
        advance_outstanding_vnd=_dong(row.advance_outstanding_vnd),
        completed_vnd=_dong(row.completed_vnd),
    )


def _dong(amount: Decimal | int) -> int:
    return int(amount)
