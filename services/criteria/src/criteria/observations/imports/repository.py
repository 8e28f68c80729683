"""The SQL of imports."""

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chungsuc.access import Grant
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.observations.imports.layouts import RowError

_INSERT = """
INSERT INTO observation_import (job_id, content, content_hash, media_type, mode, is_dry_run,
    observed_on, decimal_mark, document_id, is_demonstration, author, grants, recorded_at)
VALUES (:job_id, :content, :content_hash, :media_type, :mode, :is_dry_run, :observed_on,
    :decimal_mark, :document_id, :is_demonstration, :author, CAST(:grants AS jsonb), :recorded_at)
"""
_SHOWN = """
SELECT i.job_id AS id, j.state, j.progress_done, j.progress_total, i.mode, i.is_dry_run,
       i.is_demonstration, i.observed_on, i.document_id, i.content_hash, i.author, i.recorded_at,
       j.result, j.problem
FROM observation_import i JOIN job j ON j.id = i.job_id
WHERE i.job_id = :job_id
"""
_ADD_BLOCK = """
INSERT INTO observation_import_block
    (job_id, block, values_recorded, values_corrected, values_unchanged)
VALUES (:job_id, :block, :recorded, :corrected, :unchanged)
"""
_ADD_ERRORS = """
INSERT INTO observation_import_error
    (job_id, block, place, line, column_name, value, code, reason_vi, reason_en)
SELECT :job_id, :block, place, line, column_name, value, code, reason_vi, reason_en
FROM unnest(CAST(:lines AS int[]), CAST(:columns AS text[]), CAST(:values AS text[]),
            CAST(:codes AS text[]), CAST(:vi AS text[]), CAST(:en AS text[]))
     WITH ORDINALITY AS e (line, column_name, value, code, reason_vi, reason_en, place)
"""
_TOTALS = """
SELECT coalesce(sum(values_recorded), 0) AS recorded,
       coalesce(sum(values_corrected), 0) AS corrected,
       coalesce(sum(values_unchanged), 0) AS unchanged,
       (SELECT count(*) FROM observation_import_error WHERE job_id = :job_id) AS errors
FROM observation_import_block WHERE job_id = :job_id
"""
_ERRORS = """
SELECT line, block, place, column_name AS "column", value, code, reason_vi, reason_en
FROM observation_import_error
WHERE job_id = :job_id
  AND (CAST(:line AS int) IS NULL OR (line, block, place) > (:line, :block, :place))
ORDER BY line, block, place
LIMIT :limit
"""


@dataclass(frozen=True)
class NewImport:
    """A file about to be kept, and how it is to be read."""

    content: bytes
    content_hash: str
    media_type: str
    mode: str
    is_dry_run: bool
    observed_on: date | None
    decimal_mark: str | None
    document_id: str | None
    is_demonstration: bool
    author: str


async def add_import(
    session: AsyncSession,
    job_id: uuid.UUID,
    wanted: NewImport,
    *,
    grants: Sequence[Grant],
    recorded_at: datetime,
) -> None:
    """Keep the file, with the grants that its author had when sending it."""
    kept = json.dumps([[grant.role, grant.area, grant.scope] for grant in grants])
    values = {"job_id": job_id, "grants": kept, "recorded_at": recorded_at}
    await session.execute(text(_INSERT), {**vars(wanted), **values})


async def get_file(session: AsyncSession, job_id: uuid.UUID) -> Row[Any]:
    """Return the file and how it is to be read."""
    found = await session.execute(
        text("SELECT * FROM observation_import WHERE job_id = :job_id"), {"job_id": job_id}
    )
    return found.one()


async def find_shown(session: AsyncSession, job_id: uuid.UUID) -> Row[Any] | None:
    """Return an import without its content, or None."""
    return (await session.execute(text(_SHOWN), {"job_id": job_id})).one_or_none()


async def has_block(session: AsyncSession, job_id: uuid.UUID, block: int) -> bool:
    """Say whether this block was committed before."""
    found = await session.scalar(
        text("SELECT 1 FROM observation_import_block WHERE job_id = :job_id AND block = :block"),
        {"job_id": job_id, "block": block},
    )
    return found is not None


async def add_block(
    session: AsyncSession,
    job_id: uuid.UUID,
    block: int,
    *,
    outcomes: Counter[str],
    errors: Sequence[RowError],
) -> None:
    """Mark a block as done and keep the reasons against its rows."""
    counts = {name: outcomes[name] for name in ("recorded", "corrected", "unchanged")}
    key = {"job_id": job_id, "block": block}
    await session.execute(text(_ADD_BLOCK), {**key, **counts})
    if errors:
        columns = {
            "lines": [error.line for error in errors],
            "columns": [_storable(error.column) for error in errors],
            "values": [_storable(error.value) for error in errors],
            "codes": [error.code for error in errors],
            "vi": [_storable(error.detail.vi) for error in errors],
            "en": [_storable(error.detail.en) for error in errors],
        }
        await session.execute(text(_ADD_ERRORS), {**key, **columns})


async def get_totals(session: AsyncSession, job_id: uuid.UUID) -> Row[Any]:
    """Return what came of all blocks."""
    return (await session.execute(text(_TOTALS), {"job_id": job_id})).one()


def errors_query(
    job_id: uuid.UUID, *, after: tuple[int, int, int] | None = None, limit: int | None = None
) -> tuple[TextClause, dict[str, Any]]:
    """Ask for the reasons against rows, in the order of the file."""
    line, block, place = after or (None, None, None)
    key = {"line": line, "block": block, "place": place}
    return text(_ERRORS), {"job_id": job_id, "limit": limit, **key}


async def list_errors(
    session: AsyncSession, job_id: uuid.UUID, *, after: tuple[int, int, int] | None, limit: int
) -> list[Row[Any]]:
    """Return one page of reasons, from after the key."""
    return list(await session.execute(*errors_query(job_id, after=after, limit=limit)))


def _storable(written: str) -> str:
    return written.replace("\x00", "").encode("utf-8", "replace").decode()
