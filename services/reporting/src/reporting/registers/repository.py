"""The copies of the registers as SQL: an area on a date, and who covers it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Area:
    """An area as it was on a date."""

    id: str
    code: str
    name: str
    area_kind: str
    designation: str


@dataclass(frozen=True)
class EndedArea:
    """An area that had ended before a date, its last day, and what it went into."""

    id: str
    ended_on: date
    successors: tuple[str, ...]


AREA = """
SELECT area_id, code, name, kind, designation
FROM area_span
WHERE (area_id = :area OR code = :area)
    AND :as_of BETWEEN from_on AND coalesce(to_on, 'infinity')
ORDER BY area_id
LIMIT 1
"""
ENDED = """
SELECT s.area_id, max(s.to_on) AS ended_on, array_remove(array_agg(DISTINCT n.code || ' ' || n.name), NULL) AS successors
FROM area_span s
LEFT JOIN area_succession e ON e.from_area_id = s.area_id AND e.succeeded_on <= :as_of
LEFT JOIN area_span n ON n.area_id = e.to_area_id
    AND :as_of BETWEEN n.from_on AND coalesce(n.to_on, 'infinity')
WHERE (s.area_id = :area OR s.code = :area) AND s.to_on < :as_of
GROUP BY s.area_id
ORDER BY ended_on DESC, s.area_id
LIMIT 1
"""


async def has_registers(session: AsyncSession) -> bool:
    """Say whether the register has been read at all: without it nobody's right can be judged."""
    return bool(await session.scalar(text("SELECT EXISTS (SELECT 1 FROM area_span)")))


async def find_area(session: AsyncSession, area: str, *, as_of: date) -> Area | None:
    """Return the area with this id, or with this code on that date."""
    found = await session.execute(text(AREA), {"area": area, "as_of": as_of})
    row = found.one_or_none()
    if row is None:
        return None
    return Area(row.area_id, row.code, row.name, row.kind, row.designation)


async def find_ended_area(session: AsyncSession, area: str, *, as_of: date) -> EndedArea | None:
    """Return the area of this id or code that ended last before that date."""
    found = await session.execute(text(ENDED), {"area": area, "as_of": as_of})
    row = found.one_or_none()
    if row is None:
        return None
    return EndedArea(row.area_id, row.ended_on, tuple(row.successors))


async def covers(session: AsyncSession, granted: str, *, target: str, on: date) -> bool:
    """Say whether a grant on one area reaches another on that date."""
    covered = await session.scalar(
        text("SELECT area_covers(:granted, :target, :on)"),
        {"granted": granted, "target": target, "on": on},
    )
    return bool(covered)
