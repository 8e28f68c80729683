"""Sheets equal a naive fold of the same observations, in whatever order these arrive."""

from datetime import date, timedelta

from criteria.observations import sheets
from criteria.observations.sheets import Entry
from hypothesis import given
from hypothesis import strategies as st

SLOTS = 4
FIRST = date(2023, 1, 1)


@st.composite
def batches(draw: st.DrawFn) -> list[list[Entry]]:
    """Batches of observations as they are recorded: backdated, repeated, corrected."""
    keys = st.tuples(st.integers(0, 8), st.integers(0, SLOTS - 1), st.integers(0, 99))
    numbers = iter(range(1, 1000))
    return [
        [
            Entry(FIRST + timedelta(days=day), slot, value, value % 6, next(numbers))
            for day, slot, value in batch
        ]
        for batch in draw(st.lists(st.lists(keys, min_size=1, max_size=6), max_size=6))
    ]


def naive(entries: list[Entry], day: date) -> dict[int, Entry]:
    """The value of each slot on a day: the latest observed, of one day the last recorded."""
    standing: dict[int, Entry] = {}
    for entry in entries:
        held = standing.get(entry.slot)
        if entry.observed_on <= day and (held is None or entry.observed_on >= held.observed_on):
            standing[entry.slot] = entry
    return standing


@given(batches())
def test_a_fold_is_what_was_observed_last(recorded: list[list[Entry]]) -> None:
    state = sheets.empty(SLOTS)
    for batch in recorded:
        state, _ = sheets.fold(state, batch)
    packed = [sheets.pack(state, row) for row in range(len(state))]
    read = sheets.unpack(
        [date.fromordinal(int(day)) for day in state.effective],
        [first for first, _ in packed],
        evidence=[second for _, second in packed],
        slots=SLOTS + 1,
    )
    entries = [entry for batch in recorded for entry in batch]
    for offset in range(-1, 10):
        day = FIRST + timedelta(days=offset)
        standing, row = naive(entries, day), read.at(day)
        for slot in range(SLOTS + 1):
            entry = standing.get(slot)
            held = int(read.values[row, slot]) if row >= 0 else sheets.MISSING
            assert held == (entry.scaled if entry else sheets.MISSING)
            if entry:
                assert read.observed[row, slot] == entry.observed_on.toordinal()
                assert read.flags[row, slot] == entry.flags
                assert read.observations[row, slot] == entry.observation_id


@given(batches())
def test_only_sheets_that_differ_are_written_again(recorded: list[list[Entry]]) -> None:
    state = sheets.empty(SLOTS)
    for batch in recorded:
        before = {int(day): sheets.pack(state, row) for row, day in enumerate(state.effective)}
        state, is_new = sheets.fold(state, batch)
        for row, day in enumerate(state.effective):
            if not is_new[row]:
                assert sheets.pack(state, row) == before[int(day)]


def test_a_backdated_value_stops_at_the_next_own_observation() -> None:
    state, _ = sheets.fold(
        sheets.empty(1), [Entry(FIRST, 0, 10, 0, 1), Entry(FIRST + timedelta(days=9), 0, 30, 0, 2)]
    )
    state, is_new = sheets.fold(state, [Entry(FIRST + timedelta(days=4), 0, 20, 0, 3)])
    assert state.values[:, 0].tolist() == [10, 20, 30]
    assert is_new.tolist() == [False, True, False]
