"""SQL of pockets: balances and flows are sums over entries, of any day and any recorded moment."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from funding.dependencies import Moment
from funding.registers.service import Sight

COLUMNS = """
SELECT p.id, p.programme_id, p.component_id, p.capital_kind, p.source, p.year_of_origin,
       p.budget_year, p.holder_kind, p.holder_id, p.area_id,
       programme.code AS programme_code, programme.name_vi AS programme_name,
       component.code AS component_code, component.name_vi AS component_name,
       place.code AS area_code, place.name AS area_name,
       CASE p.holder_kind WHEN 'area' THEN place.code WHEN 'organisation' THEN o.code
            ELSE j.code END AS holder_code,
       CASE p.holder_kind WHEN 'area' THEN place.name WHEN 'organisation' THEN o.name
            ELSE j.name END AS holder_name,
       CASE WHEN :is_now THEN b.available_reserved_vnd + b.advance_reserved_vnd
                              + b.paid_reserved_vnd END AS reserved_vnd,
       sums.*
FROM pocket p
JOIN balance b ON b.pocket_id = p.id
JOIN programme ON programme.id = p.programme_id
LEFT JOIN programme component ON component.id = p.component_id
LEFT JOIN LATERAL area_place(p.area_id, :as_of) place ON true
LEFT JOIN organisation o ON p.holder_kind = 'organisation' AND o.id = p.holder_id
LEFT JOIN project j ON p.holder_kind = 'project' AND j.id = p.holder_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_vnd) FILTER (WHERE balance = 'issued'), 0) AS issued_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE balance = 'available'), 0) AS available_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE balance = 'advance'), 0) AS advance_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE balance = 'paid'), 0) AS paid_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE flow = 'receive'), 0) AS received_flow_vnd,
        coalesce(-sum(amount_vnd) FILTER (WHERE flow = 'pass_down'), 0) AS passed_down_flow_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE flow = 'disburse' AND balance = 'advance'), 0)
            AS advanced_flow_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE flow = 'disburse' AND balance = 'paid'), 0)
            AS paid_flow_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE flow = 'recover' AND balance = 'paid'), 0)
            AS recovered_flow_vnd,
        coalesce(sum(amount_vnd) FILTER (WHERE flow = 'refund' AND balance = 'available'), 0)
            AS refunded_flow_vnd
    FROM entry e
    WHERE e.pocket_id = p.id AND e.value_on <= :as_of AND (
        CAST(:known_at AS bigint) IS NULL OR EXISTS (
            SELECT FROM change_position n
            WHERE n.change_id = e.change_id AND n.position <= :known_at))
) sums
"""
VISIBLE = """
WHERE EXISTS (
    SELECT FROM seen WHERE seen.area_id = p.area_id
      AND (seen.scope IS NULL OR seen.scope = p.programme_id))
  AND (CAST(:known_at AS bigint) IS NULL OR EXISTS (
    SELECT FROM change c JOIN change_position n ON n.change_id = c.id
    WHERE c.resource = 'pocket' AND c.resource_id = 'pk' || p.id AND n.position <= :known_at))
"""
LISTED = """
  AND p.id > :after
  AND (CAST(:budget_year AS integer) IS NULL OR p.budget_year = :budget_year)
  AND (CAST(:programme AS text) IS NULL OR p.programme_id = :programme)
  AND (CAST(:component AS text) IS NULL OR programme_is_under(p.component_id, :component))
  AND (CAST(:capital_kind AS text) IS NULL OR p.capital_kind = :capital_kind)
  AND (CAST(:source AS text) IS NULL OR p.source = :source)
  AND (CAST(:holder_kind AS text) IS NULL OR p.holder_kind = :holder_kind)
  AND (CAST(:holder AS text) IS NULL OR p.holder_id = :holder)
ORDER BY p.id LIMIT :limit
"""
SEEN = """
WITH seen AS MATERIALIZED (
    SELECT DISTINCT u.area_id, root.scope
    FROM unnest(CAST(:areas AS text[]), CAST(:scopes AS text[])) AS root (area_id, scope)
    CROSS JOIN LATERAL areas_under(root.area_id, :as_of) u
)
"""
BELOW_ZERO = """
WITH daily AS (
    SELECT e.balance, e.value_on, sum(sum(e.amount_vnd)) OVER (
        PARTITION BY e.balance ORDER BY e.value_on) AS amount_vnd
    FROM entry e
    WHERE e.pocket_id = :id AND e.balance <> 'issued' AND e.value_on <= :as_of AND (
        CAST(:known_at AS bigint) IS NULL OR EXISTS (
            SELECT FROM change_position n
            WHERE n.change_id = e.change_id AND n.position <= :known_at))
    GROUP BY e.balance, e.value_on
)
SELECT DISTINCT ON (d.balance) d.balance, d.value_on AS on, d.amount_vnd
FROM daily d WHERE d.amount_vnd < 0 ORDER BY d.balance, d.amount_vnd, d.value_on
"""


class Filter(NamedTuple):
    """Which pockets are wanted."""

    budget_year: int | None = None
    programme: str | None = None
    component: str | None = None
    capital_kind: str | None = None
    source: str | None = None
    holder_kind: str | None = None
    holder: str | None = None


async def list_pockets(
    session: AsyncSession, sight: Sight, *, moment: Moment, wanted: Filter, after: int, limit: int
) -> Sequence[Row[Any]]:
    """Return pockets that the caller may see, in the order in which they were opened."""
    values = {**_times(sight, moment), **wanted._asdict(), "after": after, "limit": limit}
    return (await session.execute(text(SEEN + COLUMNS + VISIBLE + LISTED), values)).all()


async def find_pocket(
    session: AsyncSession, sight: Sight, pocket_id: int, *, moment: Moment
) -> Row[Any] | None:
    """Return one pocket that the caller may see, else None."""
    values = {**_times(sight, moment), "id": pocket_id}
    found = await session.execute(text(SEEN + COLUMNS + VISIBLE + " AND p.id = :id"), values)
    return found.one_or_none()


async def list_below_zero(
    session: AsyncSession, pocket_id: int, *, moment: Moment
) -> Sequence[Row[Any]]:
    """Return where a balance is below zero in the order of value dates."""
    values = {"id": pocket_id, "as_of": moment.as_of, "known_at": moment.known_at}
    return (await session.execute(text(BELOW_ZERO), values)).all()


def _times(sight: Sight, moment: Moment) -> dict[str, Any]:
    return {**sight._asdict(), **moment._asdict()}
