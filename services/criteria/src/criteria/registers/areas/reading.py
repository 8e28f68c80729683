"""Use cases of reading areas."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from chungsuc import pagination
from chungsuc.pagination import Page, PageRequest
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.dependencies import Moment
from criteria.registers import listing
from criteria.registers.areas import lookup, read_repository
from criteria.registers.areas.errors import AreaNotFound
from criteria.registers.areas.lineage import Reach
from criteria.registers.areas.read_repository import AreaFilter
from criteria.registers.areas.schemas import (
    AreaChangeOut,
    AreaDetail,
    AreaHistory,
    AreaLineage,
    AreaOut,
    AreaPart,
    AttributeOut,
    DocumentReference,
    Neighbour,
    ReachOut,
    Reference,
    SpanOut,
)

SHOWN_PARTS = 100


async def list_areas(
    session: AsyncSession, wanted: AreaFilter, *, page: PageRequest, after: Sequence[str] | None
) -> Page[AreaOut]:
    """Return a page of areas in Vietnamese order."""
    rows = await read_repository.list_page(session, wanted, after=after, limit=page.limit + 1)
    items, following = pagination.page_of(
        rows, limit=page.limit, key=lambda row: (row.sort_key, row.id)
    )
    return Page(items=[AreaOut.model_validate(area_fields(row)) for row in items], next=following)


async def get_area(session: AsyncSession, parameter: str, *, moment: Moment) -> AreaDetail:
    """Return one area; an id asked for without a date is read on a day of its life."""
    area_id = await lookup.resolve_area(
        session, parameter, as_of=moment.as_of, known_at=moment.known_at
    )
    as_of = moment.as_of
    if not moment.is_dated and not lookup.is_code(parameter):
        as_of = await _day_of_life(session, area_id, moment)
    row = await read_repository.find_by_id(session, area_id, as_of=as_of, known_at=moment.known_at)
    if row is None:
        raise await lookup.not_living(session, [area_id], as_of=as_of, known_at=moment.known_at)
    return AreaDetail(
        **area_fields(row),
        as_of=as_of,
        source=row.source,
        predecessors=await _neighbours(session, area_id, moment, is_forward=False),
        successors=await _neighbours(session, area_id, moment, is_forward=True),
    )


async def get_history(session: AsyncSession, parameter: str, *, moment: Moment) -> AreaHistory:
    """Return everything that is recorded of one area, living or not."""
    area_id = await lookup.resolve_area(
        session, parameter, as_of=moment.as_of, known_at=moment.known_at
    )
    known_at = moment.known_at
    spans = await read_repository.list_spans(session, [area_id], known_at=known_at)
    parents = await read_repository.list_spans(
        session, {s.parent_id for s in spans if s.parent_id}, known_at=known_at
    )
    attributes = await read_repository.list_attributes(session, area_id, known_at=known_at)
    events = await read_repository.list_events(
        session, area_id=area_id, kind=None, known_at=known_at, after=None, limit=1000
    )
    return AreaHistory(
        id=area_id,
        spans=[_span_out(span, parents) for span in spans],
        attributes=[AttributeOut.model_validate(dict(row._mapping)) for row in attributes],
        changes=await _events_out(session, events, known_at=known_at),
    )


async def get_lineage(
    session: AsyncSession, parameter: str, *, moment: Moment, on: date | None
) -> AreaLineage:
    """Return where an area came from and what it became, directly or up to a date."""
    known_at = moment.known_at
    area_id = await lookup.resolve_area(session, parameter, as_of=moment.as_of, known_at=known_at)
    ways = {
        is_forward: await lookup.reach_on(
            session, area_id, on=on, is_forward=is_forward, known_at=known_at
        )
        for is_forward in (False, True)
    }
    ids = {area_id} | {reach.area_id for way in ways.values() for reach in way}
    spans = _spans_by_area(await read_repository.list_spans(session, ids, known_at=known_at))
    return AreaLineage(
        area=_reference(spans[area_id], moment.as_of),
        on=on,
        predecessors=[_reach_out(r, spans[r.area_id], on) for r in ways[False]],
        successors=[_reach_out(r, spans[r.area_id], on) for r in ways[True]],
    )


async def list_events(
    session: AsyncSession,
    *,
    area_id: str | None,
    kind: str | None,
    known_at: int | None,
    page: PageRequest,
) -> Page[AreaChangeOut]:
    """Return a page of area changes, newest effect first."""
    rows = await read_repository.list_events(
        session,
        area_id=area_id,
        kind=kind,
        known_at=known_at,
        after=listing.date_key(page.cursor),
        limit=page.limit + 1,
    )
    items, following = pagination.page_of(
        rows, limit=page.limit, key=lambda row: (row.effective_on.isoformat(), row.id)
    )
    return Page(items=await _events_out(session, items, known_at=known_at), next=following)


async def describe_parts(
    session: AsyncSession, parts: Mapping[str, str], *, on: date, known_at: int | None = None
) -> list[AreaPart]:
    """Name the areas of an event as they were called on its day; none when they are too many."""
    if len(parts) > SHOWN_PARTS:
        return []
    spans = _spans_by_area(
        await read_repository.list_spans(session, parts.keys(), known_at=known_at)
    )
    return [
        AreaPart(area=_reference(spans[area_id], on), part=part)
        for area_id, part in parts.items()
        if area_id in spans
    ]


def area_fields(row: Row[Any]) -> dict[str, Any]:
    """Return a row of the register as the API shows it."""
    fields = {name: getattr(row, name) for name in AreaOut.model_fields if name != "parent"}
    fields["attributes"] = row.attributes or {}
    fields["parent"] = row.parent_id and {
        "id": row.parent_id,
        "code": row.parent_code,
        "name": f"{row.parent_designation} {row.parent_name}",
    }
    return fields


async def _day_of_life(session: AsyncSession, area_id: str, moment: Moment) -> date:
    spans = await read_repository.list_spans(session, [area_id], known_at=moment.known_at)
    if not spans:
        raise AreaNotFound
    first: date = spans[0].begins_on
    last: date = spans[-1].ends_on or date.max
    return max(first, min(last, moment.as_of))


async def _neighbours(
    session: AsyncSession, area_id: str, moment: Moment, *, is_forward: bool
) -> list[Neighbour]:
    edges = await read_repository.list_edges(
        session, [area_id], is_forward=is_forward, known_at=moment.known_at
    )
    others = [edge.to_id if is_forward else edge.from_id for edge in edges]
    spans = _spans_by_area(
        await read_repository.list_spans(session, others, known_at=moment.known_at)
    )
    return [
        Neighbour(
            area=_reference(spans[other], edge.effective_on),
            effective_on=edge.effective_on,
            extent=edge.extent,
            share=edge.share,
        )
        for other, edge in zip(others, edges, strict=True)
    ]


async def _events_out(
    session: AsyncSession, rows: Sequence[Row[Any]], *, known_at: int | None
) -> list[AreaChangeOut]:
    few = [row.id for row in rows if row.areas_total <= SHOWN_PARTS]
    parts = await read_repository.list_event_areas(session, few)
    events = []
    for row in rows:
        named = {part.area_id: part.part for part in parts.get(row.id, ())}
        events.append(
            AreaChangeOut(
                id=row.id,
                kind=row.kind,
                effective_on=row.effective_on,
                document=DocumentReference(
                    id=row.document_id, number=row.document_number, certainty=row.certainty
                ),
                note=row.note,
                reverses=row.reverses_id,
                areas_total=row.areas_total,
                areas=await describe_parts(session, named, on=row.effective_on, known_at=known_at),
            )
        )
    return events


def _spans_by_area(spans: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    grouped: dict[str, list[Row[Any]]] = {}
    for span in spans:
        grouped.setdefault(span.area_id, []).append(span)
    return grouped


def _span_near(spans: Sequence[Row[Any]], day: date) -> Row[Any]:
    """The span of the day; else the last one before it, else the first one."""
    before = [span for span in spans if span.begins_on <= day]
    return before[-1] if before else spans[0]


def _reference(spans: Sequence[Row[Any]], day: date) -> Reference:
    span = _span_near(spans, day)
    return Reference(id=span.area_id, code=span.code, name=f"{span.designation} {span.name}")


def _span_out(span: Row[Any], parents: Collection[Row[Any]]) -> SpanOut:
    own = [parent for parent in parents if parent.area_id == span.parent_id]
    return SpanOut(
        begins_on=span.begins_on,
        ends_on=span.ends_on,
        code=span.code,
        area_kind=span.kind,
        designation=span.designation,
        name=span.name,
        parent=_reference(own, span.begins_on) if own else None,
        known_from=span.known_from,
        source=span.source,
    )


def _reach_out(reach: Reach, spans: Sequence[Row[Any]], on: date | None) -> ReachOut:
    span = _span_near(spans, on or reach.effective_on)
    return ReachOut(
        area=_reference(spans, on or reach.effective_on),
        area_kind=span.kind,
        effective_on=reach.effective_on,
        extent=reach.extent,
        share=reach.share,
        steps=reach.steps,
        is_living=None if on is None else _lives(spans, on),
    )


def _lives(spans: Sequence[Row[Any]], day: date) -> bool:
    return any(s.begins_on <= day and (s.ends_on is None or day <= s.ends_on) for s in spans)
