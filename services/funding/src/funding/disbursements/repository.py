"""SQL of the disbursement table: one set-based pass over the entries of a budget year.

An area's plan is what flowed into its subtree net of what flowed on, so money that descends inside
is counted once, reversals included. A pocket is at the top when it received from outside the row's
area.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from funding.dependencies import Moment

TABLE = """
WITH below AS MATERIALIZED (
    SELECT u.area_id, CASE WHEN :by_area THEN coalesce(u.branch_id, :area) END AS row_area_id
    FROM areas_under(:area, :as_of) u
), held AS MATERIALIZED (
    SELECT p.id, p.programme_id, p.component_id, p.capital_kind, p.source, p.holder_kind,
           below.row_area_id
    FROM pocket p JOIN below ON below.area_id = p.area_id
    WHERE p.budget_year = :budget_year
      AND (CAST(:programme AS text) IS NULL OR p.programme_id = :programme)
      AND (CAST(:scopes AS text[]) IS NULL OR p.programme_id = ANY(:scopes))
      AND (CAST(:capital_kind AS text) IS NULL OR p.capital_kind = :capital_kind)
      AND (CAST(:source AS text) IS NULL OR p.source = :source)
), moved AS (
    SELECT h.id,
        sum(e.amount_vnd) FILTER (WHERE e.flow IN ('receive', 'pass_down')) AS plan_vnd,
        sum(e.amount_vnd) FILTER (WHERE e.balance = 'available') AS available_vnd,
        sum(e.amount_vnd) FILTER (WHERE e.balance = 'advance') AS advance_vnd,
        sum(e.amount_vnd) FILTER (WHERE e.balance = 'paid') AS paid_vnd,
        bool_or(e.flow = 'receive' AND (
            giver.id IS NULL OR giver.row_area_id IS DISTINCT FROM h.row_area_id)) AS is_at_top,
        bool_or(t.is_demonstration) AS is_demonstration
    FROM held h
    JOIN entry e ON e.pocket_id = h.id AND e.balance <> 'issued' AND e.value_on <= :as_of
    JOIN transfer t ON t.id = e.transfer_id
    LEFT JOIN held giver ON giver.id = e.counter_pocket_id
    WHERE CAST(:known_at AS bigint) IS NULL OR EXISTS (
        SELECT FROM change_position n WHERE n.change_id = e.change_id AND n.position <= :known_at)
    GROUP BY h.id
), summed AS (
    SELECT CASE WHEN :by_programme THEN h.programme_id END AS programme_id,
           CASE WHEN :by_component THEN h.component_id END AS component_id,
           CASE WHEN :by_capital_kind THEN h.capital_kind END AS capital_kind,
           CASE WHEN :by_source THEN h.source END AS source,
           h.row_area_id,
           coalesce(sum(m.plan_vnd), 0) AS plan_vnd,
           coalesce(sum(m.available_vnd)
               FILTER (WHERE m.is_at_top AND h.holder_kind = 'area'), 0) AS unallocated_vnd,
           coalesce(sum(m.advance_vnd), 0) AS advance_outstanding_vnd,
           coalesce(sum(m.paid_vnd), 0) AS completed_paid_vnd,
           bool_or(m.is_demonstration) AS is_demonstration
    FROM moved m JOIN held h ON h.id = m.id
    WHERE CAST(:component AS text) IS NULL OR programme_is_under(h.component_id, :component)
    GROUP BY 1, 2, 3, 4, 5
)
SELECT s.programme_id, programme.code AS programme_code, programme.name_vi AS programme_name,
       s.component_id, component.code AS component_code, component.name_vi AS component_name,
       s.capital_kind, kind.name_vi AS capital_kind_name, s.source, source.name_vi AS source_name,
       s.row_area_id AS area_id, place.code AS area_code, place.name AS area_name,
       s.plan_vnd::bigint, (s.plan_vnd - s.unallocated_vnd)::bigint AS allocated_vnd,
       s.unallocated_vnd::bigint, s.advance_outstanding_vnd::bigint, s.completed_paid_vnd::bigint,
       (s.advance_outstanding_vnd + s.completed_paid_vnd)::bigint AS disbursed_vnd,
       round((s.plan_vnd - s.unallocated_vnd) * 100 / nullif(s.plan_vnd, 0), 2)::text
           AS allocated_rate,
       round((s.advance_outstanding_vnd + s.completed_paid_vnd) * 100 / nullif(s.plan_vnd, 0), 2)
           ::text AS disbursed_rate,
       s.is_demonstration
FROM summed s
LEFT JOIN programme ON programme.id = s.programme_id
LEFT JOIN programme component ON component.id = s.component_id
LEFT JOIN capital_kind kind ON kind.code = s.capital_kind
LEFT JOIN funding_source source ON source.code = s.source
LEFT JOIN LATERAL area_place(s.row_area_id, :as_of) place ON true
ORDER BY programme.position, component.position NULLS FIRST, kind.position, source.position,
         place.code, s.row_area_id
"""


class Filter(NamedTuple):
    """Which money is wanted."""

    budget_year: int
    programme: str | None = None
    component: str | None = None
    capital_kind: str | None = None
    source: str | None = None


async def list_rows(
    session: AsyncSession,
    area: str,
    *,
    by: Collection[str],
    wanted: Filter,
    scopes: Sequence[str] | None,
    moment: Moment,
) -> Sequence[Row[Any]]:
    """Return the rows below an area; `scopes` are the only programmes that the caller may see."""
    dimensions = ("programme", "component", "capital_kind", "source", "area")
    found = await session.execute(
        text(TABLE),
        {
            "area": area,
            "as_of": moment.as_of,
            "known_at": moment.known_at,
            "scopes": scopes,
            **{f"by_{dimension}": dimension in by for dimension in dimensions},
            **wanted._asdict(),
        },
    )
    return found.all()
