"""Judging a country at once: the same rules as `rules.judge`, over arrays of exact integers.

Areas are taken in blocks that stay in the processor's cache. Within a block the leaves' values are
gathered and compared with thresholds gathered by attribute combination; the verdicts, a byte each,
are then combined for all areas at once, column by column.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial, reduce
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from criteria.assessments import verdicts
from criteria.assessments.model import QUALIFIERS
from criteria.assessments.plans import (
    MISSING,
    RECOGNISED,
    Group,
    Operation,
    Plan,
    Scales,
    build_plan,
    scales_of,
)
from criteria.assessments.verdicts import Verdict
from criteria.criteria_sets.tables import known_value
from criteria.criteria_sets.tree import Attribute, CriteriaSet
from criteria.measures.model import Measure

_BLOCK = 1024
_QUALIFIER = np.uint8(0x7F)
_ESTIMATE = 1
_ABOVE = 4

_Codes = NDArray[np.uint8]
_NOT_MET, _UNDETERMINED, _MISSING, _MET, _NOT_APPLICABLE = map(np.uint8, Verdict)

# By qualifier code: is it a bound from below, is it a bound from above.
_BOUNDS = np.array([[q in ("at_least", "above"), q in ("at_most", "below")] for q in QUALIFIERS]).T
_PAIRS = tuple(product(Verdict, repeat=2))
_ANY_OF = np.array([verdicts.any_of(pair) for pair in _PAIRS], np.uint8)
_IF_PRESENT = np.array([verdicts.if_present(*pair) for pair in _PAIRS], np.uint8)


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """An attribute of many areas: distinct values, and per area the place of its value or -1."""

    categories: tuple[str, ...]
    codes: NDArray[np.int32]


def column_of(values: Sequence[str | None]) -> Column:
    """Number the distinct values of an attribute; None is unknown."""
    places: dict[str, int] = {}
    codes = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
    return Column(tuple(places), np.array(codes, np.int32))


@dataclass(frozen=True, eq=False, slots=True)
class SheetBlock:
    """States of many areas, [areas, slots]: values (INT64_MIN missing), days as date ordinals,
    qualifier codes in the lower seven bits; and a column per attribute (absent: all unknown)."""

    area_ids: Sequence[str]
    values: NDArray[np.int64]
    observed: NDArray[np.int32]
    qualifiers: NDArray[np.uint8]
    attributes: Mapping[str, Column]


@dataclass(frozen=True, eq=False, slots=True)
class VerdictBlock:
    """Verdict codes per area: one byte per indicator, criterion and condition, and the counts.

    `verdicts` joins criteria and conditions; `criteria_verdicts` leaves the conditions out.
    """

    area_ids: Sequence[str]
    indicators: _Codes
    criteria: _Codes
    conditions: _Codes
    verdicts: _Codes
    criteria_verdicts: _Codes
    indicators_met: NDArray[np.int64]
    criteria_met: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class CompiledSet:
    """A checked set ready for arrays; plans are kept per year and choice of versions."""

    criteria_set: CriteriaSet
    measures: Mapping[str, Measure]
    scales: Scales
    plans: dict[tuple[int, tuple[date | None, ...]], Plan] = field(default_factory=dict)

    def plan(self, on: date) -> Plan:
        versions = [indicator.version_on(on) for indicator in self.criteria_set.indicators]
        key = (on.year, tuple(version.from_on if version else None for version in versions))
        if key not in self.plans:
            self.plans[key] = build_plan(
                self.criteria_set, self.measures, scales=self.scales, on=on
            )
        return self.plans[key]


def compile_set(criteria_set: CriteriaSet, measures: Mapping[str, Measure]) -> CompiledSet:
    """Prepare a set that has passed its check; plans for dates are made when first asked for."""
    return CompiledSet(criteria_set, measures, scales_of(criteria_set))


def evaluate(compiled: CompiledSet, sheets: SheetBlock, on: date) -> VerdictBlock:
    """Judge all areas of the block on a date."""
    plan = compiled.plan(on)
    areas = len(sheets.area_ids)
    result = _empty(plan, sheets.area_ids)
    combinations = [_combination(compiled, sheets, group.key.attributes) for group in plan.groups]
    first_days = plan.first_days(on)
    recognised = {
        entry.attribute: _recognition(sheets, entry.attribute)
        for entry in plan.operations
        if entry.kind == "recognition"
    }
    # One row per leaf or operation, so that operations run over contiguous verdicts.
    lines = np.empty((plan.width, areas), np.uint8)
    for start in range(0, areas, _BLOCK):
        rows = slice(start, min(start + _BLOCK, areas))
        states = _States.read(plan, sheets, rows, on=on, first_days=first_days)
        for group, combination in zip(plan.groups, combinations, strict=True):
            lines[group.columns, rows] = states.judge(group, combination[rows])
    for place, operation in enumerate(plan.operations, start=plan.leaves):
        lines[place] = _combine(operation, lines, recognised.get(operation.attribute))
    _write(plan, lines, result)
    return result


def _empty(plan: Plan, area_ids: Sequence[str]) -> VerdictBlock:
    areas = len(area_ids)
    return VerdictBlock(
        area_ids=area_ids,
        indicators=np.empty((areas, len(plan.indicators)), np.uint8),
        criteria=np.empty((areas, len(plan.criteria_starts)), np.uint8),
        conditions=np.empty((areas, len(plan.conditions)), np.uint8),
        verdicts=np.empty(areas, np.uint8),
        criteria_verdicts=np.empty(areas, np.uint8),
        indicators_met=np.empty(areas, np.int64),
        criteria_met=np.empty(areas, np.int64),
    )


def _write(plan: Plan, lines: _Codes, result: VerdictBlock) -> None:
    """Sum all areas up: criteria from their indicators, the whole from criteria and conditions."""
    indicators, conditions = lines[plan.indicators], lines[plan.conditions]
    bounds = [*plan.criteria_starts.tolist(), len(indicators)]
    criteria = np.empty((len(plan.criteria_starts), lines.shape[1]), np.uint8)
    for place, (start, stop) in enumerate(pairwise(bounds)):
        np.minimum.reduce(indicators[start:stop], out=criteria[place])
    counted = criteria.min(axis=0)
    result.indicators[:] = indicators.T
    result.criteria[:] = criteria.T
    result.conditions[:] = conditions.T
    result.criteria_verdicts[:] = counted
    result.verdicts[:] = np.minimum(counted, conditions.min(axis=0, initial=_NOT_APPLICABLE))
    result.indicators_met[:] = np.add.reduce(indicators >= _MET, axis=0, dtype=np.uint16)
    result.criteria_met[:] = np.add.reduce(criteria >= _MET, axis=0, dtype=np.uint16)


@dataclass(frozen=True, eq=False, slots=True)
class _States:
    """One block's values by slot, which of them do not count, and qualifiers where some bind."""

    values: NDArray[np.int64]
    missing: NDArray[np.bool_]
    qualifiers: _Codes | None

    @classmethod
    def read(
        cls, plan: Plan, sheets: SheetBlock, rows: slice, *, on: date, first_days: NDArray[np.int32]
    ) -> "_States":
        values = sheets.values[rows, : plan.slots]
        observed = sheets.observed[rows, : plan.slots]
        missing = observed < first_days
        missing |= values == MISSING
        if observed.max(initial=0) > on.toordinal():
            missing |= observed > on.toordinal()
        qualifiers = sheets.qualifiers[rows, : plan.slots]
        if qualifiers.max(initial=0):
            qualifiers = qualifiers & _QUALIFIER
        return cls(values, missing, qualifiers if qualifiers.max(initial=0) else None)

    def judge(self, group: Group, combination: NDArray[np.intp]) -> _Codes:
        """The verdict codes of one group of leaves, a line for each leaf."""
        if not group.key.is_sparse:
            return self._compare(group, combination)[:, group.slots].T
        # Indexing, not np.take: take would first copy the whole block, whose rows lie apart.
        values = self.values[:, group.slots]
        missing = self.missing[:, group.slots]
        qualifiers = None
        if self.qualifiers is not None:
            qualifiers = self.qualifiers[:, group.slots]
            if group.key.is_attested:
                missing |= qualifiers != 0
        if group.key.is_folded:
            np.negative(values, out=values)
        return _States(values, missing, qualifiers)._compare(group, combination).T

    def _compare(self, group: Group, combination: NDArray[np.intp]) -> _Codes:
        strictest = _thresholds(group.strictest, combination)
        met = self.values >= strictest
        if group.is_settled:
            # met 3, missing 2, else 0; a missing value meets nothing, an expired one might.
            np.greater(met, self.missing, out=met)
            codes = (met | self.missing).view(np.uint8)
            codes <<= 1
            codes += met
            self._correct_bounds(codes, strictest, is_folded=group.key.is_folded)
            return codes
        loosest = _thresholds(group.loosest, combination)
        fails = self.values < loosest
        if self.qualifiers is not None:
            fails |= (self.values == loosest) & (self.qualifiers >= _ABOVE)
            from_below, from_above = _BOUNDS[:: -1 if group.key.is_folded else 1]
            met &= ~from_above[self.qualifiers]
            fails &= ~from_below[self.qualifiers]
        # One threshold: without a value the verdict is missing; several or none: undetermined.
        undecided = _UNDETERMINED + (strictest == loosest).view(np.uint8)
        codes = np.where(met, _MET, np.where(fails, _NOT_MET, undecided))
        np.copyto(codes, undecided, where=self.missing)
        return codes

    def _correct_bounds(
        self, codes: _Codes, thresholds: NDArray[np.int64], *, is_folded: bool
    ) -> None:
        """Judge again, one by one, the few values that are bounds and not exact."""
        if self.qualifiers is None:
            return
        rows, columns = np.nonzero(self.qualifiers > _ESTIMATE)
        if not len(rows):
            return
        value, qualifier = self.values[rows, columns], self.qualifiers[rows, columns]
        threshold = thresholds[rows if len(thresholds) > 1 else 0, columns]
        from_below, from_above = _BOUNDS[:: -1 if is_folded else 1]
        met = (value >= threshold) & ~from_above[qualifier]
        fails = (value < threshold) | ((value == threshold) & (qualifier >= _ABOVE))
        fails &= ~from_below[qualifier]
        judged = np.where(met, _MET, np.where(fails, _NOT_MET, _MISSING))
        judged[self.missing[rows, columns]] = _MISSING
        codes[rows, columns] = judged


