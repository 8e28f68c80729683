"""Finding areas: what the other features of this service ask of the register."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from chungsuc.problems import FieldError
from chungsuc.text import Text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers.areas import read_repository, repository
from criteria.registers.areas.errors import AreaNotFound, AreaNotLiving, CodeAmbiguous
from criteria.registers.areas.lineage import Reach, next_reaches
from criteria.registers.areas.state import Edge

MAXIMUM_STEPS = 50


class AreaRow(NamedTuple):
    """An area as it was on a date, with the attributes that held."""

    id: str
    code: str
    area_kind: str
    designation: str
    name: str
    parent_id: str | None
    attributes: dict[str, str]


async def resolve_area(
    session: AsyncSession, parameter: str, *, as_of: date, known_at: int | None = None
) -> str:
    """Return the id that an area parameter means: an id, or a code read on the date.

    404 when nothing lives there on the date; that of an ended area names its successors.
    """
    if not is_code(parameter):
        if not await read_repository.list_spans(session, [parameter], known_at=known_at):
            raise AreaNotFound
        return parameter
    found = await read_repository.ids_of_code(session, parameter, as_of=as_of, known_at=known_at)
    if len(found) > 1:
        names = ", ".join(found)
        raise CodeAmbiguous(Text(f"dùng mã định danh: {names}", f"use one of the ids: {names}"))
    if found:
        return found[0]
    ever = await read_repository.ids_of_code_ever(session, parameter, known_at=known_at)
    if not ever:
        raise AreaNotFound
    raise await not_living(session, ever, as_of=as_of, known_at=known_at)


async def get_area(
    session: AsyncSession, parameter: str, *, as_of: date, known_at: int | None = None
) -> AreaRow:
    """Return the area as it was on the date; 404 when it does not live then."""
    area_id = await resolve_area(session, parameter, as_of=as_of, known_at=known_at)
    row = await read_repository.find_by_id(session, area_id, as_of=as_of, known_at=known_at)
    if row is None:
        raise await not_living(session, [area_id], as_of=as_of, known_at=known_at)
    return _area_row(row)


async def list_under(
    session: AsyncSession,
    under_id: str,
    *,
    on: date,
    area_kind: str | None = None,
    known_at: int | None = None,
) -> list[AreaRow]:
    """Return the area and all below it on a date, in Vietnamese order; `area_kind` narrows."""
    wanted = read_repository.AreaFilter(
        as_of=on, known_at=known_at, under_id=under_id, area_kind=area_kind
    )
    return [_area_row(row) for row in await read_repository.list_all(session, wanted)]


async def attributes_on(
    session: AsyncSession,
    *,
    on: date,
    area_ids: Collection[str] | None = None,
    names: Collection[str] | None = None,
    known_at: int | None = None,
) -> dict[str, dict[str, str]]:
    """Return the attributes that hold on the date by area; what is absent is unknown."""
    rows = await read_repository.list_attribute_values(
        session, on=on, area_ids=area_ids, names=names, known_at=known_at
    )
    values: dict[str, dict[str, str]] = {area_id: {} for area_id in area_ids or ()}
    for row in rows:
        values.setdefault(row.area_id, {})[row.name] = row.value
    return values


async def attribute_columns(
    session: AsyncSession,
    area_ids: Sequence[str],
    *,
    names: Collection[str],
    on: date,
    known_at: int | None = None,
) -> dict[str, list[str | None]]:
    """Return one column per attribute, in the order of `area_ids`; None is unknown."""
    held = await attributes_on(session, on=on, area_ids=area_ids, names=names, known_at=known_at)
    return {name: [held[area_id].get(name) for area_id in area_ids] for name in names}


async def lock_areas(session: AsyncSession, area_ids: Collection[str]) -> None:
    """Lock these area rows in id order until the transaction ends; 404 when one is unknown."""
    wanted = set(area_ids)
    if await repository.lock_areas(session, wanted) != wanted:
        raise AreaNotFound


async def reach_on(
    session: AsyncSession,
    area_id: str,
    *,
    on: date | None,
    is_forward: bool,
    known_at: int | None = None,
) -> list[Reach]:
    """Follow lineage from an area: one step without a date, else up to the areas of that date."""
    reached: dict[str, Reach] = {}
    front = [Reach(area_id, date.min, "whole", None, 0)]
    for _ in range(MAXIMUM_STEPS):
        rows = await read_repository.list_edges(
            session, [r.area_id for r in front], is_forward=is_forward, known_at=known_at
        )
        edges = [_edge(row) for row in rows if _is_before(row, on, is_forward=is_forward)]
        front = next_reaches(front, edges, is_forward=is_forward)
        reached |= {reach.area_id: reach for reach in front}
        if not front or on is None:
            break
    return sorted(reached.values(), key=lambda reach: (reach.steps, reach.area_id))


def is_code(parameter: str) -> bool:
    """Only digits: a code; ids always hold a letter."""
    return parameter.isascii() and parameter.isdigit()


async def not_living(
    session: AsyncSession, area_ids: Sequence[str], *, as_of: date, known_at: int | None
) -> AreaNotLiving:
    """Say when the areas lived, and what those that ended became."""
    spans = await read_repository.list_spans(session, area_ids, known_at=known_at)
    reaches: dict[str, Reach] = {}
    for area_id in area_ids:
        ways = await reach_on(session, area_id, on=as_of, is_forward=True, known_at=known_at)
        reaches |= {way.area_id: way for way in ways}
    successors = await read_repository.list_spans(session, reaches.keys(), known_at=known_at)
    errors = [
        _successor_error(span, reaches[span.area_id])
        for span in successors
        if span.begins_on <= as_of and (span.ends_on is None or as_of <= span.ends_on)
    ]
    return AreaNotLiving(_life_of(spans), errors=errors)


def _successor_error(span: Row[Any], reach: Reach) -> FieldError:
    name = f"{span.designation} {span.name} ({span.code}, {span.area_id})"
    return FieldError(
        "area", "succeeded-by", Text(f"nay thuộc {name}", f"{reach.extent} is now in {name}")
    )


def _life_of(spans: Sequence[Row[Any]]) -> Text:
    lives = [f"{s.designation} {s.name}: {s.begins_on} – {s.ends_on or '…'}" for s in spans[-3:]]
    return Text(f"chỉ tồn tại {'; '.join(lives)}", f"lives only {'; '.join(lives)}")


def _edge(row: Row[Any]) -> Edge:
    return Edge(row.from_id, row.to_id, row.effective_on, row.extent, row.share)


def _is_before(row: Row[Any], on: date | None, *, is_forward: bool) -> bool:
    """A step counts forward up to the date, backward while the date lies before it."""
    if on is None:
        return True
    day: date = row.effective_on
    return day <= on if is_forward else day > on


def _area_row(row: Row[Any]) -> AreaRow:
    return AreaRow(
        row.id,
        row.code,
        row.area_kind,
        row.designation,
        row.name,
        row.parent_id,
        row.attributes or {},
    )


def eve_of(day: date) -> date:
    """Return the day before."""
    return day - timedelta(days=1)
