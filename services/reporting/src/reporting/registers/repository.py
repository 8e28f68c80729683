"""The copies of the registers as SQL: folded from the feeds, read as they were on a date."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chungsuc.changes import FeedItem
from chungsuc.text import sort_key
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Body = Mapping[str, Any]
Fold = Callable[[AsyncSession, Sequence[Body]], Awaitable[None]]


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
SELECT s.area_id, max(s.to_on) AS ended_on,
       array_remove(array_agg(DISTINCT n.code || ' ' || n.name), NULL) AS successors
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


def latest_bodies(
    items: Sequence[FeedItem], *, resource: str, key: Sequence[str] = ("resource_id",)
) -> list[Body]:
    """Return the last state of each changed row of one resource, its id as `resource_id`.

    The key is what the table is keyed by: what a batch drops must be what it would overwrite, or
    the facts would depend on where a batch ends.
    """
    bodies = [
        {**item.body, "resource_id": item.resource_id}
        for item in items
        if item.resource == resource
    ]
    return list({tuple(body[field] for field in key): body for body in bodies}.values())


async def apply_bodies(session: AsyncSession, statement: str, bodies: Sequence[Body]) -> Any:
    """Run one set-based statement over the bodies of a batch, given as `:bodies`."""
    return await session.execute(
        text(statement), {"bodies": json.dumps(bodies, ensure_ascii=False)}
    )


FORGET_SPANS = """
DELETE FROM area_span WHERE area_id IN (
    SELECT b.resource_id FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS b (resource_id text)
)
"""
FORGET_SUCCESSIONS = """
DELETE FROM area_succession WHERE from_area_id IN (
    SELECT b.resource_id FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS b (resource_id text)
)
"""
ADD_SPANS = """
INSERT INTO area_span
    (area_id, from_on, to_on, code, kind, designation, name, sort_key, parent_id, known_from)
SELECT a.resource_id, s."from", s."to", s.code, s.kind, s.designation, s.name, s.sort_key,
       s.parent_id, s.known_from
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS a (resource_id text, spans jsonb)
CROSS JOIN LATERAL jsonb_to_recordset(a.spans) AS s (
    "from" date, "to" date, code text, kind text, designation text, name text, sort_key text,
    parent_id text, known_from date
)
"""
ADD_SUCCESSIONS = """
INSERT INTO area_succession (from_area_id, to_area_id, extent, succeeded_on)
SELECT a.resource_id, s.id, s.extent, s."on"
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS a (resource_id text, successors jsonb)
CROSS JOIN LATERAL jsonb_to_recordset(a.successors) AS s (id text, extent text, "on" date)
"""


async def fold_areas(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Replace the spans and successions of the changed areas."""
    sortable = [
        {
            **body,
            "spans": [{**span, "sort_key": sort_key(span["name"])} for span in body["spans"]],
        }
        for body in bodies
    ]
    for statement in (FORGET_SPANS, FORGET_SUCCESSIONS, ADD_SPANS, ADD_SUCCESSIONS):
        await apply_bodies(session, statement, sortable)


ORGANISATIONS = """
INSERT INTO organisation (id, code, name, kind, area_id)
SELECT o.resource_id, coalesce(o.code, ''), o.name, o.kind, o.area_id
FROM jsonb_to_recordset(CAST(:bodies AS jsonb))
    AS o (resource_id text, code text, name text, kind text, area_id text)
ON CONFLICT (id) DO UPDATE SET
    code = excluded.code, name = excluded.name, kind = excluded.kind, area_id = excluded.area_id
"""


async def fold_organisations(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Copy the changed organisations."""
    await apply_bodies(session, ORGANISATIONS, bodies)


DOCUMENTS = """
INSERT INTO document (id, number, kind, issuer, title, issued_on, is_demonstration)
SELECT d.resource_id, d.number, d.kind, coalesce(d.issuer, ''), coalesce(d.title, ''), d.issued_on,
       coalesce(d.is_demonstration, false)
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS d (
    resource_id text, number text, kind text, issuer text, title text, issued_on date,
    is_demonstration boolean
)
ON CONFLICT (id) DO UPDATE SET
    number = excluded.number, kind = excluded.kind, issuer = excluded.issuer,
    title = excluded.title, issued_on = excluded.issued_on,
    is_demonstration = excluded.is_demonstration
"""


async def fold_documents(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Copy the changed documents."""
    await apply_bodies(session, DOCUMENTS, bodies)


CRITERIA_SETS = """
INSERT INTO criteria_set (
    id, code, version, hash, name_vi, name_en, tier, area_kind, designations, from_on,
    to_on, state, is_demonstration, extends, bands, criteria
)
SELECT s.code || ':' || s.version, s.code, s.version, s.hash, s.name_vi, s.name_en, s.tier,
       s.area_kind,
       ARRAY(SELECT jsonb_array_elements_text(s.designations)), s."from", s."to", s.state,
       coalesce(s.is_demonstration, false), s.extends, coalesce(s.bands, '[]'), s.criteria
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS s (
    code text, version text, hash text, name_vi text, name_en text, tier text,
    area_kind text, designations jsonb, "from" date, "to" date, state text,
    is_demonstration boolean, extends text, bands jsonb, criteria jsonb
)
ON CONFLICT (id) DO UPDATE SET
    hash = excluded.hash,
    name_vi = excluded.name_vi, name_en = excluded.name_en, tier = excluded.tier,
    area_kind = excluded.area_kind, designations = excluded.designations,
    from_on = excluded.from_on, to_on = excluded.to_on, state = excluded.state,
    is_demonstration = excluded.is_demonstration, extends = excluded.extends,
    bands = excluded.bands, criteria = excluded.criteria
"""


async def fold_criteria_sets(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Copy the changed criteria sets."""
    await apply_bodies(session, CRITERIA_SETS, bodies)


PROGRAMMES = """
INSERT INTO programme (id, code, name_vi, name_en, parent_id, kind)
SELECT p.resource_id, p.code, p.name_vi, p.name_en, p.parent_id, p.kind
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS p (
    resource_id text, code text, name_vi text, name_en text, parent_id text, kind text
)
ON CONFLICT (id) DO UPDATE SET
    code = excluded.code, name_vi = excluded.name_vi, name_en = excluded.name_en,
    parent_id = excluded.parent_id, kind = excluded.kind
"""


async def fold_programmes(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Copy the changed programmes and components."""
    await apply_bodies(session, PROGRAMMES, bodies)


# What a pocket is for never changes: money is moved to another pocket instead.
POCKETS = """
INSERT INTO pocket (
    id, programme_id, component_id, capital_kind, source, year_of_origin, budget_year, holder_kind,
    holder_id, area_id
)
SELECT p.resource_id, p.programme_id, coalesce(p.component_id, ''), p.capital_kind, p.source,
       p.year_of_origin, p.budget_year, p.holder_kind, p.holder_id, p.area_id
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS p (
    resource_id text, programme_id text, component_id text, capital_kind text, source text,
    year_of_origin smallint, budget_year smallint, holder_kind text, holder_id text, area_id text
)
ON CONFLICT (id) DO NOTHING
"""


async def fold_pockets(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Copy the new pockets."""
    await apply_bodies(session, POCKETS, bodies)
