"""The law of area changes on plain data, for any history."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from criteria.registers.areas import rules
from criteria.registers.areas.events import (
    Alter,
    Classify,
    Event,
    EventRefusedError,
    Kind,
    Merge,
    NewArea,
    Part,
    Register,
    Split,
    When,
)
from criteria.registers.areas.lineage import Reach, next_reaches
from criteria.registers.areas.state import AreaState, Attribute, Edge, Span
from hypothesis import given
from hypothesis import strategies as st

FIRST = date(2020, 1, 1)
KINDS = {
    "province": Kind("province", 1, None),
    "district": Kind("district", 2, date(2025, 6, 30)),
    "commune": Kind("commune", 3, None),
}


def area(area_id: str, *, code: str, kind: str = "commune", parent: str | None = "p") -> AreaState:
    span = Span(FIRST, None, code, kind, "xã", area_id.upper(), parent, FIRST, "first")
    return AreaState(area_id, 1, (span,))


def register(*states: AreaState) -> Register:
    areas = {state.id: state for state in states}
    areas["p"] = area("p", code="01", kind="province", parent=None)
    return Register(areas=areas, kinds=KINDS)


def new(area_id: str, code: str) -> NewArea:
    return NewArea(area_id, "commune", code, "xã", area_id, "p")


def decide(event: Event, known: Register, on: date) -> dict[str, AreaState]:
    return {state.id: state for state in rules.decide(event, known, when=When(on, "act"))}


def assert_sound(state: AreaState) -> None:
    """Spans follow each other day by day, the last may be open."""
    for earlier, later in zip(state.spans, state.spans[1:], strict=False):
        assert earlier.ends_on is not None
        assert later.begins_on == earlier.ends_on + timedelta(days=1)


days = st.integers(0, 3000).map(lambda n: FIRST + timedelta(days=n))
changes = st.tuples(st.sampled_from(["name", "designation"]), st.sampled_from("ABC"), days)


@given(st.lists(changes, max_size=8))
def test_any_order_of_renames_leaves_one_name_for_each_day(
    steps: list[tuple[str, str, date]],
) -> None:
    state = area("a", code="00001")
    for field, value, on in steps:
        before = state.span_on(on)
        assert before is not None
        if getattr(before, field) == value:
            continue
        state = decide(Alter("a", {field: value}), register(state), on)["a"]
        assert_sound(state)
        after = state.span_on(on)
        assert after is not None
        assert getattr(after, field) == value
    assert (state.begins_on, state.ends_on) == (FIRST, None)


@given(st.lists(st.tuples(st.sampled_from(["1", "2", None]), days), max_size=8))
def test_an_attribute_has_at_most_one_value_a_day(steps: list[tuple[str | None, date]]) -> None:
    state = area("a", code="00001")
    for value, on in steps:
        if state.value_on("group", on) == value:
            continue
        state = decide(Classify("a", "group", value), register(state), on)["a"]
        assert state.value_on("group", on) == value
        held = [a for a in state.attributes if a.holds_on(on)]
        assert len(held) <= 1


@given(on=days.filter(lambda day: day > FIRST))
def test_a_merger_keeps_each_day_covered_by_old_or_new(on: date) -> None:
    known = register(area("a", code="00001"), area("b", code="00002"))
    after = decide(Merge(("a", "b"), new("c", "00001")), known, on)
    assert after["a"].ends_on == after["b"].ends_on == on - timedelta(days=1)
    assert after["c"].begins_on == on
    assert after["c"].spans[0].code == "00001"
    assert {edge.extent for edge in after["c"].predecessors} == {"whole"}


def test_a_new_area_inherits_only_what_all_predecessors_agree_on() -> None:
    def with_region(state: AreaState, region: str) -> AreaState:
        return replace(state, attributes=(Attribute("region", region, FIRST, None, "x"),))

    a, b = area("a", code="00001"), area("b", code="00002")
    on = date(2026, 1, 1)
    merge = Merge(("a", "b"), new("c", "00003"))
    same = decide(merge, register(with_region(a, "TN"), with_region(b, "TN")), on)
    differ = decide(merge, register(with_region(a, "TN"), with_region(b, "BTB")), on)
    one_unknown = decide(merge, register(with_region(a, "TN"), b), on)
    assert same["c"].value_on("region", on) == "TN"
    assert differ["c"].attributes == ()
    assert one_unknown["c"].attributes == ()
    assert differ["a"].value_on("region", on - timedelta(days=1)) == "TN"


@pytest.mark.parametrize(
    ("shares", "extents", "code"),
    [
        (("0.7", "0.4"), ("seat_part", "part"), "shares-above-one"),
        ((None, None), ("seat_part", "seat_part"), "two-seats"),
    ],
)
def test_a_split_refuses_impossible_parts(
    shares: tuple[str | None, ...], extents: tuple[str, ...], code: str
) -> None:
    parts = tuple(
        Part(new(f"n{n}", f"0000{n}"), extent, Decimal(share) if share else None, ())  # type: ignore[arg-type]
        for n, (share, extent) in enumerate(zip(shares, extents, strict=True), start=3)
    )
    with pytest.raises(EventRefusedError) as refusal:
        decide(Split("a", parts), register(area("a", code="00001")), date(2026, 1, 1))
    assert [finding.code for finding in refusal.value.findings] == [code]


def test_lineage_composes_extents_and_shares_over_steps() -> None:
    on = date(2025, 7, 1)
    origin = [Reach("a", date.min, "whole", None, 0)]
    edges = [
        Edge("a", "b", on, "seat_part", Decimal("0.6")),
        Edge("a", "c", on, "part", Decimal("0.4")),
    ]
    first = next_reaches(origin, edges, is_forward=True)
    merged = [Edge("b", "d", on, "whole"), Edge("c", "d", on, "whole")]
    [reached] = next_reaches(first, merged, is_forward=True)
    assert (reached.area_id, reached.share, reached.steps) == ("d", Decimal(1), 2)
    unknown = next_reaches(first, [Edge("c", "e", on, "part")], is_forward=True)
    assert [(reach.extent, reach.share) for reach in unknown] == [("part", None)]
