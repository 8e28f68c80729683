"""Whether one rule is at least as strict as another: what an overlay is allowed to change."""

from collections.abc import Callable
from itertools import product
from typing import Literal

from criteria.criteria_sets.findings import Finding
from criteria.criteria_sets.tables import axis_of, dimensions_of, read_point
from criteria.criteria_sets.tree import (
    AllOf,
    AnyOf,
    BothSexes,
    Cell,
    Compare,
    CompareKind,
    CriteriaSet,
    IfPresent,
    Known,
    KOfN,
    Rule,
    ScoreSheet,
    Statement,
    ThresholdTable,
    Undecided,
    Unknown,
)

Fault = Literal["loosens", "fills-unknown", "different-rule"]

_MESSAGES: dict[Fault, tuple[str, str]] = {
    "loosens": (
        "Quy định lỏng hơn bộ được kế thừa.",
        "The rule is looser than the one it extends.",
    ),
    "fills-unknown": (
        "Chỉ bộ trình diễn mới được điền ngưỡng chưa rõ.",
        "Only a demonstration set may fill an unknown threshold.",
    ),
    "different-rule": (
        "Quy tắc khác loại hoặc khác số liệu so với bộ được kế thừa.",
        "The rule is of another kind, or about other measures, than the one it extends.",
    ),
}


class Comparison:
    """Compares rules within the merged set and collects what an overlay may not do."""

    def __init__(self, merged: CriteriaSet) -> None:
        self._set = merged
        self.findings: list[Finding] = []

    def compare(self, national: Rule, provincial: Rule, *, place: str) -> None:
        """Note a finding unless the provincial rule is at least as strict."""
        fault = self._fault(national, provincial)
        if fault is not None:
            vi, en = _MESSAGES[fault]
            self.findings.append(Finding(place, fault, f"{place}: {vi}", f"{place}: {en}"))

    def _fault(self, national: Rule, provincial: Rule) -> Fault | None:
        if national == provincial:
            return None
        if isinstance(national, Undecided):
            is_unknown = isinstance(national.cell, Unknown) and not isinstance(
                provincial, Undecided
            )
            return "fills-unknown" if is_unknown and not self._set.is_demonstration else None
        if isinstance(national, IfPresent):
            return self._of_presence(national, provincial)
        if isinstance(national, AllOf):
            return self._of_all(national, provincial)
        if isinstance(provincial, AllOf):
            return self._best(lambda part: self._fault(national, part), provincial.rules)
        if isinstance(national, AnyOf):
            return self._of_any(national, provincial)
        if isinstance(national, KOfN):
            return self._of_k(national, provincial)
        return self._of_leaf(national, provincial)

    def _best(self, fault: Callable[[Rule], Fault | None], rules: tuple[Rule, ...]) -> Fault | None:
        """No fault when one of the rules has none; else the fault that says most."""
        faults = [fault(rule) for rule in rules]
        if None in faults:
            return None
        return next((found for found in faults if found != "different-rule"), "different-rule")

    def _of_presence(self, national: IfPresent, provincial: Rule) -> Fault | None:
        if isinstance(provincial, IfPresent):
            if national.measure != provincial.measure:
                return "different-rule"
            return self._fault(national.rule, provincial.rule)
        return self._fault(national.rule, provincial)

    def _of_all(self, national: AllOf, provincial: Rule) -> Fault | None:
        """Every national part needs its match; parts may be added."""
        parts = provincial.rules if isinstance(provincial, AllOf) else (provincial,)
        for wanted in national.rules:
            fault = self._best(lambda part, wanted=wanted: self._fault(wanted, part), parts)  # type: ignore[misc]
            if fault is not None:
                return fault
        return None

    def _of_any(self, national: AnyOf, provincial: Rule) -> Fault | None:
        """Alternatives may be dropped, not added."""
        parts = provincial.rules if isinstance(provincial, AnyOf) else (provincial,)
        for part in parts:
            fault = self._best(lambda wanted, part=part: self._fault(wanted, part), national.rules)  # type: ignore[misc]
            if fault is not None:
                return fault
        return None

    def _of_k(self, national: KOfN, provincial: Rule) -> Fault | None:
        if not isinstance(provincial, KOfN) or len(provincial.rules) != len(national.rules):
            return "different-rule"
        if provincial.k < national.k:
            return "loosens"
        pairs = zip(national.rules, provincial.rules, strict=True)
        return next((fault for pair in pairs if (fault := self._fault(*pair))), None)

    def _of_leaf(self, national: Rule, provincial: Rule) -> Fault | None:
        if isinstance(national, Statement) and isinstance(provincial, Statement):
            firmer = (national.kind, provincial.kind) == ("yes", "attested")
            same = national.measure == provincial.measure
            return None if firmer and same else "different-rule"
        if isinstance(national, ScoreSheet) and isinstance(provincial, ScoreSheet):
            if national.measure != provincial.measure:
                return "different-rule"
            if not set(national.mandatory) <= set(provincial.mandatory):
                return "loosens"
            return self._of_tables("at_least", national.table, provincial.table)
        if isinstance(national, Compare | BothSexes) and isinstance(
            provincial, Compare | BothSexes
        ):
            wanted = (type(national), national.kind, national.measure)
            if wanted != (type(provincial), provincial.kind, provincial.measure):
                return "different-rule"
            return self._of_tables(national.kind, national.table, provincial.table)
        return "different-rule"

    def _of_tables(
        self, kind: CompareKind, national: ThresholdTable, provincial: ThresholdTable
    ) -> Fault | None:
        tables = (national, provincial)
        names = sorted({name for table in tables for name in dimensions_of(table)})
        axes = [axis_of(self._set, tables, name) for name in names]
        for values in product(*axes):
            point = dict(zip(names, values, strict=True))
            wanted, given = (_cell(table, point) for table in tables)
            fault = self._of_cells(kind, wanted, given)
            if fault is not None:
                return fault
        return None

    def _of_cells(self, kind: CompareKind, wanted: Cell | None, given: Cell | None) -> Fault | None:
        if isinstance(wanted, Unknown) and isinstance(given, Known):
            return None if self._set.is_demonstration else "fills-unknown"
        if not isinstance(wanted, Known):
            return None
        if not isinstance(given, Known):
            return "loosens"
        places = max(wanted.number.places, given.number.places)
        least, most = wanted.number.scaled(places) or 0, given.number.scaled(places) or 0
        if kind == "equals":
            return None if least == most else "loosens"
        is_strict = most <= least if kind == "at_most" else most >= least
        return None if is_strict else "loosens"


def _cell(table: ThresholdTable, point: dict[str, str | int]) -> Cell | None:
    index = read_point(table, point)
    return None if index is None else table.rows[index].cell
