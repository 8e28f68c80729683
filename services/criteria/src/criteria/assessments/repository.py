"""The SQL of verdicts and of the areas that are judged."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.criteria_sets.repository import JudgingSet
from criteria.registers import visibility

_STANDING = """
SELECT area_id, effective_on, criteria_set_hash, indicators, criteria, verdict_code,
       is_demonstration, revision
FROM verdict
WHERE criteria_set = :code AND area_id = ANY(CAST(:areas AS text[]))
ORDER BY area_id, effective_on
"""

_STORE = """
INSERT INTO verdict (area_id, criteria_set, effective_on, criteria_set_hash, indicators, criteria,
                     criteria_met, criteria_total, indicators_met, indicators_total,
                     verdict_code, is_demonstration, revision, recorded_by)
SELECT area_id, :code, effective_on, :hash, indicators, criteria, criteria_met, :criteria_total,
       indicators_met, :indicators_total, verdict_code, is_demonstration, revision, recorded_by
FROM unnest(CAST(:areas AS text[]), CAST(:days AS date[]), CAST(:indicators AS bytea[]),
            CAST(:criteria AS bytea[]), CAST(:criteria_met AS smallint[]),
            CAST(:indicators_met AS smallint[]), CAST(:verdicts AS smallint[]),
            CAST(:marks AS boolean[]), CAST(:revisions AS bigint[]), CAST(:changes AS bigint[]))
     AS item (area_id, effective_on, indicators, criteria, criteria_met, indicators_met,
              verdict_code, is_demonstration, revision, recorded_by)
ON CONFLICT (area_id, criteria_set, effective_on) DO UPDATE SET
    criteria_set_hash = excluded.criteria_set_hash, indicators = excluded.indicators,
    criteria = excluded.criteria, criteria_met = excluded.criteria_met,
    criteria_total = excluded.criteria_total, indicators_met = excluded.indicators_met,
    indicators_total = excluded.indicators_total, verdict_code = excluded.verdict_code,
    is_demonstration = excluded.is_demonstration, revision = excluded.revision,
    recorded_by = excluded.recorded_by
"""

_BELOW = """
WITH RECURSIVE below (area_id) AS (
    SELECT CAST(:under AS text) COLLATE "C"
    UNION
    SELECT s.area_id FROM below b JOIN area_span s ON s.parent_id = b.area_id
    WHERE s.superseded_by IS NULL AND s.begins_on <= :as_of
      AND coalesce(s.ends_on, 'infinity') >= :as_of
)
"""

# IS TRUE keeps the subtree a hashed lookup: right after a load, without statistics, the planner
# would otherwise join it row by row (15 s for the nation instead of 60 ms).
_JUDGED = f"""
{_BELOW}, applies AS (
    SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:kinds AS text[]),
                         CAST(:designations AS text[])) AS a (criteria_set, kind, designation)
)
SELECT s.area_id, s.code, s.name, s.kind, s.designation, s.sort_key, a.criteria_set,
       v.effective_on, v.criteria_met, v.criteria_total, v.indicators_met, v.indicators_total,
       v.verdict_code, v.criteria, v.criteria_set_hash, v.is_demonstration
FROM area_span s JOIN applies a ON a.kind = s.kind AND a.designation = s.designation
LEFT JOIN LATERAL (
    SELECT * FROM verdict w
    WHERE w.area_id = s.area_id AND w.criteria_set = a.criteria_set AND w.effective_on <= :as_of
    ORDER BY w.effective_on DESC LIMIT 1
) v ON true
WHERE (s.area_id IN (SELECT area_id FROM below)) IS TRUE
  AND s.superseded_by IS NULL AND s.begins_on <= :as_of
  AND coalesce(s.ends_on, 'infinity') >= :as_of
  AND (CAST(:area_kind AS text) IS NULL OR s.kind = :area_kind)
  AND (CAST(:after_key AS text) IS NULL
       OR (s.sort_key, s.area_id, a.criteria_set) > (:after_key, :after_area, :after_set))
ORDER BY s.sort_key, s.area_id, a.criteria_set
LIMIT :limit
"""

# Whatever lay below the node on any date: the steps of an ended area are judged too.
_OBSERVED = """
WITH RECURSIVE below (area_id) AS (
    SELECT CAST(:under AS text) COLLATE "C"
    UNION
    SELECT s.area_id FROM below b JOIN area_span s ON s.parent_id = b.area_id
    WHERE s.superseded_by IS NULL
)
SELECT DISTINCT s.area_id FROM area_span s
WHERE (s.area_id IN (SELECT area_id FROM below)) IS TRUE
  AND s.superseded_by IS NULL AND s.kind = :kind AND s.designation = ANY(:designations)
  AND EXISTS (SELECT FROM sheet WHERE sheet.area_id = s.area_id)
