"""Reading transfers: one, or those below an area."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from chungsuc import pagination
from chungsuc.pagination import PageRequest
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from funding.registers.service import Sight

SEEN = """
WITH seen AS MATERIALIZED (
    SELECT p.id FROM (
        SELECT DISTINCT u.area_id, root.scope
        FROM unnest(CAST(:areas AS text[]), CAST(:scopes AS text[])) AS root (area_id, scope)
        CROSS JOIN LATERAL areas_under(root.area_id, :as_of) u
    ) place
    JOIN pocket p ON p.area_id = place.area_id
        AND (place.scope IS NULL OR place.scope = p.programme_id)
)
SELECT t.id, transfer_body(t, d) AS body
FROM transfer t
JOIN pocket p ON p.id = t.pocket_id
LEFT JOIN decision d ON d.transfer_id = t.id
WHERE (t.pocket_id IN (SELECT id FROM seen) OR t.to_pocket_id IN (SELECT id FROM seen))
"""
LISTED = """
  AND t.id < :before AND t.value_on <= :as_of
  AND (CAST(:state AS text) IS NULL OR coalesce(d.outcome, 'pending') = :state)
  AND (CAST(:template AS text) IS NULL OR t.template = :template)
  AND (CAST(:budget_year AS integer) IS NULL OR p.budget_year = :budget_year)
  AND (CAST(:programme AS text) IS NULL OR p.programme_id = :programme)
  AND (CAST(:capital_kind AS text) IS NULL OR p.capital_kind = :capital_kind)
  AND (CAST(:source AS text) IS NULL OR p.source = :source)
  AND (CAST(:pocket_id AS bigint) IS NULL OR :pocket_id IN (t.pocket_id, t.to_pocket_id))
ORDER BY t.id DESC LIMIT :limit
"""
NEWEST = 2**63 - 1


class Filter(NamedTuple):
    """Which transfers are wanted."""

    state: str | None = None
    template: str | None = None
    budget_year: int | None = None
    programme: str | None = None
    capital_kind: str | None = None
    source: str | None = None
    pocket_id: int | None = None


async def list_transfers(
    session: AsyncSession, sight: Sight, *, as_of: date, wanted: Filter, page: PageRequest
) -> Sequence[Row[Any]]:
    """Return one transfer more than a page, newest first, of what the caller may see."""
    before = NEWEST if page.cursor is None else cursor_number(page)
    found = await session.execute(
        text(SEEN + LISTED),
        {
            "areas": sight.areas,
            "scopes": sight.scopes,
            "as_of": as_of,
            "before": before,
            "limit": page.limit + 1,
            **wanted._asdict(),
        },
    )
    return found.all()


def cursor_number(page: PageRequest) -> int:
    """Return the one number of a cursor; a cursor of another list is refused."""
    if page.cursor and len(page.cursor) == 1 and type(page.cursor[0]) is int:
        return page.cursor[0]
    raise pagination.foreign_cursor()


async def find_transfer(
    session: AsyncSession, sight: Sight, transfer_id: int, *, on: date
) -> dict[str, Any] | None:
    """Return a transfer that touches a pocket the caller may see, else None."""
    found = await session.execute(
        text(SEEN + " AND t.id = :id"),
        {"areas": sight.areas, "scopes": sight.scopes, "as_of": on, "id": transfer_id},
    )
    row = found.one_or_none()
    return row.body if row else None
