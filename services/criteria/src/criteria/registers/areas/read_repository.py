"""The SQL of reading areas: what held on a date, as recorded by a feed position."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers.ids import NATION_ID
from criteria.registers.visibility import holds, recorded, visible

BLOCK_ROWS = 1000
ROWS_LIMIT = 500_000
STREAM_SECONDS = 60


@dataclass(frozen=True)
class AreaFilter:
    """Which areas of a date are wanted; None leaves a field open."""

    as_of: date
    known_at: int | None = None
    search: str | None = None
    area_kind: str | None = None
    parent_id: str | None = None
    under_id: str | None = None
    code: str | None = None


async def list_page(
    session: AsyncSession, wanted: AreaFilter, *, after: Sequence[str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return areas in Vietnamese order, from after the key (sort key, id)."""
    sql, values = _list_sql(wanted, after=after)
    rows = await session.execute(text(f"{sql} LIMIT :limit"), values | {"limit": limit})
    return rows.all()


async def list_all(session: AsyncSession, wanted: AreaFilter) -> Sequence[Row[Any]]:
    """Return all these areas in Vietnamese order."""
    return await list_page(session, wanted, after=None, limit=ROWS_LIMIT)


async def stream(session: AsyncSession, wanted: AreaFilter) -> AsyncIterator[Sequence[Row[Any]]]:
    """Give all these areas in blocks, in Vietnamese order.

    The session is the stream's own: limits of rows and time hold until its transaction ends.
    """
    sql, values = _list_sql(wanted, after=None)
    await session.execute(text(f"SET LOCAL statement_timeout = '{STREAM_SECONDS}s'"))
    result = await session.stream(text(f"{sql} LIMIT :limit"), values | {"limit": ROWS_LIMIT})
    async for block in result.partitions(BLOCK_ROWS):
        yield block


async def find_by_id(
    session: AsyncSession, area_id: str, *, as_of: date, known_at: int | None
) -> Row[Any] | None:
    """Return the area as it was on the date, or None when it does not live then."""
    rows = await session.execute(
        text(f"{_SELECT.format(**_conditions(known_at))} AND s.area_id = :id"),
        {"as_of": as_of, "known_at": known_at, "id": area_id},
    )
    return rows.one_or_none()


async def ids_of_code(
    session: AsyncSession, code: str, *, as_of: date, known_at: int | None
) -> list[str]:
    """Return the ids of the areas that bear the code on the date."""
    found = await session.scalars(
        text(
            "SELECT s.area_id FROM area_span AS s WHERE s.code = :code "
            f"AND {visible('s', known_at=known_at)} AND {holds('s')} ORDER BY s.area_id"
        ),
        {"code": code, "as_of": as_of, "known_at": known_at},
    )
    return list(found)


async def ids_of_code_ever(session: AsyncSession, code: str, *, known_at: int | None) -> list[str]:
    """Return the ids of the areas that bear the code on any date."""
    found = await session.scalars(
        text(
            "SELECT DISTINCT s.area_id FROM area_span AS s "
            f"WHERE s.code = :code AND {visible('s', known_at=known_at)} ORDER BY 1"
        ),
        {"code": code, "known_at": known_at},
    )
    return list(found)


async def list_spans(
    session: AsyncSession, area_ids: Collection[str], *, known_at: int | None
) -> Sequence[Row[Any]]:
    """Return every span of these areas, oldest first."""
    rows = await session.execute(
        text(
            "SELECT s.area_id, s.begins_on, s.ends_on, s.code, s.kind, s.designation, s.name, "
            "s.parent_id, s.known_from, s.source FROM area_span AS s "
            f"WHERE s.area_id = ANY(:ids) AND {visible('s', known_at=known_at)} "
            "ORDER BY s.area_id, s.begins_on"
        ),
        {"ids": list(area_ids), "known_at": known_at},
    )
    return rows.all()


