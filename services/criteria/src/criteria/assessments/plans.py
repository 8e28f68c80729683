"""A criteria set compiled for one year and one choice of versions: leaves, thresholds, operations.

A leaf is one comparison of one slot. "At most" leaves are folded onto "at least" by sign.
Thresholds that depend on attributes stand in two matrices, strictest and loosest, with a row for
every combination of attribute values, the unknown value included; an unknown threshold is
unreachable from both sides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from criteria.assessments.comparisons import scaled_threshold
from criteria.assessments.verdicts import Verdict
from criteria.criteria_sets.tables import (
    Candidates,
    candidates_of,
    dimensions_of,
    read_table,
    table_numbers,
)
from criteria.criteria_sets.tree import (
    YEAR,
    AllOf,
    AnyOf,
    BothSexes,
    Compare,
    CriteriaSet,
    IfPresent,
    KOfN,
    RecognitionHeld,
    Rule,
    ScoreSheet,
    Statement,
    ThresholdTable,
    Undecided,
    table_of,
    walk,
)
from criteria.measures.model import Measure, earliest_counting_day

UNREACHABLE = int(np.iinfo(np.int64).max)
MISSING = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison of one measure; `table` None: the constant `threshold`."""

    measure: Measure
    sign: int
    table: ThresholdTable | None
    threshold: int = 0
    is_attested: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """How one column is made from others: all_of, k_of_n, if_present, recognition, undecided."""

    kind: str
    columns: tuple[int, ...] = ()
    k: int = 0
    attribute: str = ""


