"""Use cases of areas: recording what changes, and reading what held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from chungsuc import changes
from chungsuc.changes import Change
from chungsuc.problems import FieldError
from chungsuc.text import Text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging
from criteria.registers.areas import events, events_in, repository, rules
from criteria.registers.areas.errors import AreaChangeRefused
from criteria.registers.areas.events import Event, EventRefusedError, Register, When
from criteria.registers.areas.schemas import (
    AreaChangeIn,
    AreaChangeOut,
    AreaPart,
    DocumentReference,
    Reference,
    ReverseIn,
)
from criteria.registers.areas.state import AreaState, feed_body
from criteria.registers.documents import service as documents
from criteria.registers.documents.schemas import DocumentOut

# A register came as a whole, and a reversal is taken back by recording the change again.
_IRREVERSIBLE = ("register", "reverse")


@dataclass(frozen=True)
class EventNotes:
    """What is recorded of an event beside what it does."""

    kind: str
    effective_on: date
    document_id: str
    source: str
    note: str


@dataclass(frozen=True)
class RecordedEvent:
    """An event with its effect: what became of each area. The id is None on a dry run."""

    id: int | None
    after_change: int
    after: tuple[AreaState, ...]
    parts: dict[str, str]
    reverses_id: int | None = None


async def record_change(
    session: AsyncSession, body: AreaChangeIn, *, today: date, is_dry_run: bool
) -> AreaChangeOut:
    """Record the area change that a caller states, or only say what it would touch."""
    await judging.share_published_sets(session)
    document = await documents.require_document(session, body.document_id, pointer="/document_id")
    await repository.lock_register(session)
    if isinstance(body, ReverseIn):
        mistaken = await _require_event(session, body.change)
        notes = _notes(body, mistaken.effective_on, document)
        recorded = await _reverse(
            session, mistaken, notes=notes, today=today, is_dry_run=is_dry_run
        )
    else:
        notes = _notes(body, body.effective_on, document)
        event = await events_in.event_of(session, body)
        recorded = await record_event(
            session, event, notes=notes, today=today, is_dry_run=is_dry_run
        )
    return _described(recorded, notes, document)


async def record_event(
    session: AsyncSession,
    event: Event,
    *,
    notes: EventNotes,
    today: date,
    is_dry_run: bool = False,
) -> RecordedEvent:
    """Lock, load, decide, write and judge anew; a broken rule raises `AreaChangeRefused`."""
    await judging.share_published_sets(session)
    await repository.lock_register(session)
    register = await _lock_and_load(session, event, since=notes.effective_on)
    try:
        after = rules.decide(event, register, when=When(notes.effective_on, notes.source))
    except EventRefusedError as refusal:
        raise _refused(refusal) from refusal
    parts = _parts(event, after)
    if is_dry_run:
        return RecordedEvent(None, 0, tuple(after), parts)
    return await _write(
        session, notes, before=register.areas, after=after, parts=parts, today=today
    )


async def _reverse(
    session: AsyncSession,
    mistaken: Row[Any],
    *,
    notes: EventNotes,
    today: date,
    is_dry_run: bool,
) -> RecordedEvent:
    """Put the areas of a change back to what was recorded before it, as a new change."""
    later = await repository.list_later_events(session, mistaken.id)
    if later:
        names = ", ".join(map(str, later))
        reason = Text(f"hoàn tác trước: {names}", f"reverse these first: {names}")
        raise _refused_for("/change", "later-change-recorded", reason)
    touched = await repository.list_parts(session, mistaken.id)
    await repository.lock_areas(session, touched.keys())
    before = await repository.load_states(session, touched.keys())
    earlier = await repository.load_states(
        session, touched.keys(), before_change=mistaken.recorded_by
    )
    unmade = [area_id for area_id, state in earlier.items() if not state.spans]
    children = await repository.list_children(session, unmade, since=mistaken.effective_on)
    if any(below - touched.keys() for below in children.values()):
        reason = Text("đã có đơn vị trực thuộc", "areas were put below it since")
        raise _refused_for("/change", "has-children", reason)
    after = [replace(state, revision=state.revision + 1) for state in earlier.values()]
    parts = dict.fromkeys(touched, "changed")
    if is_dry_run:
        return RecordedEvent(None, 0, tuple(after), parts)
    return await _write(
        session,
        notes,
        before=before,
        after=after,
        parts=parts,
        today=today,
        reverses_id=mistaken.id,
    )


async def _require_event(session: AsyncSession, event_id: int) -> Row[Any]:
    event = await repository.find_event(session, event_id)
    if event is None:
        reason = Text("không có thay đổi này", "no such change")
        raise _refused_for("/change", "change-unknown", reason)
    if event.kind in _IRREVERSIBLE or event.reversed_by is not None:
        reason = Text("không hoàn tác được thay đổi này", "this change cannot be reversed")
        raise _refused_for("/change", "not-reversible", reason)
    return event


async def _write(
    session: AsyncSession,
    notes: EventNotes,
    *,
    before: Mapping[str, AreaState],
    after: Sequence[AreaState],
    parts: dict[str, str],
    today: date,
    reverses_id: int | None = None,
) -> RecordedEvent:
    change_ids = await changes.append(
        session,
        [Change("area", state.id, state.revision, feed_body(state)) for state in after],
        action=f"areas.{notes.kind}",
    )
    recorded_by = change_ids[-1]
    await repository.store_states(session, before=before, after=after, recorded_by=recorded_by)
    event_id = await repository.add_event(
        session,
        kind=notes.kind,
        effective_on=notes.effective_on,
        document_id=notes.document_id,
        note=notes.note,
        areas_total=len(parts),
        parts=parts,
        recorded_by=recorded_by,
        reverses_id=reverses_id,
    )
    since = {state.id: notes.effective_on for state in after}
    await judging.judge_again(session, since, today=today)
    return RecordedEvent(event_id, recorded_by, tuple(after), parts, reverses_id)


def _notes(body: AreaChangeIn, effective_on: date, document: DocumentOut) -> EventNotes:
    return EventNotes(body.kind, effective_on, document.id, document.number, body.note)


def _described(recorded: RecordedEvent, notes: EventNotes, document: DocumentOut) -> AreaChangeOut:
    return AreaChangeOut(
        id=recorded.id,
        kind=notes.kind,
        effective_on=notes.effective_on,
        document=DocumentReference(
            id=document.id, number=document.number, certainty=document.certainty
        ),
        note=notes.note,
        reverses=recorded.reverses_id,
        areas_total=len(recorded.parts),
        areas=[
            _part_out(state, recorded.parts[state.id], notes)
            for state in recorded.after
            if state.spans
        ],
    )


def _part_out(state: AreaState, part: str, notes: EventNotes) -> AreaPart:
    span = state.span_on(notes.effective_on) or state.spans[-1]
    name = f"{span.designation} {span.name}"
    return AreaPart(area=Reference(id=state.id, code=span.code, name=name), part=part)


async def _lock_and_load(session: AsyncSession, event: Event, *, since: date) -> Register:
    named = events.named_areas(event)
    children = await repository.list_children(session, events.ended_ids(event), since=since)
    below = {child_id for child_ids in children.values() for child_id in child_ids}
    existing = await repository.lock_areas(session, named.keys() | below)
    missing = [pointer for area_id, pointer in named.items() if area_id not in existing]
    if missing:
        reason = Text("không có đơn vị hành chính này", "no such area")
        raise AreaChangeRefused(
            errors=[FieldError(pointer, "area-unknown", reason) for pointer in missing]
        )
    codes = {area.code for area in events.new_areas(event).values()}
    if isinstance(event, events.Alter) and "code" in event.values:
        codes.add(event.values["code"])
    states = await repository.load_states(session, existing)
    parents = {span.parent_id for state in states.values() for span in state.spans}
    states |= await repository.load_states(
        session, {parent for parent in parents if parent and parent not in states}
    )
    return Register(
        areas=states,
        kinds=await repository.load_kinds(session),
        children=children,
        code_holders=await repository.list_code_holders(session, codes),
    )


def _parts(event: Event, after: list[AreaState]) -> dict[str, str]:
    began = {area.id for area in events.new_areas(event).values()}
    ended = set(events.ended_ids(event))
    return {
        state.id: "began" if state.id in began else "ended" if state.id in ended else "changed"
        for state in after
    }


def _refused_for(pointer: str, code: str, reason: Text) -> AreaChangeRefused:
    return AreaChangeRefused(reason, errors=[FieldError(pointer, code, reason)])


def _refused(refusal: EventRefusedError) -> AreaChangeRefused:
    first = refusal.findings[0].detail
    return AreaChangeRefused(
        first, errors=[FieldError(f.pointer, f.code, f.detail) for f in refusal.findings]
    )