async def list_attributes(
    session: AsyncSession, area_id: str, *, known_at: int | None
) -> Sequence[Row[Any]]:
    """Return every attribute row of an area by name, oldest first."""
    rows = await session.execute(
        text(
            "SELECT t.name, t.value, t.begins_on, t.ends_on, t.source FROM area_attribute AS t "
            f"WHERE t.area_id = :id AND {visible('t', known_at=known_at)} "
            "ORDER BY t.name, t.begins_on"
        ),
        {"id": area_id, "known_at": known_at},
    )
    return rows.all()


async def list_edges(
    session: AsyncSession,
    area_ids: Collection[str],
    *,
    is_forward: bool,
    known_at: int | None,
) -> Sequence[Row[Any]]:
    """Return the lineage edges that leave (forward) or reach these areas."""
    side = "from_id" if is_forward else "to_id"
    rows = await session.execute(
        text(
            "SELECT e.from_id, e.to_id, e.effective_on, e.extent, e.share FROM area_lineage AS e "
            f"WHERE e.{side} = ANY(:ids) AND {visible('e', known_at=known_at)} "
            "ORDER BY e.effective_on, e.from_id, e.to_id"
        ),
        {"ids": list(area_ids), "known_at": known_at},
    )
    return rows.all()


async def list_ancestors(
    session: AsyncSession, area_ids: Collection[str], *, on: date
) -> dict[str, set[str]]:
    """Return for each area living on the date itself and all areas above it."""
    rows = await session.execute(
        text(
            "WITH RECURSIVE above AS ("
            "SELECT s.area_id AS origin, s.area_id AS id, s.parent_id FROM area_span AS s "
            f"WHERE s.area_id = ANY(:ids) AND s.superseded_by IS NULL AND {holds('s', day=':on')} "
            "UNION ALL "
            "SELECT above.origin, s.area_id, s.parent_id FROM above "
            "JOIN area_span AS s ON s.area_id = above.parent_id "
            f"WHERE s.superseded_by IS NULL AND {holds('s', day=':on')}"
            ") SELECT origin, id FROM above"
        ),
        {"ids": list(area_ids), "on": on},
    )
    ancestors: dict[str, set[str]] = {}
    for row in rows:
        ancestors.setdefault(row.origin, set()).add(row.id)
    return ancestors


async def list_attribute_values(
    session: AsyncSession,
    *,
    on: date,
    area_ids: Collection[str] | None,
    names: Collection[str] | None,
    known_at: int | None,
) -> Sequence[Row[Any]]:
    """Return (area id, name, value) of what holds on the date."""
    conditions = [visible("t", known_at=known_at), holds("t")]
    if area_ids is not None:
        conditions.append("t.area_id = ANY(:ids)")
    if names is not None:
        conditions.append("t.name = ANY(:names)")
    rows = await session.execute(
        text(
            "SELECT t.area_id, t.name, t.value FROM area_attribute AS t "
            f"WHERE {' AND '.join(conditions)}"
        ),
        {
            "as_of": on,
            "known_at": known_at,
            "ids": list(area_ids or ()),
            "names": list(names or ()),
        },
    )
    return rows.all()


