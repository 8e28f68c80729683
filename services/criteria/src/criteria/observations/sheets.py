"""Sheets: everything known about one area from a date on, packed into one row.

A sheet carries forward, for every measure, its exact scaled value, the day it was observed, its
qualifier and the observation that gave it. Reading the state of a country on a date is then one row
per area. Slots are places in these arrays; a measure keeps its slot for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

MISSING = int(np.iinfo(np.int64).min)
NEVER = int(np.iinfo(np.int32).min)
DEMONSTRATION = 0x80
QUALIFIER = 0x7F
_BYTES_OF_STATE = 8 + 4 + 1
_BYTES_OF_EVIDENCE = 8


@dataclass(frozen=True, eq=False)
class Sheets:
    """States of one area, oldest first: arrays of shape [dates, slots], days as date ordinals."""

    effective: NDArray[np.int32]
    values: NDArray[np.int64]
    observed: NDArray[np.int32]
    flags: NDArray[np.uint8]
    observations: NDArray[np.int64]

    @property
    def slots(self) -> int:
        return int(self.values.shape[1])

    def __len__(self) -> int:
        return len(self.effective)

    def at(self, day: date) -> int:
        """Return the row in force on a day, or -1 before the first sheet."""
        return int(np.searchsorted(self.effective, day.toordinal(), side="right")) - 1


@dataclass(frozen=True)
class Entry:
    """One observation as a sheet sees it."""

    observed_on: date
    slot: int
    scaled: int
    flags: int
    observation_id: int


def empty(slots: int, *, rows: int = 0) -> Sheets:
    """Return `rows` sheets on which nothing was ever observed."""
    return Sheets(
        effective=np.full(rows, NEVER, np.int32),
        values=np.full((rows, slots), MISSING, np.int64),
        observed=np.full((rows, slots), NEVER, np.int32),
        flags=np.zeros((rows, slots), np.uint8),
        observations=np.zeros((rows, slots), np.int64),
    )


def pack(sheets: Sheets, row: int) -> tuple[bytes, bytes]:
    """Return one sheet as stored: its state (what is judged) and its evidence (who said so)."""
    state = (
        sheets.values[row].astype("<i8").tobytes()
        + sheets.observed[row].astype("<i4").tobytes()
        + sheets.flags[row].tobytes()
    )
    return state, sheets.observations[row].astype("<i8").tobytes()


def unpack(
    effective: Sequence[date],
    states: Sequence[bytes],
    *,
    evidence: Sequence[bytes] = (),
    slots: int,
) -> Sheets:
    """Read stored sheets; those written before a measure existed are padded.

    Without evidence the observation ids stay 0: judging a country does not need them.
    """
    widest = max(map(len, states), default=0) // _BYTES_OF_STATE
    sheets = empty(max(slots, widest), rows=len(states))
    sheets.effective[:] = [day.toordinal() for day in effective]
    lengths = np.array([len(state) for state in states], np.int64)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length).tolist()
        width = int(length) // _BYTES_OF_STATE
        block = _stack([states[row] for row in rows], int(length))
        sheets.values[rows, :width] = _column(block, 0, width * 8, "<i8")
        sheets.observed[rows, :width] = _column(block, width * 8, width * 12, "<i4")
        sheets.flags[rows, :width] = block[:, width * 12 :]
        if evidence:
            sources = _stack([evidence[row] for row in rows], width * _BYTES_OF_EVIDENCE)
            sheets.observations[rows, :width] = _column(sources, 0, width * 8, "<i8")
    return sheets


def fold(sheets: Sheets, entries: Sequence[Entry]) -> tuple[Sheets, NDArray[np.bool_]]:
    """Enter observations of one area, in the order they were recorded; say which sheets are new.

    A value counts from its own day up to the measure's next own observation; of one day the one
    recorded last counts.
    """
    days = sorted({entry.observed_on.toordinal() for entry in entries})
    folded = _with_sheets_on(sheets, days)
    is_new = ~np.isin(folded.effective, sheets.effective)
    for day in days:
        latest = {e.slot: e for e in entries if e.observed_on.toordinal() == day}
        is_new |= _enter(folded, day, list(latest.values()))
    return folded, is_new


def _enter(sheets: Sheets, day: int, entries: Sequence[Entry]) -> NDArray[np.bool_]:
    slots = np.array([entry.slot for entry in entries])
    yields = (sheets.effective >= day)[:, None] & (sheets.observed[:, slots] <= day)
    rows, columns = np.nonzero(yields)
    places = (rows, slots[columns])
    sheets.values[places] = np.array([e.scaled for e in entries], np.int64)[columns]
    sheets.observed[places] = day
    sheets.flags[places] = np.array([e.flags for e in entries], np.uint8)[columns]
    sheets.observations[places] = np.array([e.observation_id for e in entries], np.int64)[columns]
    return np.asarray(yields.any(axis=1))


def _with_sheets_on(sheets: Sheets, days: Sequence[int]) -> Sheets:
    effective = np.union1d(sheets.effective, np.array(days, np.int32)).astype(np.int32)
    sources = np.searchsorted(sheets.effective, effective, side="right") - 1
    widened = empty(sheets.slots, rows=len(effective))
    widened.effective[:] = effective
    known = sources >= 0
    widened.values[known] = sheets.values[sources[known]]
    widened.observed[known] = sheets.observed[sources[known]]
    widened.flags[known] = sheets.flags[sources[known]]
    widened.observations[known] = sheets.observations[sources[known]]
    return widened


def _stack(rows: Sequence[bytes], length: int) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), length)


def _column(block: NDArray[np.uint8], start: int, stop: int, kind: str) -> NDArray[np.generic]:
    return np.ascontiguousarray(block[:, start:stop]).view(kind)
