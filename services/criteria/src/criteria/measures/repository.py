"""The SQL of measures."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.measures.exact import exact
from criteria.measures.model import Measure

_COLUMNS = "code, name_vi, name_en, type, unit, scale, minimum, maximum, breakdown, validity, slot"

_STORE = f"""
INSERT INTO measure ({_COLUMNS}, revision)
SELECT added.*, 1
FROM unnest(
    CAST(:codes AS text[]), CAST(:names_vi AS text[]), CAST(:names_en AS text[]),
    CAST(:types AS text[]), CAST(:units AS text[]), CAST(:scales AS smallint[]),
    CAST(:minimums AS bigint[]), CAST(:maximums AS bigint[]), CAST(:breakdowns AS text[]),
    CAST(:validities AS text[]), CAST(:slots AS smallint[])) AS added
ON CONFLICT (code) DO UPDATE SET
    name_vi = excluded.name_vi, name_en = excluded.name_en, unit = excluded.unit,
    minimum = excluded.minimum, maximum = excluded.maximum, breakdown = excluded.breakdown,
    validity = excluded.validity, revision = measure.revision + 1
RETURNING code, revision
"""

_KNOWN_AT = """
SELECT DISTINCT ON (c.resource_id) c.body
FROM change c JOIN change_position p ON p.change_id = c.id
WHERE c.resource = 'measure' AND p.position <= :position
ORDER BY c.resource_id, c.id DESC
"""


async def list_measures(session: AsyncSession) -> dict[str, Measure]:
    """Return every measure by code, in code order."""
    rows = await session.execute(text(f"SELECT {_COLUMNS} FROM measure ORDER BY code"))
    return {row.code: Measure(*row) for row in rows}


async def list_measures_known_at(session: AsyncSession, position: int) -> dict[str, Measure]:
    """Return every measure as the feed told it up to a position."""
    rows = await session.scalars(text(_KNOWN_AT), {"position": position})
    return {body["code"]: _measure(body) for body in rows}


async def store_measures(session: AsyncSession, measures: Sequence[Measure]) -> dict[str, int]:
    """Add or rename these measures in one statement; return the new revision of each."""
    columns: Iterable[list[object]] = map(list, zip(*map(astuple, measures), strict=True))
    names = (
        "codes names_vi names_en types units scales minimums maximums breakdowns validities slots"
    )
    rows = await session.execute(text(_STORE), dict(zip(names.split(), columns, strict=True)))
    return {row.code: row.revision for row in rows}


def _measure(body: dict[str, Any]) -> Measure:
    bounds = {name: exact(body[name]) for name in ("minimum", "maximum")}
    scaled = {name: bound.scaled(body["scale"]) for name, bound in bounds.items() if bound}
    return Measure(**{**body, **scaled})
