"""Areas as recorded: locking, loading and storing whole states."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from chungsuc.text import search_key, sort_key
from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers.areas.events import CodeHolder, Kind
from criteria.registers.areas.state import AreaState, Attribute, Edge, Span
from criteria.registers.bulk import copy_rows

_REGISTER_LOCK = 7300
_SPAN_COLUMNS = (
    "begins_on, ends_on, code, kind, designation, name, parent_id, known_from, source, "
    "latitude, longitude, area_km2"
)
_ATTRIBUTE_COLUMNS = "name, value, begins_on, ends_on, source"
_EDGE_COLUMNS = "from_id, to_id, effective_on, extent, share"
_TABLE_KEYS = {
    "area_span": ("area_id", "begins_on"),
    "area_attribute": ("area_id", "name", "begins_on"),
    "area_lineage": ("from_id", "to_id", "effective_on"),
}


async def lock_register(session: AsyncSession) -> None:
    """Let one area change at a time decide: codes and parents of other areas stay as read."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _REGISTER_LOCK})


async def lock_areas(session: AsyncSession, area_ids: Collection[str]) -> set[str]:
    """Lock these area rows in id order until the transaction ends; return those that exist."""
    found = await session.scalars(
        text("SELECT id FROM area WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
        {"ids": sorted(area_ids)},
    )
    return set(found)


async def load_kinds(session: AsyncSession) -> dict[str, Kind]:
    """Return the kinds of area by code."""
    rows = await session.execute(text("SELECT code, rank, ends_on FROM area_kind"))
    return {row.code: Kind(row.code, row.rank, row.ends_on) for row in rows}


async def load_states(
    session: AsyncSession, area_ids: Collection[str], *, before_change: int | None = None
) -> dict[str, AreaState]:
    """Return these areas as recorded now; unknown ids are left out.

    With `before_change`: as recorded before it (events are serial, so their ids are in order).
    """
    ids = {"ids": list(area_ids), "before_change": before_change}
    areas = await session.execute(text("SELECT id, revision FROM area WHERE id = ANY(:ids)"), ids)
    spans = await _grouped(session, "area_span", "area_id", _SPAN_COLUMNS, "begins_on", ids)
    attributes = await _grouped(
        session, "area_attribute", "area_id", _ATTRIBUTE_COLUMNS, "name, begins_on", ids
    )
    successors = await _grouped(session, "area_lineage", "from_id", _EDGE_COLUMNS, "to_id", ids)
    predecessors = await _grouped(session, "area_lineage", "to_id", _EDGE_COLUMNS, "from_id", ids)
    return {
        area.id: AreaState(
            id=area.id,
            revision=area.revision,
            spans=tuple(Span(*row) for row in spans.get(area.id, ())),
            attributes=tuple(Attribute(*row) for row in attributes.get(area.id, ())),
            predecessors=tuple(Edge(*row) for row in predecessors.get(area.id, ())),
            successors=tuple(Edge(*row) for row in successors.get(area.id, ())),
        )
        for area in areas
    }


async def list_children(
    session: AsyncSession, area_ids: Collection[str], *, since: date
) -> dict[str, set[str]]:
    """Return the areas that lie below each of these on some day from `since` on."""
    rows = await session.execute(
        text(
            "SELECT DISTINCT parent_id, area_id FROM area_span "
            "WHERE superseded_by IS NULL AND parent_id = ANY(:ids) "
            "AND coalesce(ends_on, 'infinity') >= :since"
        ),
        {"ids": list(area_ids), "since": since},
    )
    children: dict[str, set[str]] = {}
    for row in rows:
        children.setdefault(row.parent_id, set()).add(row.area_id)
    return children


async def list_code_holders(
    session: AsyncSession, codes: Collection[str]
) -> tuple[CodeHolder, ...]:
    """Return who bears these codes, of any kind and at any time."""
    rows = await session.execute(
        text(
            "SELECT area_id, kind, code, begins_on, ends_on FROM area_span "
            "WHERE superseded_by IS NULL AND code = ANY(:codes)"
        ),
        {"codes": list(codes)},
    )
    return tuple(CodeHolder(*row) for row in rows)


async def store_states(
    session: AsyncSession,
    *,
    before: Mapping[str, AreaState],
    after: Sequence[AreaState],
    recorded_by: int,
) -> None:
    """Write what differs: rows that no longer hold are closed, new ones are added."""
    born = [state for state in after if state.id not in before]
    if born:
        await copy_rows(
            session,
            table="area",
            columns=["id", "revision"],
            rows=[(state.id, state.revision) for state in born],
        )
    await _raise_revisions(session, [state for state in after if state.id in before])
    old = [before[state.id] for state in after if state.id in before]
    for table, columns, rows_of in (
        ("area_span", f"area_id, {_SPAN_COLUMNS}, search_key, sort_key", _span_rows),
        ("area_attribute", f"area_id, {_ATTRIBUTE_COLUMNS}", _attribute_rows),
        ("area_lineage", _EDGE_COLUMNS, _edge_rows),
    ):
        columns_list = columns.split(", ")
        gone, added = _difference(rows_of(old), rows_of(after))
        await _close(session, table, columns_list, gone, recorded_by)
        await copy_rows(
            session,
            table=table,
            columns=[*columns_list, "recorded_by"],
            rows=[(*row, recorded_by) for row in added],
        )


async def add_event(
    session: AsyncSession,
    *,
    kind: str,
    effective_on: date,
    document_id: str,
    note: str,
    areas_total: int,
    parts: Mapping[str, str],
    recorded_by: int,
    reverses_id: int | None = None,
) -> int:
    """Record the event itself and what became of each area; return its id."""
    event_id = await session.scalar(
        text(
            "INSERT INTO area_change "
            "(kind, effective_on, document_id, note, areas_total, reverses_id, recorded_by) "
            "VALUES (:kind, :effective_on, :document_id, :note, :total, :reverses_id, "
            ":recorded_by) "
            "RETURNING id"
        ),
        {
            "kind": kind,
            "effective_on": effective_on,
            "document_id": document_id,
            "note": note,
            "total": areas_total,
            "reverses_id": reverses_id,
            "recorded_by": recorded_by,
        },
    )
    assert event_id is not None  # noqa: S101 - RETURNING gives one row
    await copy_rows(
        session,
        table="area_change_area",
        columns=["area_change_id", "area_id", "part"],
        rows=[(event_id, area_id, part) for area_id, part in parts.items()],
    )
    return int(event_id)


async def find_event(session: AsyncSession, event_id: int) -> Row[Any] | None:
    """Return a recorded event with the change that took it back, if any, or None."""
    found = await session.execute(
        text(
            "SELECT c.id, c.kind, c.effective_on, c.recorded_by, r.id AS reversed_by "
            "FROM area_change AS c LEFT JOIN area_change AS r ON r.reverses_id = c.id "
            "WHERE c.id = :id"
        ),
        {"id": event_id},
    )
    return found.one_or_none()


async def list_parts(session: AsyncSession, event_id: int) -> dict[str, str]:
    """Return what became of each area in an event."""
    rows = await session.execute(
        text("SELECT area_id, part FROM area_change_area WHERE area_change_id = :id"),
        {"id": event_id},
    )
    return {row.area_id: row.part for row in rows}


async def list_later_events(session: AsyncSession, event_id: int) -> list[int]:
    """Return later events about the same areas that still stand."""
    found = await session.scalars(
        text(
            "SELECT DISTINCT c.id FROM area_change AS c "
            "JOIN area_change_area AS t ON t.area_change_id = c.id "
            "JOIN area_change_area AS own ON own.area_id = t.area_id "
            "WHERE own.area_change_id = :id AND c.id > :id "
            "AND coalesce(c.reverses_id, 0) <= :id "
            "AND NOT EXISTS (SELECT FROM area_change AS r WHERE r.reverses_id = c.id) "
            "ORDER BY c.id"
        ),
        {"id": event_id},
    )
    return list(found)


async def find_loaded(session: AsyncSession, part: str) -> bytes | None:
    """Return the hash of the content that is loaded of a part of the catalogue, or None."""
    found = await session.scalar(
        text("SELECT content_hash FROM catalogue_load WHERE part = :part"), {"part": part}
    )
    return None if found is None else bytes(found)


async def mark_loaded(
    session: AsyncSession, part: str, *, content_hash: bytes, recorded_by: int
) -> None:
    """Remember that this content is loaded."""
    await session.execute(
        text(
            "INSERT INTO catalogue_load (part, content_hash, recorded_by) "
            "VALUES (:part, :content_hash, :recorded_by)"
        ),
        {"part": part, "content_hash": content_hash, "recorded_by": recorded_by},
    )


async def _grouped(
    session: AsyncSession, table: str, owner: str, columns: str, order: str, ids: dict[str, Any]
) -> dict[str, list[Sequence[Any]]]:
    is_live = "superseded_by IS NULL"
    if ids["before_change"] is not None:
        is_live = f"recorded_by < :before_change AND ({is_live} OR superseded_by >= :before_change)"
    rows = await session.execute(
        text(
            f"SELECT {owner} AS owner, {columns} FROM {table} "
            f"WHERE {owner} = ANY(:ids) AND {is_live} ORDER BY {order}"
        ),
        ids,
    )
    grouped: dict[str, list[Sequence[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.owner, []).append(_without_owner(row))
    return grouped


def _without_owner(row: Row[Any]) -> Sequence[Any]:
    return tuple(row)[1:]


def _span_rows(states: Iterable[AreaState]) -> list[tuple[Any, ...]]:
    columns = _SPAN_COLUMNS.split(", ")
    return [
        (
            state.id,
            *(getattr(span, column) for column in columns),
            search_key(f"{span.designation} {span.name}"),
            sort_key(span.name),
        )
        for state in states
        for span in state.spans
    ]


def _attribute_rows(states: Iterable[AreaState]) -> list[tuple[Any, ...]]:
    columns = _ATTRIBUTE_COLUMNS.split(", ")
    return [
        (state.id, *(getattr(attribute, column) for column in columns))
        for state in states
        for attribute in state.attributes
    ]


def _edge_rows(states: Iterable[AreaState]) -> list[tuple[Any, ...]]:
    """Each edge once, though both of its areas know it."""
    columns = _EDGE_COLUMNS.split(", ")
    edges = {edge: None for s in states for edge in (*s.predecessors, *s.successors)}
    return [tuple(getattr(edge, column) for column in columns) for edge in edges]


def _difference(
    old: list[tuple[Any, ...]], new: list[tuple[Any, ...]]
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    old_set, new_set = set(old), set(new)
    return [row for row in old if row not in new_set], [row for row in new if row not in old_set]


async def _close(
    session: AsyncSession,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    recorded_by: int,
) -> None:
    keys = _TABLE_KEYS[table]
    places = [columns.index(key) for key in keys]
    if not rows:
        return
    matches = " AND ".join(f"{key} = :{key}" for key in keys)
    await session.execute(
        text(
            f"UPDATE {table} SET superseded_by = :recorded_by "
            f"WHERE superseded_by IS NULL AND {matches}"
        ),
        [
            {"recorded_by": recorded_by}
            | {key: row[place] for key, place in zip(keys, places, strict=True)}
            for row in rows
        ],
    )


async def _raise_revisions(session: AsyncSession, states: Sequence[AreaState]) -> None:
    if states:
        await session.execute(
            text("UPDATE area SET revision = :revision WHERE id = :id"),
            [{"id": state.id, "revision": state.revision} for state in states],
        )
