"""The SQL of organisations."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers.visibility import holds, recorded, visible

COLUMNS = ("id", "code", "name", "kind", "area_id", "begins_on", "ends_on")
_SELECT = """
SELECT o.id, o.code, o.name, o.kind, o.area_id, o.begins_on, o.ends_on, o.sort_key,
    s.code AS area_code, s.designation AS area_designation, s.name AS area_name
FROM organisation AS o
LEFT JOIN area_span AS s ON s.area_id = o.area_id AND {holds} AND {visible}
WHERE {recorded}"""


async def add(session: AsyncSession, row: Mapping[str, Any]) -> bool:
    """Insert an organisation; False when its id or code is taken."""
    names = [*COLUMNS, "search_key", "sort_key", "recorded_by"]
    markers = ", ".join(f":{name}" for name in names)
    found = await session.execute(
        text(
            f"INSERT INTO organisation ({', '.join(names)}) VALUES ({markers}) "
            "ON CONFLICT DO NOTHING RETURNING id"
        ),
        dict(row),
    )
    return found.one_or_none() is not None


async def find(
    session: AsyncSession, organisation_id: str, *, known_at: int | None = None
) -> Row[Any] | None:
    """Return an organisation with its area's name, or None."""
    rows = await session.execute(
        text(f"{_select(known_at)} AND o.id = :id"), {"id": organisation_id, "known_at": known_at}
    )
    return rows.one_or_none()


async def list_page(
    session: AsyncSession,
    *,
    as_of: date | None,
    known_at: int | None,
    search: str | None,
    kind: str | None,
    area_id: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return organisations in Vietnamese order, from after the key."""
    sql = _select(known_at)
    for value, condition in (
        (as_of, holds("o")),
        (search, "' ' || o.search_key LIKE :search"),
        (kind, "o.kind = :kind"),
        (area_id, "o.area_id = :area_id"),
        (after, "(o.sort_key, o.id) > (:after_key, :after_id)"),
    ):
        if value is not None:
            sql += f" AND {condition}"
    key, organisation_id = after or (None, None)
    rows = await session.execute(
        text(f"{sql} ORDER BY o.sort_key, o.id LIMIT :limit"),
        {
            "as_of": as_of,
            "known_at": known_at,
            "search": search,
            "kind": kind,
            "area_id": area_id,
            "after_key": key,
            "after_id": organisation_id,
            "limit": limit,
        },
    )
    return rows.all()


def _select(known_at: int | None) -> str:
    return _SELECT.format(
        holds=holds("s", day="o.begins_on"),
        visible=visible("s", known_at=known_at),
        recorded=recorded("o", known_at=known_at),
    )
