"""The SQL of observations and sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.observations import sheets
from criteria.observations.sheets import Sheets
from criteria.registers import visibility

# Values are judged by the sets as published: publishing waits for writers, and they wait for it.
_SETS_ARE_STABLE = "SELECT pg_advisory_xact_lock_shared(7301, 1)"
_PUBLISHING = "SELECT pg_advisory_xact_lock(7301, 1)"

# A reference is an area id, or, when it is all digits, a code as borne on the day.
_AREAS_OF_REFERENCES = """
WITH wanted AS (
    SELECT * FROM unnest(CAST(:references AS text[]), CAST(:days AS date[])) AS w (reference, day)
), named AS (
    SELECT w.reference, w.day, s.area_id, s.begins_on, s.ends_on
    FROM wanted w JOIN area_span s ON s.area_id = w.reference
    WHERE w.reference !~ '^[0-9]+$' AND s.superseded_by IS NULL
    UNION ALL
    SELECT w.reference, w.day, s.area_id, s.begins_on, s.ends_on
    FROM wanted w JOIN area_span s ON s.code = w.reference
    WHERE w.reference ~ '^[0-9]+$' AND s.superseded_by IS NULL
)
SELECT reference, day, area_id,
       begins_on <= day AND day <= coalesce(ends_on, 'infinity') AS is_living
FROM named
"""

_CURRENT_OF_DAY = """
SELECT DISTINCT ON (o.area_id, o.slot, o.observed_on)
       o.area_id, o.slot, o.observed_on, o.scaled_value, o.qualifier, o.document_id,
       o.is_demonstration
FROM unnest(CAST(:areas AS text[]), CAST(:slots AS int[]), CAST(:days AS date[]))
     AS wanted (area_id, slot, observed_on)
JOIN observation o USING (area_id, slot, observed_on)
ORDER BY o.area_id, o.slot, o.observed_on, o.id DESC
"""

_INSERT = """
INSERT INTO observation (id, area_id, slot, observed_on, scaled_value, qualifier, document_id,
                         correction_reason, is_demonstration, author, recorded_by)
SELECT id, area_id, slot, observed_on, scaled_value, qualifier, :document_id, reason,
       :is_demonstration, :author, recorded_by
FROM unnest(CAST(:ids AS bigint[]), CAST(:areas AS text[]), CAST(:slots AS int[]),
            CAST(:days AS date[]), CAST(:values AS bigint[]), CAST(:qualifiers AS int[]),
            CAST(:reasons AS text[]), CAST(:changes AS bigint[]))
     AS item (id, area_id, slot, observed_on, scaled_value, qualifier, reason, recorded_by)
"""

_SHEETS_SINCE = """
SELECT DISTINCT ON (s.area_id, s.effective_on)
       s.area_id, s.effective_on, s.state, {evidence}
FROM unnest(CAST(:areas AS text[]), CAST(:since AS date[])) AS wanted (area_id, since)
JOIN sheet s ON s.area_id = wanted.area_id AND s.effective_on >= coalesce(
    (SELECT max(b.effective_on) FROM sheet b
     WHERE b.area_id = wanted.area_id AND b.effective_on <= wanted.since), wanted.since)
ORDER BY s.area_id, s.effective_on, s.recorded_by DESC
"""

_SHEET_KNOWN_AT = """
SELECT s.effective_on, s.state, s.evidence
FROM sheet s LEFT JOIN change_position p ON p.change_id = s.recorded_by
WHERE s.area_id = :area_id AND s.effective_on <= :on
  AND (CAST(:position AS bigint) IS NULL OR p.position <= :position)
ORDER BY s.effective_on DESC, s.recorded_by DESC
LIMIT 1
"""

_LIST = """
WITH known AS (
    SELECT o.*, lead(o.id) OVER (PARTITION BY o.slot, o.observed_on ORDER BY o.id) IS NOT NULL
           AS is_superseded
    FROM observation o
    WHERE o.area_id = :area_id AND o.observed_on <= :as_of
      AND (CAST(:slot AS int) IS NULL OR o.slot = :slot) AND {recorded}
)
SELECT id, area_id, slot, observed_on, scaled_value, qualifier, document_id, correction_reason,
       is_demonstration, is_superseded, author, recorded_by
