"""Verdicts over time: on which days they may change, and which of these are worth a row.

A verdict holds from a day until the next stored one. Steps are the dates of sheets, and the days
on which a set, an attribute or the age of a value may change the answer. All areas of a block that
have a step on one day are judged together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from criteria.assessments import arrays
from criteria.assessments.arrays import CompiledSet, SheetBlock
from criteria.assessments.repository import AreaFacts
from criteria.assessments.rules import boundaries
from criteria.criteria_sets.model import CriteriaSet, measures_of
from criteria.measures.model import Measure, expires_on
from criteria.observations.sheets import DEMONSTRATION, MISSING, Sheets

_DAY_BITS = 22
_LAST_DAY = (1 << _DAY_BITS) - 1

Days = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Block:
    """Some areas with all their sheets, one after the other, in area order and then by day."""

    area_ids: Sequence[str]
    facts: Sequence[AreaFacts]
    owners: Days
    effective: Days
    values: NDArray[np.int64]
    observed: NDArray[np.int32]
    flags: NDArray[np.uint8]

    @property
    def keys(self) -> Days:
        """One ascending number per sheet: its area and its day."""
        return _keys(self.owners, self.effective)


@dataclass(frozen=True, eq=False)
class Steps:
    """Verdicts of a block by one set: `owners` are places in the block's areas."""

    owners: Days
    days: Days
    indicators: NDArray[np.uint8]
    criteria: NDArray[np.uint8]
    verdicts: NDArray[np.uint8]
    indicators_met: Days
    criteria_met: Days
    marks: NDArray[np.bool_]

    @property
    def states(self) -> NDArray[np.uint8]:
        """All that makes one verdict differ from another, a row of bytes per step."""
        columns = [self.indicators, self.criteria, self.verdicts[:, None], self.marks[:, None]]
        return np.concatenate(columns, axis=1, dtype=np.uint8, casting="unsafe")


@dataclass(frozen=True, eq=False)
class Standing:
    """What is stored of a block by one set, in area order and then by day."""

    owners: Days
    days: Days
    states: NDArray[np.uint8]
    is_current: NDArray[np.bool_]


def block_of(sheets: Mapping[str, Sheets], facts: Mapping[str, AreaFacts]) -> Block:
    """Lay the sheets of some areas one after the other."""
    area_ids = sorted(sheets)
    parts = [sheets[area_id] for area_id in area_ids]
    return Block(
        area_ids=area_ids,
        facts=[facts[area_id] for area_id in area_ids],
        owners=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        effective=np.concatenate([part.effective for part in parts]).astype(np.int64),
        values=np.concatenate([part.values for part in parts]),
        observed=np.concatenate([part.observed for part in parts]),
        flags=np.concatenate([part.flags for part in parts]),
    )


def judge_steps(
    compiled: CompiledSet,
    block: Block,
    *,
    since: Mapping[str, date],
    until: date,
    standing: Standing | None = None,
) -> Steps:
    """Judge every area of the block on each of its step days from its `since` to `until`."""
    keys = _step_keys(compiled, block, since=since, until=until)
    if standing is not None:
        first_days = np.array([since[area_id].toordinal() for area_id in block.area_ids])
        again = standing.days >= first_days[standing.owners]
        keys = np.union1d(keys, _keys(standing.owners[again], standing.days[again]))
    keys = keys[_is_judged(compiled.criteria_set, block, keys)]
    return _judged(compiled, block, keys)


def rows_to_store(steps: Steps, standing: Standing) -> NDArray[np.intp]:
    """Return the steps that say something new: a change, or another word than the stored one."""
    states = steps.states
    keys = _keys(steps.owners, steps.days)
    stored_keys = _keys(standing.owners, standing.days)
    place = np.searchsorted(stored_keys, keys)
    stored = np.zeros(len(keys), bool)
    inside = place < len(stored_keys)
    stored[inside] = stored_keys[place[inside]] == keys[inside]
    differs = np.ones(len(keys), bool)
    found = place[stored]
    differs[stored] = (standing.states[found] != states[stored]).any(axis=1)
    differs[stored] |= ~standing.is_current[found]
    differs[~stored] = _changes(steps, states, standing, stored_keys)[~stored]
    return np.flatnonzero(differs)


