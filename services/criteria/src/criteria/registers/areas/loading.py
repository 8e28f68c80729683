"""Loading the catalogue's registers: set-based, once per content."""

from datetime import date
from pathlib import Path
from typing import Any

from chungsuc import changes, problems
from chungsuc.changes import Change
from chungsuc.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging
from criteria.registers import ids
from criteria.registers.areas import catalogue_files, repository
from criteria.registers.areas.events import Alter, Event
from criteria.registers.areas.service import EventNotes, record_event
from criteria.registers.areas.state import feed_body
from criteria.registers.bulk import copy_rows
from criteria.registers.documents import repository as documents_repository

PART = "areas"


class CatalogueChanged(problems.Conflict):
    code = "catalogue-changed"
    title = Text(
        "Danh mục đơn vị hành chính đã nạp với nội dung khác",
        "Another content of the area registers is already loaded",
    )


async def load_catalogue(session: AsyncSession, *, folder: Path, today: date) -> int:
    """Load both registers and the later changes; return how many areas and changes were new.

    The same content loads nothing twice. A register is never edited once loaded: what changes
    afterwards is an area change of its own, so another content of the files is refused.
    """
    await judging.share_published_sets(session)
    await repository.lock_register(session)
    areas_total = await _load_registers(session, folder)
    return areas_total + await _load_changes(session, folder, today=today)


async def _load_registers(session: AsyncSession, folder: Path) -> int:
    content_hash = catalogue_files.content_hash(folder)
    loaded = await repository.find_loaded(session, PART)
    if loaded == content_hash:
        return 0
    if loaded is not None:
        raise CatalogueChanged(
            Text("ghi vào changes.yaml thay vì sửa sổ", "add to changes.yaml, not to a register")
        )
    catalogue = catalogue_files.read(folder)
    states = list(catalogue.states.values())
    change_ids = await changes.append(
        session,
        [Change("area", state.id, state.revision, feed_body(state)) for state in states],
        action="areas.load_catalogue",
    )
    recorded_by = change_ids[-1]
    await copy_rows(
        session,
        table="area_kind",
        columns=["code", "name_vi", "name_en", "rank", "ends_on"],
        rows=catalogue.kinds,
    )
    await repository.store_states(session, before={}, after=states, recorded_by=recorded_by)
    documents = await documents_repository.ids_by_number(session)
    for event in catalogue.events:
        event["document_id"] = documents[event.pop("document")]
        await repository.add_event(session, recorded_by=recorded_by, **event)
    await repository.mark_loaded(session, PART, content_hash=content_hash, recorded_by=recorded_by)
    return len(states)


async def _load_changes(session: AsyncSession, folder: Path, *, today: date) -> int:
    documents = await documents_repository.ids_by_number(session)
    count = 0
    for entry in catalogue_files.read_changes(folder):
        part = f"{PART}/{entry['key']}"
        if await repository.find_loaded(session, part) is not None:
            continue
        notes = EventNotes(
            kind=entry["kind"],
            effective_on=_as_date(entry["effective_on"]),
            document_id=documents[entry["document"]],
            source=entry["document"],
            note=entry.get("note", ""),
        )
        recorded = await record_event(session, _event(entry), notes=notes, today=today)
        await repository.mark_loaded(
            session, part, content_hash=b"", recorded_by=recorded.after_change
        )
        count += 1
    return count


def _event(entry: dict[str, Any]) -> Event:
    """Read a change of the catalogue: the kinds that keep the area's id."""
    place = entry["area"]
    area_id = ids.catalogue_area_id(str(place["register"]), kind=place["kind"], code=place["code"])
    names = {"rename": "name", "retype": "designation", "recode": "code"}
    field = names[entry["kind"]]
    return Alter(area_id, {field: entry[field]})


def _as_date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