def _thresholds(rows: NDArray[np.int64], combination: NDArray[np.intp]) -> NDArray[np.int64]:
    return rows[:1] if len(rows) == 1 else rows[combination]


def _combination(
    compiled: CompiledSet, sheets: SheetBlock, names: Sequence[str]
) -> NDArray[np.intp]:
    """Per area, the row of the threshold matrices: its attribute codes in mixed radix."""
    row = np.zeros(len(sheets.area_ids), np.intp)
    for name in names:
        attribute = compiled.criteria_set.attribute(name)
        column = sheets.attributes.get(name)
        row *= compiled.scales.width(name)
        if attribute is not None and column is not None:
            codes = [_code(compiled.scales, attribute, text) for text in column.categories]
            row += np.array([*codes, 0], np.intp)[column.codes]
    return row


def _code(scales: Scales, attribute: Attribute, text: str) -> int:
    known = known_value(attribute, text)
    if known is None:
        return 0
    if isinstance(known, str):
        return 1 + attribute.values.index(known)
    return bisect_right(scales.numbers[attribute.name], known)


def _recognition(sheets: SheetBlock, name: str) -> _Codes:
    column = sheets.attributes.get(name)
    if column is None:
        return np.full(len(sheets.area_ids), _UNDETERMINED, np.uint8)
    codes = [RECOGNISED.get(text, Verdict.UNDETERMINED) for text in column.categories]
    return np.array([*codes, Verdict.UNDETERMINED], np.uint8)[column.codes]


