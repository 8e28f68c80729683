"""Use cases of observations: `lock → load → decide → write → return`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from chungsuc import access, changes
from chungsuc.access import Covers, Principal
from chungsuc.changes import Change
from chungsuc.problems import FieldError
from chungsuc.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging
from criteria.assessments.model import QUALIFIERS
from criteria.measures import repository as measures_repository
from criteria.measures.model import Measure
from criteria.observations import checks, repository, rules, sheets
from criteria.observations.checks import Checked
from criteria.observations.errors import ValuesRefused
from criteria.observations.repository import NewObservation, SheetRow
from criteria.observations.schemas import (
    ObservationsIn,
    ObservationsOut,
    Outcome,
    RecordedValue,
)
from criteria.observations.sheets import Entry, Sheets
from criteria.registers.areas import repository as areas_repository
from criteria.registers.documents import repository as documents_repository

WRITERS = ("administrator", "commune_officer", "department", "integrator", "province_office")


@dataclass(frozen=True)
class Author:
    """Who writes, on which day, and over which areas their grants reach."""

    principal: Principal
    covers: Covers
    today: date


@dataclass(frozen=True)
class _Decided:
    value: Checked
    outcome: Outcome
    observation_id: int | None = None


async def add_observations(
    session: AsyncSession, body: ObservationsIn, *, author: Author
) -> ObservationsOut:
    """Record values, carry them forward and judge their areas, all in this transaction.

    Errors: 422 naming every value that cannot be taken, 403 for an area that no grant covers.
    """
    measures = await measures_repository.list_measures(session)
    await _lock(session, body)
    checked = await _check(session, body, measures=measures, author=author)
    decided = await _decide(session, body, checked)
    recorded = [entry for entry in decided if entry.observation_id is not None]
    changed = await _write(session, body, recorded, measures=measures, author=author)
    return ObservationsOut(
        is_dry_run=False,
        items=[_answer(entry) for entry in decided],
        assessments=changed,
    )


async def try_observations(
    session: AsyncSession, body: ObservationsIn, *, author: Author
) -> ObservationsOut:
    """Answer what recording these values would do, and leave nothing behind."""
    async with session.begin_nested() as attempt:
        answer = await add_observations(session, body, author=author)
        await attempt.rollback()
    session.info.pop("change_id", None)
    return answer.model_copy(
        update={
            "is_dry_run": True,
            "items": [item.model_copy(update={"observation_id": None}) for item in answer.items],
        }
    )


async def _lock(session: AsyncSession, body: ObservationsIn) -> None:
    await repository.share_published_sets(session)
    meant = await repository.list_areas_of(session, _references(body))
    area_ids = {area_id for found in meant.values() for area_id in found}
    await areas_repository.lock_areas(session, area_ids)


async def _check(
    session: AsyncSession,
    body: ObservationsIn,
    *,
    measures: Mapping[str, Measure],
    author: Author,
) -> list[Checked]:
    # Read again: an area may have ended while this transaction waited for its lock.
    areas = await repository.list_areas_of(session, _references(body))
    checked, errors = checks.check(body.items, measures=measures, areas=areas, today=author.today)
    errors += await _document_errors(session, body.document_id)
    if errors:
        raise ValuesRefused(_count(len(errors)), errors=errors)
    for area_id, on in sorted({(value.area_id, value.observed_on) for value in checked}):
        await access.require_grant(
            author.principal, roles=WRITERS, target=area_id, on=on, covers=author.covers
        )
    return checked


async def _document_errors(session: AsyncSession, document_id: str | None) -> list[FieldError]:
    if document_id is None or await documents_repository.find(session, document_id):
        return []
    detail = Text("không có văn bản này", "no such document")
    return [FieldError("/document_id", "unknown-document", detail)]


async def _decide(
    session: AsyncSession, body: ObservationsIn, checked: Sequence[Checked]
) -> list[_Decided]:
    standing = await repository.list_current_of_days(session, [value.key for value in checked])
    outcomes = [_outcome(value, body, standing.get(value.key)) for value in checked]
    errors = [
        checks.reason_missing(value.place)
        for value, outcome in zip(checked, outcomes, strict=True)
        if outcome == "corrected" and value.reason is None
    ]
    if errors:
        raise ValuesRefused(_count(len(errors)), errors=errors)
    ids = iter(
        await repository.take_ids(session, sum(outcome != "unchanged" for outcome in outcomes))
    )
    return [
        _Decided(value, outcome, None if outcome == "unchanged" else next(ids))
        for value, outcome in zip(checked, outcomes, strict=True)
    ]


def _outcome(value: Checked, body: ObservationsIn, standing: Any) -> Outcome:
    if standing is None:
        return "recorded"
    sent = (value.scaled, QUALIFIERS.index(value.qualifier), body.is_demonstration)
    stands = (standing.scaled_value, standing.qualifier, standing.is_demonstration)
    if sent == stands and standing.document_id == body.document_id:
        return "unchanged"
    return "corrected"


async def _write(
    session: AsyncSession,
    body: ObservationsIn,
    recorded: Sequence[_Decided],
    *,
    measures: Mapping[str, Measure],
    author: Author,
) -> list[Any]:
    if not recorded:
        return []
    recorded_by = await _append_changes(session, body, recorded)
    await repository.add_observations(
        session,
        [_row(entry, recorded_by[entry.value.key[::2]]) for entry in recorded],
        document_id=body.document_id,
        is_demonstration=body.is_demonstration,
        author=author.principal.subject,
    )
    since = _first_days(recorded)
    slots = max(measure.slot for measure in measures.values()) + 1
    before = await repository.list_sheets_since(session, since, slots=slots)
    after: dict[str, Sheets] = {}
    rows: list[SheetRow] = []
    for area_id, entries in _by_area(recorded).items():
        folded, is_new = sheets.fold(before[area_id], [_entry(e, body) for e in entries])
        after[area_id] = folded
        version = max(recorded_by[entry.value.key[::2]] for entry in entries)
        rows += _sheet_rows(area_id, folded, is_new.nonzero()[0].tolist(), version)
    await repository.add_sheets(session, rows)
    return await judging.judge_areas(
        session, after, since=since, measures=measures, today=author.today
    )


async def _append_changes(
    session: AsyncSession, body: ObservationsIn, recorded: Sequence[_Decided]
) -> dict[tuple[str, date], int]:
    """Append one change per area and date of observation; return their ids."""
    ordered = sorted(recorded, key=lambda entry: (*entry.value.key[::2], entry.observation_id))
    keys: list[tuple[str, date]] = []
    appended: list[Change] = []
    for key, group in groupby(ordered, key=lambda entry: entry.value.key[::2]):
        entries = list(group)
        keys.append(key)
        first = str(entries[0].observation_id)
        appended.append(Change("observations", first, 1, _change_body(key, body, entries)))
    ids = await changes.append(session, appended, action="observations.add")
    return dict(zip(keys, ids, strict=True))


def _change_body(
    key: tuple[str, date], body: ObservationsIn, entries: Sequence[_Decided]
) -> dict[str, Any]:
    return {
        "area_id": key[0],
        "observed_on": key[1].isoformat(),
        "values": [
            {
                "observation_id": entry.observation_id,
                "measure": entry.value.measure.code,
                "value": rules.written_value(entry.value.scaled, measure=entry.value.measure),
                "qualifier": entry.value.qualifier,
            }
            for entry in entries
        ],
        "document_id": body.document_id,
        "is_demonstration": body.is_demonstration,
    }


def _row(entry: _Decided, recorded_by: int) -> NewObservation:
    assert entry.observation_id is not None  # noqa: S101 - only recorded values get here
    return NewObservation(
        id=entry.observation_id,
        area_id=entry.value.area_id,
        slot=entry.value.measure.slot,
        observed_on=entry.value.observed_on,
        scaled=entry.value.scaled,
        qualifier=QUALIFIERS.index(entry.value.qualifier),
        reason=entry.value.reason,
        recorded_by=recorded_by,
    )


def _entry(entry: _Decided, body: ObservationsIn) -> Entry:
    assert entry.observation_id is not None  # noqa: S101 - only recorded values get here
    mark = sheets.DEMONSTRATION if body.is_demonstration else 0
    return Entry(
        observed_on=entry.value.observed_on,
        slot=entry.value.measure.slot,
        scaled=entry.value.scaled,
        flags=QUALIFIERS.index(entry.value.qualifier) | mark,
        observation_id=entry.observation_id,
    )


def _sheet_rows(area_id: str, folded: Sheets, rows: Sequence[int], version: int) -> list[SheetRow]:
    packed = [(row, sheets.pack(folded, row)) for row in rows]
    return [
        SheetRow(area_id, date.fromordinal(int(folded.effective[row])), version, state, evidence)
        for row, (state, evidence) in packed
    ]


def _references(body: ObservationsIn) -> list[tuple[str, date]]:
    return sorted({(item.area, item.observed_on) for item in body.items})


def _first_days(recorded: Sequence[_Decided]) -> dict[str, date]:
    since: dict[str, date] = {}
    for entry in recorded:
        area_id, day = entry.value.area_id, entry.value.observed_on
        since[area_id] = min(day, since.get(area_id, day))
    return since


def _by_area(recorded: Sequence[_Decided]) -> dict[str, list[_Decided]]:
    areas: dict[str, list[_Decided]] = {}
    for entry in recorded:
        areas.setdefault(entry.value.area_id, []).append(entry)
    return areas


def _answer(entry: _Decided) -> RecordedValue:
    value = entry.value
    return RecordedValue(
        observation_id=entry.observation_id,
        area_id=value.area_id,
        measure=value.measure.code,
        observed_on=value.observed_on,
        value=rules.written_value(value.scaled, measure=value.measure),
        outcome=entry.outcome,
    )


def _count(number: int) -> Text:
    return Text(f"{number} giá trị không hợp lệ", f"{number} invalid values")
