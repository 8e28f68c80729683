"""SQL of the register copy: rows replaced by their newest state, and walks over the tree."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

Body = Mapping[str, Any]

FORGET_AREAS = (
    "DELETE FROM area_span WHERE area_id IN "
    "(SELECT a.id FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS a (id text))",
    "DELETE FROM area_succession WHERE area_id IN "
    "(SELECT a.id FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS a (id text))",
)
ADD_SPANS = """
INSERT INTO area_span
    (area_id, valid_from, valid_to, code, kind, designation, name, parent_id)
SELECT a.id, s."from", s."to", s.code, s.kind, s.designation, s.name, s.parent_id
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS a (id text, spans jsonb)
CROSS JOIN LATERAL jsonb_to_recordset(a.spans) AS s (
    "from" date, "to" date, code text, kind text, designation text, name text, parent_id text)
"""
ADD_SUCCESSIONS = """
INSERT INTO area_succession (area_id, successor_id, extent, starts_on)
SELECT a.id, s.id, s.extent, s."on"
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS a (id text, successors jsonb)
CROSS JOIN LATERAL jsonb_to_recordset(a.successors) AS s (id text, extent text, "on" date)
"""
ORGANISATIONS = """
INSERT INTO organisation (id, code, name, kind, area_id, valid_from, valid_to)
SELECT o.id, o.code, o.name, o.kind, o.area_id, coalesce(o."from", '1900-01-01'), o."to"
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS o (
    id text, code text, name text, kind text, area_id text, "from" date, "to" date)
ON CONFLICT (id) DO UPDATE SET
    code = excluded.code, name = excluded.name, kind = excluded.kind, area_id = excluded.area_id,
    valid_from = excluded.valid_from, valid_to = excluded.valid_to
"""
DOCUMENTS = """
INSERT INTO document (id, number, kind, issuer, title, issued_on, is_demonstration)
SELECT d.id, d.number, d.kind, d.issuer, d.title, d.issued_on, coalesce(d.is_demonstration, false)
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS d (
    id text, number text, kind text, issuer text, title text, issued_on date,
    is_demonstration boolean)
ON CONFLICT (id) DO UPDATE SET
    number = excluded.number, kind = excluded.kind, issuer = excluded.issuer,
    title = excluded.title, issued_on = excluded.issued_on,
    is_demonstration = excluded.is_demonstration
"""
STATEMENTS: Mapping[str, Sequence[str]] = {
    "area": (*FORGET_AREAS, ADD_SPANS, ADD_SUCCESSIONS),
    "organisation": (ORGANISATIONS,),
    "document": (DOCUMENTS,),
}
KNOWN = {
    "area": "SELECT DISTINCT area_id FROM area_span WHERE area_id = ANY(:ids)",
    "organisation": "SELECT id FROM organisation WHERE id = ANY(:ids)",
    "document": "SELECT id FROM document WHERE id = ANY(:ids)",
}


async def store(session: AsyncSession, *, resource: str, bodies: Sequence[Body]) -> None:
    """Replace these rows of one register by their newest state, set by set."""
    if bodies:
        content = json.dumps(bodies, ensure_ascii=False)
        for statement in STATEMENTS[resource]:
            await session.execute(text(statement), {"bodies": content})


async def list_known(session: AsyncSession, *, resource: str, ids: Collection[str]) -> set[str]:
    """Return which of these ids the copy knows."""
    return set(await session.scalars(text(KNOWN[resource]), {"ids": list(ids)}))


async def empty(session: AsyncSession) -> None:
    """Forget the copy, to be read again from the beginning of the feed.

    Documents and organisations stay: transfers refer to them, and each comes again in full.
    """
    await session.execute(text("DELETE FROM area_succession"))
    await session.execute(text("DELETE FROM area_span"))


async def is_under(session: AsyncSession, area: str, *, node: str, on: date) -> bool:
    """Say whether an area lies at or below a node, or its whole successor, on a date."""
    found = await session.scalar(
        text(
            "SELECT area_is_under(:area, :node, :on) "
            "OR area_is_under(:area, area_whole_successor(:node, :on), :on)"
        ),
        {"area": area, "node": node, "on": on},
    )
    return bool(found)


async def find_area(session: AsyncSession, reference: str, *, on: date) -> Row[Any] | None:
    """Return the area of an id, or of a code on a date, with the name that it had then."""
    found = await session.execute(
        text(
            "SELECT s.area_id AS id, s.code, s.name, s.kind FROM area_span s "
            "WHERE s.valid_from <= :on AND (s.area_id = :reference "
            "  OR (s.code = :reference AND coalesce(s.valid_to, 'infinity') >= :on)) "
            "ORDER BY s.valid_from DESC LIMIT 1"
        ),
        {"reference": reference, "on": on},
    )
    return found.one_or_none()


async def find_area_above(session: AsyncSession, area: str, *, on: date) -> str | None:
    """Return the area above on a date."""
    found: str | None = await session.scalar(
        text("SELECT area_above(:area, :on)"), {"area": area, "on": on}
    )
    return found