def _changes(
    steps: Steps, states: NDArray[np.uint8], standing: Standing, stored_keys: Days
) -> NDArray[np.bool_]:
    """Say which steps differ from the verdict that held just before."""
    changed = np.ones(len(states), bool)
    is_first = np.ones(len(states), bool)
    is_first[1:] = steps.owners[1:] != steps.owners[:-1]
    changed[1:] = (states[1:] != states[:-1]).any(axis=1) | is_first[1:]
    firsts = np.flatnonzero(is_first)
    before = np.searchsorted(stored_keys, _keys(steps.owners[firsts], steps.days[firsts])) - 1
    known = before >= 0
    known[known] = standing.owners[before[known]] == steps.owners[firsts[known]]
    changed[firsts[known]] = (standing.states[before[known]] != states[firsts[known]]).any(axis=1)
    return changed


def _step_keys(
    compiled: CompiledSet, block: Block, *, since: Mapping[str, date], until: date
) -> Days:
    criteria_set = compiled.criteria_set
    first_sheets = np.full(len(block.area_ids), _LAST_DAY)
    np.minimum.at(first_sheets, block.owners, block.effective)
    floors = np.maximum(first_sheets, criteria_set.from_on.toordinal())
    last = min(until, criteria_set.to_on or until).toordinal()
    everybody = np.arange(len(block.area_ids))
    fixed = [day.toordinal() for day in _fixed_days(compiled, block, last=last)]
    changing = _days_of_facts(block.facts)
    parts = [
        block.keys,
        _keys(everybody, floors),
        _keys(np.repeat(everybody, len(fixed)), np.tile(np.array(fixed, np.int64), len(everybody))),
        _keys(*changing),
        *_expiries(compiled, block),
    ]
    keys = np.unique(np.concatenate(parts))
    owners, days = keys >> _DAY_BITS, keys & _LAST_DAY
    starts = np.array([since[area_id].toordinal() for area_id in block.area_ids])
    lowest = np.maximum(floors, starts)
    within: Days = keys[(days >= lowest[owners]) & (days <= last)]
    return within


def _fixed_days(compiled: CompiledSet, block: Block, *, last: int) -> list[date]:
    """Return the days on which the set itself turns, for all areas alike."""
    if not len(block.effective):
        return []
    after = date.fromordinal(int(block.effective.min())) - timedelta(days=1)
    return boundaries(
        compiled.criteria_set,
        measures=compiled.measures,
        values={},
        after=after,
        until=date.fromordinal(last),
    )


def _days_of_facts(facts: Sequence[AreaFacts]) -> tuple[Days, Days]:
    """Return where attributes, kinds and designations begin or have just ended."""
    owners: list[int] = []
    days: list[int] = []
    for owner, area in enumerate(facts):
        for begins_on, ends_on in _periods(area):
            owners += [owner, owner] if ends_on else [owner]
            days += [begins_on.toordinal()]
            days += [ends_on.toordinal() + 1] if ends_on else []
    return np.array(owners, np.int64), np.array(days, np.int64)


def _periods(area: AreaFacts) -> Iterable[tuple[date, date | None]]:
    spans = {(span.begins_on, span.ends_on) for span in area.spans}
    return spans | {(held.begins_on, held.ends_on) for held in area.attributes}


def _expiries(compiled: CompiledSet, block: Block) -> list[Days]:
    """Return the days on which values grow too old to count, while they are still in force."""
    is_last = np.append(block.owners[1:] != block.owners[:-1], True)
    replaced = np.where(is_last, _LAST_DAY, np.append(block.effective[1:], _LAST_DAY))
    found: list[Days] = []
    for measure in _measures(compiled):
        if measure.validity == "until_replaced":
            continue
        column = block.observed[:, measure.slot]
        observed, places = np.unique(column, return_inverse=True)
        expiry = np.array([_expiry(measure, int(day)) for day in observed])[places]
        rows = np.flatnonzero((expiry > block.effective) & (expiry < replaced))
        found.append(np.unique(_keys(block.owners[rows], expiry[rows])))
    return found


def _expiry(measure: Measure, observed: int) -> int:
    if observed <= 0:
        return _LAST_DAY
    day = expires_on(measure, observed_on=date.fromordinal(observed))
    return day.toordinal() if day else _LAST_DAY


