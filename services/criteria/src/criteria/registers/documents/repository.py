"""The SQL of documents."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers import visibility

COLUMNS = (
    "id, number, kind, issuer, title, issued_on, programme, file_hash, replaces_id, certainty, "
    "is_demonstration"
)


async def find(session: AsyncSession, document_id: str) -> Row[Any] | None:
    """Return a document, or None."""
    found = await session.execute(
        text(f"SELECT {COLUMNS} FROM document WHERE id = :id"), {"id": document_id}
    )
    return found.one_or_none()


async def find_same(
    session: AsyncSession, *, issuer: str, number: str, issued_on: Any
) -> str | None:
    """Return the id of the document with this issuer, number and date, or None."""
    document_id: str | None = await session.scalar(
        text(
            "SELECT id FROM document WHERE issuer = :issuer AND number = :number "
            "AND issued_on IS NOT DISTINCT FROM CAST(:issued_on AS date)"
        ),
        {"issuer": issuer, "number": number, "issued_on": issued_on},
    )
    return document_id


async def existing_ids(session: AsyncSession, document_ids: Collection[str]) -> set[str]:
    """Return which of these ids are registered."""
    found = await session.scalars(
        text("SELECT id FROM document WHERE id = ANY(:ids)"), {"ids": list(document_ids)}
    )
    return set(found)


async def ids_by_number(session: AsyncSession) -> dict[str, str]:
    """Return the ids of all documents by number; of several with one number, the last."""
    rows = await session.execute(text("SELECT number, id FROM document ORDER BY recorded_by"))
    return {row.number: row.id for row in rows}


async def add(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert documents with their keys and `recorded_by`; one that is there already is skipped."""
    names = [*COLUMNS.split(", "), "search_key", "sort_key", "recorded_by"]
    markers = ", ".join(f":{name}" for name in names)
    await session.execute(
        text(
            f"INSERT INTO document ({', '.join(names)}) VALUES ({markers}) ON CONFLICT DO NOTHING"
        ),
        list(rows),
    )


async def list_page(
    session: AsyncSession,
    *,
    search: str | None,
    kind: str | None,
    number: str | None,
    known_at: int | None,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return documents in Vietnamese order of their titles, from after the key."""
    conditions = [visibility.recorded("d", known_at=known_at)]
    if search is not None:
        conditions.append("' ' || d.search_key LIKE :search")
    if kind is not None:
        conditions.append("d.kind = :kind")
    if number is not None:
        conditions.append("d.number = :number")
    if after is not None:
        conditions.append("(d.sort_key, d.id) > (:after_key, :after_id)")
    key, document_id = after or (None, None)
    rows = await session.execute(
        text(
            f"SELECT {COLUMNS}, sort_key FROM document AS d WHERE {' AND '.join(conditions)} "
            "ORDER BY d.sort_key, d.id LIMIT :limit"
        ),
        {
            "search": search,
            "kind": kind,
            "number": number,
            "known_at": known_at,
            "after_key": key,
            "after_id": document_id,
            "limit": limit,
        },
    )
    return rows.all()