class GroupKey(NamedTuple):
    """What the leaves of a group have in common; sorted, the dense group comes first."""

    is_sparse: bool
    attributes: tuple[str, ...]
    is_folded: bool
    is_attested: bool


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Leaves that are compared together: a threshold row for each combination of attributes.

    The dense group compares every slot at once, without gathering; its row has a threshold for
    every slot, and `slots` picks the verdicts that mean something.
    """

    key: GroupKey
    columns: slice
    slots: NDArray[np.intp]
    strictest: NDArray[np.int64]
    loosest: NDArray[np.int64]
    is_settled: bool


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """All that evaluation needs; leaf columns first, then one column per operation."""

    leaves: int
    measures: tuple[Measure, ...]
    slots: int
    groups: tuple[Group, ...]
    operations: tuple[Operation, ...]
    indicators: NDArray[np.intp]
    criteria_starts: NDArray[np.intp]
    conditions: NDArray[np.intp]

    @property
    def width(self) -> int:
        return self.leaves + len(self.operations)

    def first_days(self, on: date) -> NDArray[np.int32]:
        """Per slot, the ordinal of the earliest observation day that still counts."""
        days = np.zeros(self.slots, np.int32)
        for measure in self.measures:
            first = earliest_counting_day(measure, on=on)
            days[measure.slot] = first.toordinal() if first else 0
        return days


@dataclass(frozen=True, slots=True)
class Scales:
    """How attribute values are numbered: 0 is unknown, then named values or number stretches."""

    names: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, tuple[int, ...]]

    def width(self, attribute: str) -> int:
        return 1 + len(self.names.get(attribute) or self.numbers[attribute])

    def texts(self, attribute: str) -> tuple[str | None, ...]:
        """One attribute text for each code."""
        named = self.names.get(attribute)
        return (None, *(named if named is not None else map(str, self.numbers[attribute])))


def scales_of(criteria_set: CriteriaSet) -> Scales:
    """Number the attribute values of a set; stretches of numbers are cut where any table cuts."""
    roots = [version.rule for entry in criteria_set.indicators for version in entry.versions]
    roots += [condition.rule for condition in criteria_set.conditions]
    tables = [t for root in roots for part in walk(root) if (t := table_of(part))]
    return Scales(
        names={a.name: a.values for a in criteria_set.attributes if not a.is_number},
        numbers=table_numbers(criteria_set, tables),
    )


def build_plan(
    criteria_set: CriteriaSet, measures: Mapping[str, Measure], *, scales: Scales, on: date
) -> Plan:
    """Compile the versions in force on a day, for its year of review."""
    builder = _Builder(criteria_set, measures, scales=scales, year=on.year)
    indicators: list[int] = []
    for indicator in criteria_set.indicators:
        version = indicator.version_on(on)
        indicators.append(builder.add(version.rule) if version else builder.add_undecided())
    conditions = [builder.add(condition.rule) for condition in criteria_set.conditions]
    sizes = [len(criterion.indicators) for criterion in criteria_set.criteria]
    return builder.finish(indicators, sizes=sizes, conditions=conditions)


class _Builder:
    """Collects leaves and operations; columns are renumbered when leaves are put into groups."""

    def __init__(
        self,
        criteria_set: CriteriaSet,
        measures: Mapping[str, Measure],
        *,
        scales: Scales,
        year: int,
    ) -> None:
        self._set = criteria_set
        self._measures = measures
        self._scales = scales
        self._year = year
        self._leaves: dict[Leaf, int] = {}
        self._operations: list[Operation] = []
        self._candidates: dict[tuple[str | None, ...], dict[str, Candidates]] = {}

    def add(self, rule: Rule) -> int:
        """The column of a rule: leaves count from 0 up, operations from -1 down."""
        if isinstance(rule, Compare):
            sides = {"at_most": (-1,), "equals": (1, -1)}.get(rule.kind, (1,))
            return self._all([self._leaf(rule.measure, side, rule.table) for side in sides])
        if isinstance(rule, Statement):
            return self._statement(rule)
        if isinstance(rule, BothSexes):
            side = -1 if rule.kind == "at_most" else 1
            codes = (f"{rule.measure}.male", f"{rule.measure}.female")
            return self._all([self._leaf(code, side, rule.table) for code in codes])
        if isinstance(rule, ScoreSheet):
            score = self._leaf(rule.measure, 1, rule.table)
            items = [self._statement(Statement("yes", code)) for code in rule.mandatory]
            return self._all([score, *items])
        if isinstance(rule, AllOf):
            return self._all([self.add(part) for part in rule.rules])
        if isinstance(rule, AnyOf | KOfN):
            k = rule.k if isinstance(rule, KOfN) else 1
            columns = tuple(self.add(part) for part in rule.rules)
            return self._operation(Operation("k_of_n", columns, k=k))
        return self._add_rest(rule)

    def _add_rest(self, rule: IfPresent | RecognitionHeld | Undecided) -> int:
        if isinstance(rule, IfPresent):
            presence = self._statement(Statement("yes", rule.measure))
            return self._operation(Operation("if_present", (presence, self.add(rule.rule))))
        if isinstance(rule, RecognitionHeld):
            return self._operation(Operation("recognition", attribute=rule.attribute))
        return self.add_undecided()

    def add_undecided(self) -> int:
        return self._operation(Operation("undecided"))

    def _operation(self, operation: Operation) -> int:
        self._operations.append(operation)
        return -len(self._operations)

    def _all(self, columns: Sequence[int]) -> int:
        if len(columns) == 1:
            return columns[0]
        return self._operation(Operation("all_of", tuple(columns)))

    def _statement(self, rule: Statement) -> int:
        sign, threshold = (-1, 0) if rule.kind == "no" else (1, 1)
        measure = self._measures[rule.measure]
        leaf = Leaf(measure, sign, None, threshold, is_attested=rule.kind == "attested")
        return self._leaves.setdefault(leaf, len(self._leaves))

    def _leaf(self, code: str, sign: int, table: ThresholdTable) -> int:
        leaf = Leaf(self._measures[code], sign, table)
        if not self._key(leaf) and not self._folded(leaf, {}):
            return self.add_undecided()
        return self._leaves.setdefault(leaf, len(self._leaves))

    def finish(self, indicators: list[int], *, sizes: list[int], conditions: list[int]) -> Plan:
        """Order the leaves by group, translate all columns, and lay the thresholds out."""
        keys = self._group_keys()
        ordered = sorted(self._leaves, key=lambda leaf: (keys[leaf], self._leaves[leaf]))
        place = {self._leaves[leaf]: position for position, leaf in enumerate(ordered)}
        place |= {-(i + 1): len(ordered) + i for i in range(len(self._operations))}
        operations = tuple(
            Operation(entry.kind, tuple(place[c] for c in entry.columns), entry.k, entry.attribute)
            for entry in self._operations
        )
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.intp)
        slots = 1 + max((leaf.measure.slot for leaf in ordered), default=0)
        return Plan(
            leaves=len(ordered),
            measures=tuple(leaf.measure for leaf in ordered),
            slots=slots,
            groups=tuple(self._groups(ordered, keys, slots)),
            operations=operations,
            indicators=np.array([place[column] for column in indicators], np.intp),
            criteria_starts=starts,
            conditions=np.array([place[column] for column in conditions], np.intp),
        )

    def _group_keys(self) -> dict[Leaf, GroupKey]:
        """Constant, unfolded leaves are dense, one for each slot; the others are gathered."""
        keys: dict[Leaf, GroupKey] = {}
        dense: set[int] = set()
        for leaf in self._leaves:
            attributes = self._key(leaf)
            is_plain = not attributes and leaf.sign > 0 and not leaf.is_attested
            is_dense = is_plain and leaf.measure.slot not in dense
            if is_dense:
                dense.add(leaf.measure.slot)
            keys[leaf] = GroupKey(not is_dense, attributes, leaf.sign < 0, leaf.is_attested)
        return keys

    def _key(self, leaf: Leaf) -> tuple[str, ...]:
        """The attributes that decide a leaf's threshold, those of overrides included."""
        dimensions = set(dimensions_of(leaf.table)) - {YEAR} if leaf.table else set()
        for override in self._set.overrides:
            if override.dimension in dimensions:
                dimensions |= {override.attribute}
        return tuple(sorted(dimensions))

    def _groups(
        self, leaves: Sequence[Leaf], keys: Mapping[Leaf, GroupKey], slots: int
    ) -> Iterator[Group]:
        start = 0
        for key, members in groupby(leaves, key=lambda leaf: keys[leaf]):
            group = tuple(members)
            pairs = [self._thresholds(leaf, key.attributes) for leaf in group]
            strictest = np.array([strict for strict, _ in pairs], np.int64).T
            loosest = np.array([loose for _, loose in pairs], np.int64).T
            own = np.array([leaf.measure.slot for leaf in group], np.intp)
            if not key.is_sparse:
                row = np.zeros((1, slots), np.int64)
                row[0, own] = strictest[0]
                strictest = loosest = row
            yield Group(
                key,
                slice(start, start + len(group)),
                own,
                np.ascontiguousarray(strictest),
                np.ascontiguousarray(loosest),
                is_settled=bool(np.array_equal(strictest, loosest)),
            )
            start += len(group)

    def _thresholds(self, leaf: Leaf, key: tuple[str, ...]) -> tuple[list[int], list[int]]:
        """Strictest and loosest folded threshold for each combination of attribute values."""
        strictest: list[int] = []
        loosest: list[int] = []
        for texts in product(*(self._scales.texts(name) for name in key)):
            folded = self._folded(leaf, dict(zip(key, texts, strict=True)))
            strictest.append(max(folded) if folded else UNREACHABLE)
            loosest.append(min(folded) if folded else MISSING)
        return strictest, loosest

    def _folded(self, leaf: Leaf, attributes: dict[str, str | None]) -> list[int]:
        if leaf.table is None:
            return [leaf.sign * leaf.threshold]
        names = tuple(attributes.get(entry.name) for entry in self._set.attributes)
        if names not in self._candidates:
            self._candidates[names] = candidates_of(
                self._set, attributes=attributes, year=self._year, numbers=self._scales.numbers
            )
        thresholds = read_table(leaf.table, self._candidates[names]).thresholds or ()
        return [leaf.sign * scaled_threshold(t, measure=leaf.measure) for t in thresholds]


RECOGNISED = {"yes": Verdict.MET, "no": Verdict.NOT_MET}
