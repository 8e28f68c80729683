"""The law of area changes: what each kind of event makes of the areas it touches.

Rename, retype, reparent and recode keep the id. Merge and split end ids and begin new ones, also
when code and name are used again. Nothing here reads or writes: events and states go in, states
come out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from chungsuc.text import Text

from criteria.registers.areas.events import (
    Abolish,
    Alter,
    Classify,
    CodeHolder,
    Create,
    Event,
    EventRefusedError,
    Finding,
    Kind,
    Merge,
    NewArea,
    Register,
    Split,
    When,
    new_areas,
)
from criteria.registers.areas.state import ONE_DAY, AreaState, Attribute, Edge, Span

Dated = TypeVar("Dated", Span, Attribute)


def decide(event: Event, register: Register, *, when: When) -> list[AreaState]:
    """Return every area that the event changes, as it is afterwards; raise when refused."""
    after = _DECIDERS[type(event)](event, register, when)
    findings = list(_broken_rules(event, after, register))
    if findings:
        raise EventRefusedError(findings)
    return [replace(state, revision=state.revision + 1) for state in after.values()]


def _create(event: Create, _register: Register, when: When) -> dict[str, AreaState]:
    return {event.area.id: _born(event.area, when)}


def _alter(event: Alter, register: Register, when: When) -> dict[str, AreaState]:
    state = _living(register, event.area_id, when, pointer="/area")
    span = state.span_on(when.on)
    assert span is not None  # noqa: S101 - living on that day
    if all(getattr(span, name) == value for name, value in event.values.items()):
        raise EventRefusedError(
            [_finding("/area", "nothing-changes", "đã như vậy", "is so already")]
        )
    for name, value in event.values.items():
        state = _with_value(state, name, value, when)
    return {state.id: state}


def _classify(event: Classify, register: Register, when: When) -> dict[str, AreaState]:
    state = _living(register, event.area_id, when, pointer="/area")
    if state.value_on(event.name, when.on) == event.value:
        raise EventRefusedError(
            [_finding("/value", "nothing-changes", "đã như vậy", "is so already")]
        )
    return {state.id: _with_attribute(state, event.name, event.value, when)}


def _merge(event: Merge, register: Register, when: When) -> dict[str, AreaState]:
    _require_distinct(event)
    before = [
        _endable(register, area_id, when, pointer=f"/areas/{place}")
        for place, area_id in enumerate(event.from_ids)
    ]
    if len({state.spans[-1].kind for state in before}) > 1:
        raise EventRefusedError(
            [_finding("/areas", "kinds-differ", "khác cấp", "they are of different kinds")]
        )
    edges = tuple(Edge(s.id, event.into.id, when.on, "whole") for s in before)
    born = replace(_born(event.into, when), predecessors=edges)
    born = _inheriting(born, before, when)
    after = {born.id: born}
    for state, edge in zip(before, edges, strict=True):
        after[state.id] = _ended(state, when, successors=(edge,))
        for child_id in register.children.get(state.id, ()):
            after[child_id] = _with_value(register.areas[child_id], "parent_id", born.id, when)
    return after


def _split(event: Split, register: Register, when: When) -> dict[str, AreaState]:
    before = _endable(register, event.area_id, when, pointer="/area")
    _require_whole_split(event, register)
    after: dict[str, AreaState] = {}
    edges = []
    for part in event.into:
        edge = Edge(before.id, part.area.id, when.on, part.extent, part.share)
        born = replace(_born(part.area, when), predecessors=(edge,))
        after[born.id] = _inheriting(born, [before], when)
        edges.append(edge)
        for child_id in part.child_ids:
            after[child_id] = _with_value(register.areas[child_id], "parent_id", born.id, when)
    after[before.id] = _ended(before, when, successors=tuple(edges))
    return after


def _abolish(event: Abolish, register: Register, when: When) -> dict[str, AreaState]:
    state = _endable(register, event.area_id, when, pointer="/area")
    if register.children.get(state.id):
        raise EventRefusedError(
            [
                _finding(
                    "/area",
                    "has-children",
                    "còn đơn vị trực thuộc",
                    "areas below it still live",
                )
            ]
        )
    return {state.id: _ended(state, when, successors=())}


_DECIDERS: dict[type[Any], Callable[[Any, Register, When], dict[str, AreaState]]] = {
    Create: _create,
    Alter: _alter,
    Classify: _classify,
    Merge: _merge,
    Split: _split,
    Abolish: _abolish,
}


def _finding(pointer: str, code: str, vi: str, en: str) -> Finding:
    return Finding(pointer, code, Text(vi, en))


def _living(register: Register, area_id: str, when: When, *, pointer: str) -> AreaState:
    state = register.areas[area_id]
    if state.ends_on is not None and state.ends_on < when.on:
        day = state.ends_on
        raise EventRefusedError(
            [_finding(pointer, "area-already-ended", f"đã kết thúc {day}", f"ended on {day}")]
        )
    if when.on < state.begins_on:
        day = state.begins_on
        raise EventRefusedError(
            [_finding(pointer, "area-not-yet-begun", f"bắt đầu {day}", f"begins on {day}")]
        )
    return state


def _endable(register: Register, area_id: str, when: When, *, pointer: str) -> AreaState:
    state = _living(register, area_id, when, pointer=pointer)
    if state.ends_on is not None or state.spans[-1].begins_on >= when.on:
        raise EventRefusedError(
            [
                _finding(
                    pointer,
                    "later-change-recorded",
                    "đã ghi nhận thay đổi có hiệu lực sau ngày này",
                    "a change in force on or after this day is already recorded",
                )
            ]
        )
    return state


def _require_distinct(event: Merge) -> None:
    twice = [n for n, area_id in enumerate(event.from_ids) if area_id in event.from_ids[:n]]
    if twice:
        raise EventRefusedError(
            _finding(f"/areas/{n}", "named-twice", "đã nêu ở trên", "is named above") for n in twice
        )


def _require_whole_split(event: Split, register: Register) -> None:
    assigned = [child_id for part in event.into for child_id in part.child_ids]
    children = set(register.children.get(event.area_id, ()))
    findings = []
    if set(assigned) != children or len(assigned) != len(children):
        findings.append(
            _finding(
                "/into",
                "children-not-shared-out",
                f"{len(children)} đơn vị trực thuộc, mỗi đơn vị phải về đúng một phần",
                f"each of the {len(children)} areas below must go to exactly one part",
            )
        )
    if sum(part.extent == "seat_part" for part in event.into) > 1:
        findings.append(
            _finding("/into", "two-seats", "chỉ một phần giữ trụ sở", "only one part has the seat")
        )
    if sum((part.share or Decimal(0)) for part in event.into) > 1:
        findings.append(
            _finding("/into", "shares-above-one", "tổng tỷ lệ vượt 1", "shares add to more than 1")
        )
    if findings:
        raise EventRefusedError(findings)


def _born(area: NewArea, when: When) -> AreaState:
    span = Span(
        begins_on=when.on,
        ends_on=None,
        code=area.code,
        kind=area.kind,
        designation=area.designation,
        name=area.name,
        parent_id=area.parent_id,
        known_from=when.on,
        source=when.source,
    )
    attributes = tuple(
        Attribute(name, value, when.on, None, when.source) for name, value in area.attributes
    )
    return replace(AreaState.unborn(area.id), spans=(span,), attributes=attributes)


def _ended(state: AreaState, when: When, *, successors: tuple[Edge, ...]) -> AreaState:
    last_day = when.on - ONE_DAY
    return replace(
        state,
        spans=tuple(_cut(span, last_day) for span in state.spans),
        attributes=tuple(_cut(a, last_day) for a in state.attributes if a.begins_on <= last_day),
        successors=state.successors + successors,
    )


def _cut(row: Dated, last_day: date) -> Dated:
    is_over = row.ends_on is not None and row.ends_on <= last_day
    return row if is_over else replace(row, ends_on=last_day)


def _inheriting(born: AreaState, before: list[AreaState], when: When) -> AreaState:
    """What the predecessors agree on goes on; where they differ the attribute is unknown."""
    eve = when.on - ONE_DAY
    own = {attribute.name for attribute in born.attributes}
    names = {a.name for state in before for a in state.attributes if a.holds_on(eve)} - own
    inherited = []
    for name in sorted(names):
        values = {state.value_on(name, eve) for state in before}
        value = values.pop()
        if not values and value is not None:
            source = f"inherited where predecessors agree ({when.source})"
            inherited.append(Attribute(name, value, when.on, None, source))
    return replace(born, attributes=born.attributes + tuple(inherited))


def _with_value(state: AreaState, name: str, value: str, when: When) -> AreaState:
    """The field has the new value from the day on, until a later event had changed it anyway."""
    span_then = state.span_on(when.on)
    old = getattr(span_then, name) if span_then else None
    spans: list[Span] = []
    follows = True
    for span in state.spans:
        if span.ends_on is not None and span.ends_on < when.on:
            spans.append(span)
            continue
        follows = follows and getattr(span, name) == old
        if not follows:
            spans.append(span)
            continue
        begins_on = max(span.begins_on, when.on)
        known_from = max(span.known_from, begins_on)
        source = when.source if begins_on == when.on else span.source
        if span.begins_on < when.on:
            spans.append(replace(span, ends_on=when.on - ONE_DAY))
        changed: dict[str, Any] = {name: value, "known_from": known_from, "source": source}
        spans.append(replace(span, begins_on=begins_on, **changed))
    return replace(state, spans=tuple(spans))


def _with_attribute(state: AreaState, name: str, value: str | None, when: When) -> AreaState:
    others = [a for a in state.attributes if a.name != name]
    own = [a for a in state.attributes if a.name == name]
    earlier = [_cut(a, when.on - ONE_DAY) for a in own if a.begins_on < when.on]
    later = [a for a in own if a.begins_on > when.on]
    ends_on = later[0].begins_on - ONE_DAY if later else state.ends_on
    added = [Attribute(name, value, when.on, ends_on, when.source)] if value is not None else []
    rows = sorted([*others, *earlier, *added, *later], key=lambda a: (a.name, a.begins_on))
    return replace(state, attributes=tuple(rows))


def _broken_rules(
    event: Event, after: Mapping[str, AreaState], register: Register
) -> Iterable[Finding]:
    places = {area.id: pointer for pointer, area in new_areas(event).items()}
    for state in after.values():
        before = register.areas.get(state.id)
        pointer = places.get(state.id, "")
        for span in state.spans:
            if before is not None and span in before.spans:
                continue
            yield from _broken_kind(span, register.kinds, pointer)
            yield from _broken_parent(span, after, register, pointer)
            yield from _broken_code(state.id, span, after, register, pointer)


def _broken_kind(span: Span, kinds: Mapping[str, Kind], pointer: str) -> Iterable[Finding]:
    kind = kinds.get(span.kind)
    if kind is None:
        yield _finding(
            f"{pointer}/area_kind", "unknown-kind", "cấp không có trong danh mục", "no such kind"
        )
    elif kind.ends_on is not None and (span.ends_on is None or span.ends_on > kind.ends_on):
        yield _finding(
            f"{pointer}/area_kind",
            "kind-has-ended",
            f"cấp này kết thúc {kind.ends_on}",
            f"this kind ends on {kind.ends_on}",
        )


def _broken_parent(
    span: Span, after: Mapping[str, AreaState], register: Register, pointer: str
) -> Iterable[Finding]:
    if span.parent_id is None:
        return
    parent = after.get(span.parent_id) or register.areas[span.parent_id]
    place = f"{pointer}/parent"
    outlives = parent.ends_on is not None and (
        span.ends_on is None or span.ends_on > parent.ends_on
    )
    if span.begins_on < parent.begins_on or outlives:
        life = f"{parent.begins_on} – {parent.ends_on or '…'}"
        yield _finding(
            place,
            "parent-not-living",
            f"đơn vị cấp trên chỉ tồn tại {life}",
            f"the parent lives only {life}",
        )
        return
    kind, above = register.kinds.get(span.kind), register.kinds[parent.spans[-1].kind]
    if kind is not None and above.rank >= kind.rank:
        yield _finding(
            place,
            "parent-not-above",
            f"{above.code} không phải cấp trên của {kind.code}",
            f"a {above.code} is not above a {kind.code}",
        )


def _broken_code(
    area_id: str,
    span: Span,
    after: Mapping[str, AreaState],
    register: Register,
    pointer: str,
) -> Iterable[Finding]:
    recorded = [holder for holder in register.code_holders if holder.area_id not in after]
    planned = [
        CodeHolder(state.id, s.kind, s.code, s.begins_on, s.ends_on)
        for state in after.values()
        for s in state.spans
    ]
    for holder in recorded + planned:
        same = (holder.kind, holder.code) == (span.kind, span.code)
        if same and holder.area_id != area_id and _overlap(holder, span):
            yield _finding(
                f"{pointer}/code",
                "code-taken",
                f"mã {span.code} đang thuộc {holder.area_id}",
                f"code {span.code} belongs to {holder.area_id}",
            )
            return


def _overlap(one: CodeHolder, other: Span) -> bool:
    return (other.ends_on is None or one.begins_on <= other.ends_on) and (
        one.ends_on is None or other.begins_on <= one.ends_on
    )