def _measures(compiled: CompiledSet) -> list[Measure]:
    """Return the measures that any version of the set's rules reads."""
    criteria_set = compiled.criteria_set
    rules = [version.rule for entry in criteria_set.indicators for version in entry.versions]
    rules += [condition.rule for condition in criteria_set.conditions]
    codes = dict.fromkeys(code for rule in rules for code in measures_of(rule))
    return [compiled.measures[code] for code in codes]


def _is_judged(criteria_set: CriteriaSet, block: Block, keys: Days) -> NDArray[np.bool_]:
    """Say on which steps the area is of the kind and a designation that the set judges."""
    owners, days = keys >> _DAY_BITS, keys & _LAST_DAY
    judged = np.zeros(len(keys), bool)
    periods = [judged_periods(criteria_set, area) for area in block.facts]
    for rank in range(max(map(len, periods), default=0)):
        begins = np.array([p[rank][0] if rank < len(p) else 1 for p in periods])
        ends = np.array([p[rank][1] if rank < len(p) else 0 for p in periods])
        judged |= (days >= begins[owners]) & (days <= ends[owners])
    return judged


def judged_periods(criteria_set: CriteriaSet, area: AreaFacts) -> list[tuple[int, int]]:
    """Return the spans of days on which a set judges an area, as ordinals."""
    return [
        (span.begins_on.toordinal(), span.ends_on.toordinal() if span.ends_on else _LAST_DAY)
        for span in area.spans
        if span.kind == criteria_set.area_kind and span.designation in criteria_set.designations
    ]


def _judged(compiled: CompiledSet, block: Block, keys: Days) -> Steps:
    owners, days = keys >> _DAY_BITS, keys & _LAST_DAY
    rows = np.searchsorted(block.keys, keys, side="right") - 1
    slots = [measure.slot for measure in _measures(compiled)]
    criteria_set = compiled.criteria_set
    steps = Steps(
        owners=owners,
        days=days,
        indicators=np.zeros((len(keys), len(criteria_set.indicators)), np.uint8),
        criteria=np.zeros((len(keys), len(criteria_set.criteria)), np.uint8),
        verdicts=np.zeros(len(keys), np.uint8),
        indicators_met=np.zeros(len(keys), np.int64),
        criteria_met=np.zeros(len(keys), np.int64),
        marks=_marks(criteria_set, block, rows, slots),
    )
    for day in np.unique(days):
        places = np.flatnonzero(days == day)
        _judge_day(compiled, block, steps, rows[places], places, date.fromordinal(int(day)))
    return steps


def _judge_day(
    compiled: CompiledSet,
    block: Block,
    steps: Steps,
    rows: NDArray[np.intp],
    places: NDArray[np.intp],
    on: date,
) -> None:
    areas = [block.facts[owner].attributes_on(on) for owner in block.owners[rows]]
    names = [attribute.name for attribute in compiled.criteria_set.attributes]
    names += [name for name in {key for area in areas for key in area} if name not in names]
    judged = arrays.evaluate(
        compiled,
        SheetBlock(
            area_ids=[block.area_ids[owner] for owner in block.owners[rows]],
            values=block.values[rows],
            observed=block.observed[rows],
            qualifiers=block.flags[rows],
            attributes={
                name: arrays.column_of([area.get(name) for area in areas]) for name in names
            },
        ),
        on,
    )
    steps.indicators[places] = judged.indicators
    steps.criteria[places] = judged.criteria
    steps.verdicts[places] = judged.verdicts
    steps.indicators_met[places] = judged.indicators_met
    steps.criteria_met[places] = judged.criteria_met


def _marks(
    criteria_set: CriteriaSet, block: Block, rows: NDArray[np.intp], slots: Sequence[int]
) -> NDArray[np.bool_]:
    """Say which verdicts rest on made-up thresholds or values."""
    if criteria_set.is_demonstration:
        return np.ones(len(rows), bool)
    flags = block.flags[rows][:, slots]
    values = block.values[rows][:, slots]
    marked = ((flags & DEMONSTRATION) != 0) & (values != MISSING)
    return np.asarray(marked.any(axis=1), bool)


def _keys(owners: Days, days: Days) -> Days:
    return np.asarray((owners.astype(np.int64) << _DAY_BITS) | days, np.int64)