ORDER BY s.area_id
"""


@dataclass(frozen=True)
class AreaSpan:
    """What a set looks at in an area, from one day to another (both included)."""

    begins_on: date
    ends_on: date | None
    kind: str
    designation: str
    code: str
    name: str


@dataclass(frozen=True)
class AreaAttribute:
    """An attribute of an area while it holds."""

    begins_on: date
    ends_on: date | None
    name: str
    value: str


@dataclass(frozen=True)
class AreaFacts:
    """Everything about one area, over time, that its verdicts depend on."""

    spans: tuple[AreaSpan, ...]
    attributes: tuple[AreaAttribute, ...]

    def span_on(self, day: date) -> AreaSpan | None:
        return next((s for s in self.spans if _holds(s.begins_on, s.ends_on, day)), None)

    def attributes_on(self, day: date) -> dict[str, str]:
        held = (a for a in self.attributes if _holds(a.begins_on, a.ends_on, day))
        return {attribute.name: attribute.value for attribute in held}


@dataclass(frozen=True)
class NewVerdict:
    """A verdict about to be stored."""

    area_id: str
    effective_on: date
    indicators: bytes
    criteria: bytes
    criteria_met: int
    indicators_met: int
    verdict_code: int
    is_demonstration: bool
    revision: int
    recorded_by: int


@dataclass(frozen=True)
class AfterVerdict:
    """Where a page of verdicts goes on."""

    sort_key: str
    area_id: str
    criteria_set: str


async def list_facts(
    session: AsyncSession, area_ids: Collection[str], *, known_at: int | None = None
) -> dict[str, AreaFacts]:
    """Return what the verdicts of these areas depend on, as recorded by a feed position."""
    values = {"areas": list(area_ids), "known_at": known_at}
    spans: dict[str, list[AreaSpan]] = {area_id: [] for area_id in area_ids}
    rows = await session.execute(
        text(
            "SELECT s.area_id, s.begins_on, s.ends_on, s.kind, s.designation, s.code, s.name "
            "FROM area_span s WHERE s.area_id = ANY(CAST(:areas AS text[])) "
            f"AND {visibility.visible('s', known_at=known_at)} ORDER BY s.area_id, s.begins_on"
        ),
        values,
    )
    for row in rows:
        spans[row.area_id].append(AreaSpan(*row[1:]))
    attributes: dict[str, list[AreaAttribute]] = {area_id: [] for area_id in area_ids}
    rows = await session.execute(
        text(
            "SELECT a.area_id, a.begins_on, a.ends_on, a.name, a.value "
            "FROM area_attribute a WHERE a.area_id = ANY(CAST(:areas AS text[])) "
            f"AND {visibility.visible('a', known_at=known_at)} "
            "ORDER BY a.area_id, a.name, a.begins_on"
        ),
        values,
    )
    for row in rows:
        attributes[row.area_id].append(AreaAttribute(*row[1:]))
    return {
        area_id: AreaFacts(tuple(spans[area_id]), tuple(attributes[area_id]))
        for area_id in area_ids
    }


async def list_standing(
    session: AsyncSession, code: str, area_ids: Sequence[str]
) -> list[Row[Any]]:
    """Return every stored verdict of these areas by one set, oldest first."""
    rows = await session.execute(text(_STANDING), {"code": code, "areas": list(area_ids)})
    return list(rows)


async def store_verdicts(
    session: AsyncSession,
    judging: JudgingSet,
    rows: Sequence[NewVerdict],
    *,
    totals: tuple[int, int],
) -> None:
    """Add or replace verdicts of one set in one statement."""
    await session.execute(
        text(_STORE),
        {
            "code": judging.code,
            "hash": judging.hash,
            "criteria_total": totals[0],
            "indicators_total": totals[1],
            "areas": [row.area_id for row in rows],
            "days": [row.effective_on for row in rows],
            "indicators": [row.indicators for row in rows],
            "criteria": [row.criteria for row in rows],
            "criteria_met": [row.criteria_met for row in rows],
            "indicators_met": [row.indicators_met for row in rows],
            "verdicts": [row.verdict_code for row in rows],
            "marks": [row.is_demonstration for row in rows],
            "revisions": [row.revision for row in rows],
            "changes": [row.recorded_by for row in rows],
        },
    )


def judged_query(
    sets: Sequence[JudgingSet],
    *,
    under: str,
    as_of: date,
    area_kind: str | None = None,
    after: AfterVerdict | None = None,
    limit: int | None = None,
) -> tuple[TextClause, dict[str, Any]]:
    """Ask for the areas under a node that these sets judge on a date, with a verdict or none."""
    applies = [(s.code, s.area_kind, d) for s in sets for d in s.designations]
    return text(_JUDGED), {
        "under": under,
        "as_of": as_of,
        "codes": [code for code, _, _ in applies],
        "kinds": [kind for _, kind, _ in applies],
        "designations": [designation for _, _, designation in applies],
        "area_kind": area_kind,
        "after_key": after.sort_key if after else None,
        "after_area": after.area_id if after else None,
        "after_set": after.criteria_set if after else None,
        "limit": limit,
    }


async def list_judged(
    session: AsyncSession, query: tuple[TextClause, dict[str, Any]]
) -> list[Row[Any]]:
    """Return the rows of such a question."""
    return list(await session.execute(*query))


async def list_observed(session: AsyncSession, judging: JudgingSet, *, under: str) -> list[str]:
    """Return the areas with sheets that a set judges at any time, in id order."""
    rows = await session.scalars(
        text(_OBSERVED),
        {
            "under": under,
            "kind": judging.area_kind,
            "designations": list(judging.designations),
        },
    )
    return list(rows)


async def find_last_judged_day(session: AsyncSession) -> date | None:
    """Return the last civil day whose calendar boundaries were judged."""
    day: date | None = await session.scalar(text("SELECT max(effective_on) FROM judged_day"))
    return day


async def has_open_job(session: AsyncSession, kind: str) -> bool:
    """Say whether a job of this kind waits or runs."""
    found = await session.scalar(
        text("SELECT 1 FROM job WHERE kind = :kind AND state IN ('queued', 'running') LIMIT 1"),
        {"kind": kind},
    )
    return found is not None


async def add_judged_day(session: AsyncSession, day: date, *, judged_at: datetime) -> None:
    """Note that a civil day was judged."""
    await session.execute(
        text("INSERT INTO judged_day VALUES (:day, :judged_at) ON CONFLICT DO NOTHING"),
        {"day": day, "judged_at": judged_at},
    )


def _holds(begins_on: date, ends_on: date | None, day: date) -> bool:
    return begins_on <= day and (ends_on is None or day <= ends_on)