async def list_events(
    session: AsyncSession,
    *,
    area_id: str | None,
    kind: str | None,
    known_at: int | None,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return area changes, newest effect first, each with its document."""
    conditions = [recorded("c", known_at=known_at)]
    if area_id is not None:
        conditions.append(
            "EXISTS (SELECT FROM area_change_area AS t "
            "WHERE t.area_change_id = c.id AND t.area_id = :area_id)"
        )
    if kind is not None:
        conditions.append("c.kind = :kind")
    if after is not None:
        conditions.append("(c.effective_on, c.id) < (:after_on, :after_id)")
    after_on, after_id = after or (None, None)
    rows = await session.execute(
        text(
            "SELECT c.id, c.kind, c.effective_on, c.note, c.areas_total, c.reverses_id, "
            "d.id AS document_id, d.number AS document_number, d.certainty "
            "FROM area_change AS c JOIN document AS d ON d.id = c.document_id "
            f"WHERE {' AND '.join(conditions)} "
            "ORDER BY c.effective_on DESC, c.id DESC LIMIT :limit"
        ),
        {
            "area_id": area_id,
            "kind": kind,
            "known_at": known_at,
            "after_on": after_on,
            "after_id": after_id,
            "limit": limit,
        },
    )
    return rows.all()


async def list_event_areas(
    session: AsyncSession, event_ids: Collection[int]
) -> dict[int, list[Row[Any]]]:
    """Return what became of each area in these events."""
    rows = await session.execute(
        text(
            "SELECT area_change_id, area_id, part FROM area_change_area "
            "WHERE area_change_id = ANY(:ids) ORDER BY area_change_id, part, area_id"
        ),
        {"ids": list(event_ids)},
    )
    parts: dict[int, list[Row[Any]]] = {}
    for row in rows:
        parts.setdefault(row.area_change_id, []).append(row)
    return parts


async def register_version(session: AsyncSession, *, known_at: int | None) -> int:
    """Return the newest change of the whole register: any answer about areas depends on it."""
    found = await session.scalar(
        text(
            "SELECT max(c.recorded_by) FROM area_change AS c "
            f"WHERE {recorded('c', known_at=known_at)}"
        ),
        {"known_at": known_at},
    )
    return found or 0


_SELECT = """
SELECT s.area_id AS id, s.code, s.kind AS area_kind, s.designation, s.name, s.begins_on, s.ends_on,
    s.latitude, s.longitude, s.area_km2, s.source, s.sort_key,
    CASE WHEN s.known_from > :as_of THEN 'assumed' ELSE 'known' END AS coverage,
    s.parent_id, u.code AS parent_code, u.designation AS parent_designation, u.name AS parent_name,
    (SELECT jsonb_object_agg(t.name, t.value) FROM area_attribute AS t
     WHERE t.area_id = s.area_id AND {t_holds} AND {t_visible}) AS attributes
FROM area_span AS s
LEFT JOIN area_span AS u ON u.area_id = s.parent_id AND {u_holds} AND {u_visible}
WHERE {s_holds} AND {s_visible}"""

_SUBTREE = """
WITH RECURSIVE below AS (
    SELECT CAST(:under_id AS text) COLLATE "C" AS id
    UNION ALL
    SELECT s.area_id FROM below JOIN area_span AS s ON s.parent_id = below.id
    WHERE {s_holds} AND {s_visible}
)"""


def _conditions(known_at: int | None) -> dict[str, str]:
    return {f"{alias}_holds": holds(alias) for alias in "stu"} | {
        f"{alias}_visible": visible(alias, known_at=known_at) for alias in "stu"
    }


def _list_sql(wanted: AreaFilter, *, after: Sequence[str] | None) -> tuple[str, dict[str, Any]]:
    conditions = _conditions(wanted.known_at)
    sql = _SELECT.format(**conditions)
    if wanted.under_id is not None and wanted.under_id != NATION_ID:
        sql = f"{_SUBTREE.format(**conditions)} {sql} AND s.area_id IN (SELECT id FROM below)"
    for field, condition in (
        ("search", "' ' || s.search_key LIKE :search"),
        ("area_kind", "s.kind = :area_kind"),
        ("parent_id", "s.parent_id = :parent_id"),
        ("code", "s.code = :code"),
    ):
        if getattr(wanted, field) is not None:
            sql += f" AND {condition}"
    if after is not None:
        sql += " AND (s.sort_key, s.area_id) > (:after_key, :after_id)"
    key, area_id = after or (None, None)
    values = vars(wanted) | {"after_key": key, "after_id": area_id}
    return f"{sql} ORDER BY s.sort_key, s.area_id", values
