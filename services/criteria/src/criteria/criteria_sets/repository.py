"""The SQL of criteria sets."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.criteria_sets import model
from criteria.criteria_sets.model import CriteriaSet

# A published version is read as it judges; a draft as it was written.
_COLUMNS = (
    "code, version, state, hash, coalesce(CAST(resolved AS jsonb), body) AS body, valid_from, "
    "valid_to, revision"
)

_STORE_DRAFT = """
INSERT INTO criteria_set (code, version, state, body, hash, area_kind, designations, valid_from,
                          valid_to, is_demonstration, revision, recorded_by)
VALUES (:code, :version, 'draft', CAST(:body AS jsonb), :hash, :area_kind, :designations,
        :valid_from, :valid_to, :is_demonstration, :revision, :recorded_by)
ON CONFLICT (code, version) DO UPDATE SET
    body = excluded.body, hash = excluded.hash, area_kind = excluded.area_kind,
    designations = excluded.designations, valid_from = excluded.valid_from,
    valid_to = excluded.valid_to, is_demonstration = excluded.is_demonstration,
    revision = excluded.revision, recorded_by = excluded.recorded_by
"""

_PUBLISH = """
UPDATE criteria_set
SET state = 'published', resolved = :resolved, hash = :hash, area_kind = :area_kind,
    designations = :designations, valid_from = :valid_from, valid_to = :valid_to,
    is_demonstration = :is_demonstration, revision = :revision, recorded_by = :recorded_by
WHERE code = :code AND version = :version
"""

# Of each code, the version published last judges; one for no designation only derives measures.
_JUDGING = """
SELECT * FROM (
SELECT DISTINCT ON (s.code) s.code, s.version, s.hash, s.area_kind, s.designations,
       s.valid_from, s.valid_to
FROM criteria_set s LEFT JOIN change_position p ON p.change_id = s.recorded_by
WHERE s.state = 'published'
  AND (CAST(:position AS bigint) IS NULL OR p.position <= :position)
ORDER BY s.code, s.recorded_by DESC
) AS newest WHERE cardinality(designations) > 0 ORDER BY code
"""

_DERIVING = """
SELECT code, version, hash, resolved FROM (
SELECT DISTINCT ON (s.code) s.code, s.version, s.hash, s.resolved, s.valid_from, s.valid_to
FROM criteria_set s LEFT JOIN change_position p ON p.change_id = s.recorded_by
WHERE s.state = 'published'
  AND (CAST(:position AS bigint) IS NULL OR p.position <= :position)
ORDER BY s.code, s.recorded_by DESC
) AS newest
WHERE CAST(:as_of AS date) BETWEEN valid_from AND coalesce(valid_to, 'infinity')
  AND CAST(resolved AS jsonb) -> 'ratios' IS NOT NULL
ORDER BY code
"""


@dataclass(frozen=True)
class JudgingSet:
    """The version of a set that judges, without its rules."""

    code: str
    version: str
    hash: str
    area_kind: str
    designations: tuple[str, ...]
    valid_from: date
    valid_to: date | None


async def list_versions(session: AsyncSession) -> list[Row[Any]]:
    """Return every version of every set."""
    rows = await session.execute(
        text(f"SELECT {_COLUMNS} FROM criteria_set ORDER BY code, recorded_by DESC")
    )
    return list(rows)


async def find_version(
    session: AsyncSession, code: str, *, version: str | None, state: str | None = None
) -> Row[Any] | None:
    """Return one version, or the newest, in a state or (None) in any: published before draft."""
    found = await session.execute(
        text(
            f"SELECT {_COLUMNS} FROM criteria_set "
            "WHERE code = :code AND (CAST(:version AS text) IS NULL OR version = :version) "
            "AND (CAST(:state AS text) IS NULL OR state = :state) "
            "ORDER BY state DESC, recorded_by DESC LIMIT 1"
        ),
        {"code": code, "version": version, "state": state},
    )
    return found.one_or_none()


async def list_judging(
    session: AsyncSession, *, position: int | None = None
) -> dict[str, JudgingSet]:
    """Return, by code, the versions that judge (as known at a feed position)."""
    rows = await session.execute(text(_JUDGING), {"position": position})
    return {
        row.code: JudgingSet(
            code=row.code,
            version=row.version,
            hash=row.hash,
            area_kind=row.area_kind,
            designations=tuple(row.designations),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in rows
    }


async def list_deriving(
    session: AsyncSession, *, as_of: date, position: int | None
) -> list[Row[Any]]:
    """Return the published sets in force on a date that derive measures, whole."""
    return list(await session.execute(text(_DERIVING), {"as_of": as_of, "position": position}))


async def get_resolved(session: AsyncSession, content_hash: str) -> str:
    """Return the canonical JSON of a published set by its hash."""
    found = await session.scalar(
        text(
            "SELECT resolved FROM criteria_set WHERE hash = :hash AND state = 'published' LIMIT 1"
        ),
        {"hash": content_hash},
    )
    assert isinstance(found, str)  # noqa: S101 - callers got the hash from this table
    return found


async def store_draft(
    session: AsyncSession, draft: CriteriaSet, *, revision: int, recorded_by: int
) -> None:
    """Add a draft, or put it in the place of the same version's draft."""
    body = json.dumps(model.to_body(draft), ensure_ascii=False)
    await session.execute(
        text(_STORE_DRAFT),
        {
            **_keys(draft, revision=revision, recorded_by=recorded_by),
            "body": body,
            "hash": model.content_hash(draft),
        },
    )


async def publish(
    session: AsyncSession, resolved: CriteriaSet, *, revision: int, recorded_by: int
) -> None:
    """Publish a draft in its resolved form."""
    await session.execute(
        text(_PUBLISH),
        {
            **_keys(resolved, revision=revision, recorded_by=recorded_by),
            "resolved": model.canonical(resolved).decode(),
            "hash": model.content_hash(resolved),
        },
    )


def _keys(criteria_set: CriteriaSet, *, revision: int, recorded_by: int) -> dict[str, Any]:
    return {
        "code": criteria_set.code,
        "version": criteria_set.version,
        "area_kind": criteria_set.area_kind,
        "designations": list(criteria_set.designations),
        "valid_from": criteria_set.from_on,
        "valid_to": criteria_set.to_on,
        "is_demonstration": criteria_set.is_demonstration,
        "revision": revision,
        "recorded_by": recorded_by,
    }
