"""SQL of the programme tree."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

PROGRAMMES = """
SELECT p.id, p.code, p.name_vi, p.name_en, p.parent_id, p.root_id AS programme_id, p.kind,
       p.legal_basis, p.is_complete, p.valid_from, p.valid_to
FROM programme p
WHERE (CAST(:as_of AS date) IS NULL
       OR CAST(:as_of AS date) BETWEEN p.valid_from AND coalesce(p.valid_to, 'infinity'))
  AND (CAST(:under AS text) IS NULL OR programme_is_under(p.id, :under))
ORDER BY p.position
"""
SOURCES = """
SELECT s.code, s.name_vi, s.name_en, s.source_group, s.is_on_budget, s.is_through_treasury,
       s.is_counterpart, s.is_in_kind, s.issuing_area_kind IS NOT NULL AS has_pockets,
       s.issuing_area_kind, s.valid_from, s.valid_to
FROM funding_source s
WHERE CAST(:as_of AS date) IS NULL
   OR CAST(:as_of AS date) BETWEEN s.valid_from AND coalesce(s.valid_to, 'infinity')
ORDER BY s.position
"""
KINDS = """
SELECT k.code, k.name_vi, k.name_en, k.law_vi, k.has_medium_term_plan
FROM capital_kind k ORDER BY k.position
"""


async def list_programmes(
    session: AsyncSession, *, as_of: date | None, under: str | None
) -> Sequence[Row[Any]]:
    """Return the nodes in force on a date (all of them without one), parents first."""
    return (await session.execute(text(PROGRAMMES), {"as_of": as_of, "under": under})).all()


async def list_sources(session: AsyncSession, *, as_of: date | None) -> Sequence[Row[Any]]:
    """Return the sources in force on a date, or all."""
    return (await session.execute(text(SOURCES), {"as_of": as_of})).all()


async def list_kinds(session: AsyncSession) -> Sequence[Row[Any]]:
    """Return the capital kinds."""
    return (await session.execute(text(KINDS))).all()
