"""SQL of projects, acceptances and medium-term plans; triggers keep the limit rows in step."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from funding.registers.service import Sight

PROJECTS = """
SELECT p.id, p.code, p.name, p.project_kind, p.area_id, p.owner_id, p.total_investment_vnd,
       p.approved_estimate_vnd, p.approved_on, p.document_id, p.is_demonstration,
       coalesce(accepted.ceiling_vnd, 0) AS accepted_vnd,
       coalesce(total.used_vnd, 0) AS disbursed_vnd,
       coalesce(accepted.used_vnd, sums.completed_vnd, 0)::bigint AS completed_paid_vnd,
       coalesce(accepted.ceiling_vnd - accepted.used_vnd, 0) AS debt_vnd
FROM project p
LEFT JOIN limit_row total
    ON total.project_id = p.id AND total.kind IN ('total_investment', 'approved_estimate')
LEFT JOIN limit_row accepted ON accepted.project_id = p.id AND accepted.kind = 'accepted_volume'
LEFT JOIN LATERAL (
    SELECT sum(b.paid_vnd) AS completed_vnd
    FROM pocket k JOIN balance b ON b.pocket_id = k.id
    WHERE k.holder_kind = 'project' AND k.holder_id = p.id
) sums ON true
"""
VISIBLE = """
WITH seen AS MATERIALIZED (
    SELECT DISTINCT u.area_id
    FROM unnest(CAST(:areas AS text[])) AS root (area_id)
    CROSS JOIN LATERAL areas_under(root.area_id, :on) u
)
"""
ADD_PROJECT = """
INSERT INTO project (id, code, name, search_key, project_kind, area_id, owner_id,
                     total_investment_vnd, approved_estimate_vnd, approved_on, document_id,
                     is_demonstration)
SELECT :id, :code, :name, :search_key, :project_kind, :area_id, :owner_id, :total_investment_vnd,
       :approved_estimate_vnd, :approved_on, d.id, d.is_demonstration
FROM document d WHERE d.id = :document_id
ON CONFLICT (code) DO NOTHING RETURNING id
"""
ADD_ACCEPTANCE = """
INSERT INTO acceptance (id, project_id, accepted_on, amount_vnd, document_id, author)
VALUES (:id, :project_id, :accepted_on, :amount_vnd, :document_id, :author)
"""
ADD_PLAN = """
INSERT INTO medium_term_plan
    (id, programme_id, area_id, first_year, ceiling_vnd, document_id, author)
VALUES (:id, :programme_id, :area_id, :first_year, :ceiling_vnd, :document_id, :author)
"""
PLANS = """
SELECT m.id, m.programme_id, m.area_id, m.first_year, period.last_year, m.ceiling_vnd,
       NOT EXISTS (
           SELECT FROM medium_term_plan later
           WHERE later.programme_id = m.programme_id AND later.area_id = m.area_id
             AND later.first_year = m.first_year
             AND (later.recorded_at, later.id) > (m.recorded_at, m.id)) AS is_in_force,
       l.used_vnd + l.reserved_vnd AS planned_vnd, m.document_id, m.author
FROM medium_term_plan m
JOIN medium_term_period period ON period.first_year = m.first_year
JOIN limit_row l ON l.kind = 'medium_term' AND l.programme_id = m.programme_id
    AND l.area_id = m.area_id AND l.first_year = m.first_year
"""


async def add_project(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Insert a project; False when its code is taken."""
    return (await session.execute(text(ADD_PROJECT), dict(values))).one_or_none() is not None


async def add_acceptance(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Insert an acceptance; a trigger raises the accepted volume."""
    await session.execute(text(ADD_ACCEPTANCE), dict(values))


async def add_plan(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Insert a plan; a trigger sets the ceiling or refuses one below what is planned."""
    await session.execute(text(ADD_PLAN), dict(values))


async def find_project(session: AsyncSession, project_id: str) -> Row[Any] | None:
    """Return a project."""
    found = await session.execute(text(PROJECTS + " WHERE p.id = :id"), {"id": project_id})
    return found.one_or_none()


async def list_projects(
    session: AsyncSession, sight: Sight, *, on: date, words: str | None, after: str, limit: int
) -> Sequence[Row[Any]]:
    """Return the projects that the caller may see, by code."""
    condition = (
        " WHERE p.area_id IN (SELECT area_id FROM seen) AND p.code > :after "
        "AND (CAST(:words AS text) IS NULL OR strpos(p.search_key, :words) > 0) "
        "ORDER BY p.code LIMIT :limit"
    )
    values = {"areas": sight.areas, "on": on, "words": words, "after": after, "limit": limit}
    return (await session.execute(text(VISIBLE + PROJECTS + condition), values)).all()


async def find_plan(session: AsyncSession, plan_id: str) -> Row[Any] | None:
    """Return a medium-term plan."""
    return (await session.execute(text(PLANS + " WHERE m.id = :id"), {"id": plan_id})).one_or_none()


async def list_plans(
    session: AsyncSession, sight: Sight, *, on: date, after: str, limit: int
) -> Sequence[Row[Any]]:
    """Return the plans that the caller may see, by id."""
    condition = (
        " WHERE m.area_id IN (SELECT area_id FROM seen) AND m.id > :after "
        "ORDER BY m.id LIMIT :limit"
    )
    values = {"areas": sight.areas, "on": on, "after": after, "limit": limit}
    return (await session.execute(text(VISIBLE + PLANS + condition), values)).all()


async def find_unknown_basis(
    session: AsyncSession, *, programme: str, first_year: int
) -> str | None:
    """Return the field that names nothing, or None: the programme must be one, the period known."""
    found: str | None = await session.scalar(
        text(
            "SELECT CASE WHEN NOT EXISTS (SELECT FROM programme WHERE id = :programme "
            "AND parent_id IS NULL) THEN 'programme_id' WHEN NOT EXISTS (SELECT FROM "
            "medium_term_period WHERE first_year = :first_year) THEN 'first_year' END"
        ),
        {"programme": programme, "first_year": first_year},
    )
    return found