FROM known
WHERE (:has_history OR NOT is_superseded)
  AND (CAST(:after_day AS date) IS NULL
       OR (observed_on, slot, id) > (:after_day, :after_slot, :after_id))
ORDER BY observed_on, slot, id
LIMIT :limit
"""

_ONE = """
SELECT o.*, EXISTS (
    SELECT FROM observation later WHERE later.area_id = o.area_id AND later.slot = o.slot
      AND later.observed_on = o.observed_on AND later.id > o.id) AS is_superseded
FROM observation o WHERE o.id = :id
"""

_INSERT_SHEETS = """
INSERT INTO sheet (area_id, effective_on, recorded_by, state, evidence)
SELECT * FROM unnest(CAST(:areas AS text[]), CAST(:days AS date[]), CAST(:changes AS bigint[]),
                     CAST(:states AS bytea[]), CAST(:evidence AS bytea[]))
"""


@dataclass(frozen=True)
class ObservationFilter:
    """Which observations of one area are wanted; None leaves a field open."""

    area_id: str
    slot: int | None
    as_of: date
    known_at: int | None
    has_history: bool


@dataclass(frozen=True)
class Source:
    """What an observation rests on, beyond its value."""

    document_id: str | None
    is_demonstration: bool


@dataclass(frozen=True)
class NewObservation:
    """A row of evidence about to be written."""

    id: int
    area_id: str
    slot: int
    observed_on: date
    scaled: int
    qualifier: int
    reason: str | None
    recorded_by: int


@dataclass(frozen=True)
class SheetRow:
    """A version of a sheet about to be written."""

    area_id: str
    effective_on: date
    recorded_by: int
    state: bytes
    evidence: bytes


async def share_published_sets(session: AsyncSession) -> None:
    """Hold off publishing until this transaction ends."""
    await session.execute(text(_SETS_ARE_STABLE))


async def lock_publishing(session: AsyncSession) -> None:
    """Wait for every writer of values, and hold them off until this transaction ends."""
    await session.execute(text(_PUBLISHING))


async def list_areas_of(
    session: AsyncSession, references: Sequence[tuple[str, date]]
) -> dict[tuple[str, date], dict[str, bool]]:
    """Return, per reference and day, the areas it may mean and whether each lives on that day."""
    rows = await session.execute(
        text(_AREAS_OF_REFERENCES),
        {"references": [ref for ref, _ in references], "days": [day for _, day in references]},
    )
    found: dict[tuple[str, date], dict[str, bool]] = {key: {} for key in references}
    for row in rows:
        areas = found[row.reference, row.day]
        areas[row.area_id] = areas.get(row.area_id, False) or row.is_living
    return found


async def take_ids(session: AsyncSession, count: int) -> list[int]:
    """Reserve ascending observation ids."""
    rows = await session.scalars(
        text("SELECT nextval('observation_id_seq') FROM generate_series(1, :count)"),
        {"count": count},
    )
    return list(rows)


async def list_current_of_days(
    session: AsyncSession, keys: Sequence[tuple[str, int, date]]
) -> dict[tuple[str, int, date], Row[Any]]:
    """Return what is recorded now for these (area, slot, day)."""
    rows = await session.execute(
        text(_CURRENT_OF_DAY),
        {
            "areas": [key[0] for key in keys],
            "slots": [key[1] for key in keys],
            "days": [key[2] for key in keys],
        },
    )
    return {(row.area_id, row.slot, row.observed_on): row for row in rows}


async def add_observations(
    session: AsyncSession,
    rows: Sequence[NewObservation],
    *,
    document_id: str | None,
    is_demonstration: bool,
    author: str,
) -> None:
    """Write the evidence in one statement."""
    await session.execute(
        text(_INSERT),
        {
            "ids": [row.id for row in rows],
            "areas": [row.area_id for row in rows],
            "slots": [row.slot for row in rows],
            "days": [row.observed_on for row in rows],
            "values": [row.scaled for row in rows],
            "qualifiers": [row.qualifier for row in rows],
            "reasons": [row.reason for row in rows],
            "changes": [row.recorded_by for row in rows],
            "document_id": document_id,
            "is_demonstration": is_demonstration,
            "author": author,
        },
    )


async def list_sheets_since(
    session: AsyncSession, since: Mapping[str, date], *, slots: int, has_evidence: bool = True
) -> dict[str, Sheets]:
    """Return, per area, the sheet in force on its date and every later one, as they stand now."""
    evidence = "s.evidence" if has_evidence else "CAST('' AS bytea) AS evidence"
    rows = await session.execute(
        text(_SHEETS_SINCE.format(evidence=evidence)),
        {"areas": list(since), "since": list(since.values())},
    )
    grouped: dict[str, list[Row[Any]]] = {area_id: [] for area_id in since}
    for row in rows:
        grouped[row.area_id].append(row)
    return {area_id: _sheets(found, slots=slots) for area_id, found in grouped.items()}


async def find_sheet(
    session: AsyncSession, area_id: str, *, on: date, position: int | None, slots: int
) -> Sheets | None:
    """Return the one sheet in force on a date, as known at a feed position (None: now)."""
    found = await session.execute(
        text(_SHEET_KNOWN_AT), {"area_id": area_id, "on": on, "position": position}
    )
    rows = list(found)
    return _sheets(rows, slots=slots) if rows else None


def observations_query(
    wanted: ObservationFilter,
    *,
    after: tuple[date, int, int] | None = None,
    limit: int | None = None,
) -> tuple[TextClause, dict[str, Any]]:
    """Ask for observations by date, measure and order of recording."""
    day, slot, observation_id = after or (None, None, None)
    recorded = visibility.recorded("o", known_at=wanted.known_at)
    return text(_LIST.format(recorded=recorded)), {
        **asdict(wanted),
        "after_day": day,
        "after_slot": slot,
        "after_id": observation_id,
        "limit": limit,
    }


async def list_page(
    session: AsyncSession,
    wanted: ObservationFilter,
    *,
    after: tuple[date, int, int] | None,
    limit: int,
) -> list[Row[Any]]:
    """Return one page of observations, from after the key."""
    return list(await session.execute(*observations_query(wanted, after=after, limit=limit)))


async def find_observation(session: AsyncSession, observation_id: int) -> Row[Any] | None:
    """Return one observation, or None."""
    found = await session.execute(text(_ONE), {"id": observation_id})
    return found.one_or_none()


async def list_sources(
    session: AsyncSession, area_id: str, observation_ids: Sequence[int]
) -> dict[int, Source]:
    """Return what these observations of an area rest on."""
    rows = await session.execute(
        text(
            "SELECT id, document_id, is_demonstration FROM observation "
            "WHERE area_id = :area_id AND id = ANY(CAST(:ids AS bigint[]))"
        ),
        {"area_id": area_id, "ids": list(observation_ids)},
    )
    return {row.id: Source(row.document_id, row.is_demonstration) for row in rows}


async def add_sheets(session: AsyncSession, rows: Sequence[SheetRow]) -> None:
    """Write new versions of sheets in one statement."""
    await session.execute(
        text(_INSERT_SHEETS),
        {
            "areas": [row.area_id for row in rows],
            "days": [row.effective_on for row in rows],
            "changes": [row.recorded_by for row in rows],
            "states": [row.state for row in rows],
            "evidence": [row.evidence for row in rows],
        },
    )


def _sheets(rows: Sequence[Row[Any]], *, slots: int) -> Sheets:
    return sheets.unpack(
        [row.effective_on for row in rows],
        [row.state for row in rows],
        evidence=[row.evidence for row in rows if row.evidence],
        slots=slots,
    )