def _combine(operation: Operation, lines: _Codes, recognised: _Codes | None) -> _Codes | np.uint8:
    """The verdicts of one operation; `recognised` holds the block's attribute verdicts."""
    if operation.kind == "recognition" and recognised is not None:
        return recognised
    if operation.kind == "undecided":
        return _UNDETERMINED
    parts = [lines[place] for place in operation.columns]
    if operation.kind == "all_of":
        return np.asarray(reduce(np.minimum, parts))
    if operation.kind == "if_present":
        return _pairwise(_IF_PRESENT, *parts)
    if operation.k == 1:
        return np.asarray(reduce(partial(_pairwise, _ANY_OF), parts))
    return _k_of_n(operation.k, parts)


def _pairwise(table: _Codes, left: _Codes, right: _Codes) -> _Codes:
    return np.asarray(table[left * np.uint8(len(Verdict)) + right])


def _k_of_n(k: int, parts: Sequence[_Codes]) -> _Codes:
    stacked = np.stack(parts)
    sure = np.count_nonzero(stacked >= _MET, axis=0)
    undetermined = np.count_nonzero(stacked == _UNDETERMINED, axis=0)
    missing = np.count_nonzero(stacked == _MISSING, axis=0)
    is_open = np.where(undetermined > 0, _UNDETERMINED, _MISSING)
    codes = np.where(sure + undetermined + missing < k, _NOT_MET, is_open)
    np.copyto(codes, _MET, where=sure >= k)
    np.copyto(codes, _NOT_APPLICABLE, where=(stacked == _NOT_APPLICABLE).all(axis=0))
    return codes.astype(np.uint8)
