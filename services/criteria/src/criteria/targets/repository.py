"""The SQL of targets."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = (
    "id, area_id, result, criteria_set, document_id, kind, year, planned_value, denominator, "
    "is_demonstration"
)


async def add(session: AsyncSession, target: Mapping[str, Any]) -> bool:
    """Insert a target; False when its document has set it already."""
    found = await session.execute(
        text(
            f"INSERT INTO target ({_COLUMNS}, author, recorded_by) VALUES ("
            ":id, :area_id, :result, :criteria_set, :document_id, :kind, :year, "
            "CAST(:planned_value AS numeric), :denominator, :is_demonstration, :author, "
            ":recorded_by) ON CONFLICT DO NOTHING RETURNING 1"
        ),
        dict(target),
    )
    return found.first() is not None


async def find(session: AsyncSession, target_id: str) -> Row[Any] | None:
    """Return a target, or None."""
    found = await session.execute(
        text(f"SELECT {_COLUMNS} FROM target WHERE id = :id"),
        {"id": target_id},
    )
    return found.one_or_none()


async def list_page(
    session: AsyncSession,
    *,
    area_id: str,
    year: int | None,
    after: str | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return the targets of an area by id, from after the key."""
    rows = await session.execute(
        text(
            f"SELECT {_COLUMNS} FROM target WHERE area_id = :area_id "
            "AND (CAST(:year AS int) IS NULL OR year = :year) "
            "AND (CAST(:after AS text) IS NULL OR id > :after) ORDER BY id LIMIT :limit"
        ),
        {"area_id": area_id, "year": year, "after": after, "limit": limit},
    )
    return rows.all()
