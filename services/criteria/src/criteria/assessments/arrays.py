"""Judging a country at once: the same rules as `rules.judge`, over arrays of exact integers.

Areas are taken in blocks that stay in the processor's cache. Within a block the leaves' values are
gathered, compared with thresholds gathered by attribute combination, and combined column by column.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

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

_BLOCK = 512
_QUALIFIER = 0x7F
_ESTIMATE = 1
_AT_LEAST, _AT_MOST, _ABOVE, _BELOW = 2, 3, 4, 5

_Codes = NDArray[np.uint8]
_NOT_MET, _UNDETERMINED, _MISSING, _MET, _NOT_APPLICABLE = map(np.uint8, Verdict)


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
    width = len(plan.leaves) + len(plan.operations)
    indicators = np.empty((areas, len(plan.indicators)), np.uint8)
    conditions = np.empty((areas, len(plan.conditions)), np.uint8)
    combinations = [_combination(compiled, sheets, group.attributes) for group in plan.groups]
    first_days = plan.first_days(on)
    recognised = {
        entry.attribute: _recognition(sheets, entry.attribute)
        for entry in plan.operations
        if entry.kind == "recognition"
    }
    for start in range(0, areas, _BLOCK):
        rows = slice(start, min(start + _BLOCK, areas))
        columns = np.empty((rows.stop - start, width), np.uint8)
        leaves = _Leaves.read(plan, sheets, rows, on=on, first_days=first_days)
        for group, combination in zip(plan.groups, combinations, strict=True):
            columns[:, group.columns] = leaves.judge(group, combination[rows])
        for place, operation in enumerate(plan.operations, start=len(plan.leaves)):
            held = recognised.get(operation.attribute)
            columns[:, place] = _combine(operation, columns, None if held is None else held[rows])
        indicators[rows] = columns[:, plan.indicators]
        conditions[rows] = columns[:, plan.conditions]
    return _counted(plan, sheets.area_ids, indicators, conditions)


def _counted(
    plan: Plan, area_ids: Sequence[str], indicators: _Codes, conditions: _Codes
) -> VerdictBlock:
    criteria = np.minimum.reduceat(indicators, plan.criteria_starts, axis=1)
    criteria_verdicts = criteria.min(axis=1)
    verdicts = criteria_verdicts
    if conditions.shape[1]:
        verdicts = np.minimum(criteria_verdicts, conditions.min(axis=1))
    return VerdictBlock(
        area_ids=area_ids,
        indicators=indicators,
        criteria=criteria,
        conditions=conditions,
        verdicts=verdicts,
        criteria_verdicts=criteria_verdicts,
        indicators_met=np.count_nonzero(indicators >= Verdict.MET, axis=1),
        criteria_met=np.count_nonzero(criteria >= Verdict.MET, axis=1),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Leaves:
    """One block's gathered values, folded so that more is better; bounds only where some exist."""

    values: NDArray[np.int64]
    missing: NDArray[np.bool_]
    folded: NDArray[np.bool_]
    qualifiers: _Codes | None

    @classmethod
    def read(
        cls, plan: Plan, sheets: SheetBlock, rows: slice, *, on: date, first_days: NDArray[np.int32]
    ) -> "_Leaves":
        values = np.take(sheets.values[rows], plan.slots, axis=1)
        age = np.take(sheets.observed[rows], plan.slots, axis=1)
        # As unsigned numbers, days before the first that counts wrap round and lie beyond the last.
        age -= first_days
        stale = age.view(np.uint32) > (on.toordinal() - first_days).astype(np.uint32)
        qualifiers = np.take(sheets.qualifiers[rows], plan.slots, axis=1) & np.uint8(_QUALIFIER)
        if plan.attested.size:
            stale[:, plan.attested] |= qualifiers[:, plan.attested] != 0
        missing = stale | (values == MISSING)
        np.copyto(values, MISSING, where=stale)
        np.negative(values, out=values, where=plan.folded)
        has_bounds = bool((qualifiers > _ESTIMATE).any())
        return cls(values, missing, plan.folded, qualifiers if has_bounds else None)

    def judge(self, group: Group, combination: NDArray[np.intp]) -> _Codes:
        """The verdict codes of one group of leaves."""
        part = group.columns
        values, missing = self.values[:, part], self.missing[:, part]
        strictest = _thresholds(group.strictest, combination)
        met = values >= strictest
        if group.is_settled and self.qualifiers is None:
            codes = met.view(np.uint8) * _MET
            np.copyto(codes, _MISSING, where=missing)
            return codes
        loosest = _thresholds(group.loosest, combination)
        fails = values < loosest
        if self.qualifiers is not None:
            self._hold_back_bounds(part, met, fails, values == loosest)
        # One threshold: without a value the verdict is missing; several or none: undetermined.
        undecided = _UNDETERMINED + (strictest == loosest).view(np.uint8)
        codes = np.where(met, _MET, np.where(fails, _NOT_MET, undecided))
        np.copyto(codes, undecided, where=missing)
        return codes

    def _hold_back_bounds(
        self,
        part: slice,
        met: NDArray[np.bool_],
        fails: NDArray[np.bool_],
        is_at_loosest: NDArray[np.bool_],
    ) -> None:
        """A bound from above never meets, one from below never fails; "under 90" fails 90."""
        if self.qualifiers is None:
            return
        qualifiers = self.qualifiers[:, part]
        from_below = (qualifiers == _AT_LEAST) | (qualifiers == _ABOVE)
        from_above = (qualifiers == _AT_MOST) | (qualifiers == _BELOW)
        is_open = (qualifiers == _ABOVE) | (qualifiers == _BELOW)
        turned = self.folded[part] & (from_below | from_above)
        from_below, from_above = from_below ^ turned, from_above ^ turned
        fails |= is_at_loosest & is_open & from_above
        met &= ~from_above
        fails &= ~from_below


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


def _combine(operation: Operation, columns: _Codes, recognised: _Codes | None) -> _Codes | np.uint8:
    """The column of one operation; `recognised` holds the block's attribute verdicts."""
    if operation.kind == "recognition" and recognised is not None:
        return recognised
    if operation.kind == "undecided":
        return _UNDETERMINED
    parts = [columns[:, place] for place in operation.columns]
    if operation.kind == "all_of":
        return np.asarray(np.minimum.reduce(parts))
    if operation.kind == "if_present":
        return _if_present(*parts)
    return _k_of_n(operation.k, parts)


def _if_present(presence: _Codes, inner: _Codes) -> _Codes:
    is_undetermined = (presence == _UNDETERMINED) | (inner == _UNDETERMINED)
    is_decided = (presence == _MET) | (inner >= _MET)
    is_open = np.where(is_undetermined, _UNDETERMINED, _MISSING)
    codes = np.where(is_decided, inner, is_open)
    np.copyto(codes, _NOT_APPLICABLE, where=presence == _NOT_MET)
    return codes


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
