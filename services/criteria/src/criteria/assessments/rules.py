"""Judging one area by one criteria set, with the full trace; and when its verdict may change.

Pure and exact: scaled integers against scaled integers. Legal basis: the set's own decisions; how
open values combine is the strong three-valued logic of `verdicts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from criteria.assessments import reasons, verdicts
from criteria.assessments.comparisons import compare, scaled_threshold
from criteria.assessments.model import (
    Assessment,
    ConditionResult,
    CriterionResult,
    Evidence,
    IndicatorResult,
    RuleResult,
    ThresholdUse,
    Value,
)
from criteria.assessments.verdicts import Verdict
from criteria.criteria_sets.tables import (
    Candidates,
    Reading,
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
    CompareKind,
    CriteriaSet,
    Criterion,
    Delegated,
    IfPresent,
    Indicator,
    KOfN,
    RecognitionHeld,
    Rule,
    ScoreSheet,
    Statement,
    ThresholdTable,
    measures_of,
    table_of,
    walk,
)
from criteria.measures.model import Measure, expires_on

__all__ = ["Assessment", "Value", "boundaries", "judge"]


def judge(
    criteria_set: CriteriaSet,
    *,
    measures: Mapping[str, Measure],
    values: Mapping[str, Value],
    attributes: Mapping[str, str | None],
    on: date,
) -> Assessment:
    """Judge one area on a date; the set must have passed its check."""
    tables = [table for rule in _rules_of(criteria_set) if (table := table_of(rule))]
    candidates = candidates_of(
        criteria_set,
        attributes=attributes,
        year=on.year,
        numbers=table_numbers(criteria_set, tables),
    )
    bench = _Bench(criteria_set.code, measures, values, attributes, on, candidates)
    criteria = tuple(bench.criterion(criterion) for criterion in criteria_set.criteria)
    conditions = tuple(
        ConditionResult(entry.code, entry.name_vi, entry.name_en, result.verdict, result)
        for entry in criteria_set.conditions
        for result in (bench.rule(entry.rule, f"{entry.code}"),)
    )
    counted = verdicts.all_of([criterion.verdict for criterion in criteria])
    everything = [criterion.verdict for criterion in criteria]
    everything += [condition.verdict for condition in conditions]
    return Assessment(
        criteria_set=criteria_set.code,
        on=on,
        is_demonstration=criteria_set.is_demonstration,
        verdict=verdicts.all_of(everything),
        criteria_verdict=counted,
        criteria=criteria,
        conditions=conditions,
    )


def boundaries(
    criteria_set: CriteriaSet,
    *,
    measures: Mapping[str, Measure],
    values: Mapping[str, Value],
    after: date,
    until: date,
) -> list[date]:
    """The days in (after, until] on which a verdict may change without a new value."""
    days = {criteria_set.from_on}
    if criteria_set.to_on:
        days.add(criteria_set.to_on + timedelta(days=1))
    days |= {version.from_on for entry in criteria_set.indicators for version in entry.versions}
    rules = list(_rules_of(criteria_set))
    if any(YEAR in dimensions_of(table) for rule in rules if (table := table_of(rule))):
        days |= {date(year, 1, 1) for year in range(after.year, until.year + 1)}
    for code in {code for rule in rules for code in measures_of(rule)} & set(values):
        observed_on = values[code].observed_on
        expiry = expires_on(measures[code], observed_on=observed_on)
        days |= {observed_on} | ({expiry} if expiry else set())
    return sorted(day for day in days if after < day <= until)


def _rules_of(criteria_set: CriteriaSet) -> list[Rule]:
    roots = [version.rule for entry in criteria_set.indicators for version in entry.versions]
    roots += [condition.rule for condition in criteria_set.conditions]
    return [part for root in roots for part in walk(root)]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What stays the same while one area is judged."""

    set_code: str
    measures: Mapping[str, Measure]
    values: Mapping[str, Value]
    attributes: Mapping[str, str | None]
    on: date
    candidates: Mapping[str, Candidates]

    def criterion(self, criterion: Criterion) -> CriterionResult:
        indicators = tuple(self.indicator(entry) for entry in criterion.indicators)
        verdict = verdicts.all_of([indicator.verdict for indicator in indicators])
        names = (criterion.number, criterion.name_vi, criterion.name_en)
        return CriterionResult(*names, verdict, indicators)

    def indicator(self, indicator: Indicator) -> IndicatorResult:
        version = indicator.version_on(self.on)
        if version is None:
            result = RuleResult("none", Verdict.UNDETERMINED, reasons.NO_VERSION)
            return IndicatorResult(
                indicator.number,
                indicator.name_vi,
                indicator.name_en,
                result.verdict,
                None,
                None,
                rests_on_estimate=False,
                rule=result,
            )
        key = f"{indicator.number}@{version.from_on.isoformat()}"
        result = self.rule(version.rule, key)
        return IndicatorResult(
            number=indicator.number,
            name_vi=version.name_vi or indicator.name_vi,
            name_en=version.name_en or indicator.name_en,
            verdict=result.verdict,
            legal_basis=version.legal_basis,
            version_from=version.from_on,
            rests_on_estimate=_rests_on_estimate(result),
            rule=result,
        )

    def rule(self, rule: Rule, key: str) -> RuleResult:
        """Judge one rule; `key` names its table in the trace."""
        if isinstance(rule, Compare):
            return self._compare(rule.kind, rule.measure, rule.table, key)
        if isinstance(rule, Statement):
            return self._statement(rule.kind, rule.measure)
        if isinstance(rule, BothSexes):
            sexes = (f"{rule.measure}.male", f"{rule.measure}.female")
            parts = [self._compare(rule.kind, code, rule.table, key) for code in sexes]
            return _combined("both_sexes", verdicts.all_of(_codes(parts)), parts)
        if isinstance(rule, ScoreSheet):
            return self._score_sheet(rule, key)
        if isinstance(rule, RecognitionHeld):
            return self._recognition(rule)
        if isinstance(rule, IfPresent):
            return self._if_present(rule, key)
        if isinstance(rule, AllOf | AnyOf | KOfN):
            return self._combination(rule, key)
        parts = [self._bare(code) for code in rule.measures]
        reason = reasons.undecided(rule.cell)
        return RuleResult("undecided", Verdict.UNDETERMINED, reason, parts=tuple(parts))

    def _combination(self, rule: AllOf | AnyOf | KOfN, key: str) -> RuleResult:
        parts = [self.rule(part, f"{key}/{index}") for index, part in enumerate(rule.rules)]
        if isinstance(rule, AllOf):
            return _combined("all_of", verdicts.all_of(_codes(parts)), parts)
        if isinstance(rule, AnyOf):
            return _combined("any_of", verdicts.any_of(_codes(parts)), parts)
        return _combined("k_of_n", verdicts.k_of_n(rule.k, _codes(parts)), parts)

    def _if_present(self, rule: IfPresent, key: str) -> RuleResult:
        presence = self._statement("yes", rule.measure)
        inner = self.rule(rule.rule, f"{key}/rule")
        verdict = verdicts.if_present(presence.verdict, inner.verdict)
        reason = reasons.presence(self.measures[rule.measure], verdict)
        return RuleResult("if_present", verdict, reason, presence.evidence, parts=(inner,))

    def _score_sheet(self, rule: ScoreSheet, key: str) -> RuleResult:
        parts = [self._compare("at_least", rule.measure, rule.table, key)]
        parts += [self._statement("yes", code) for code in rule.mandatory]
        return _combined("score_sheet", verdicts.all_of(_codes(parts)), parts)

    def _recognition(self, rule: RecognitionHeld) -> RuleResult:
        held = self.attributes.get(rule.attribute)
        known = {"yes": Verdict.MET, "no": Verdict.NOT_MET}
        verdict = known.get(held or "", Verdict.UNDETERMINED)
        return RuleResult("recognition_held", verdict, reasons.recognition(rule.tier, verdict))

    def _statement(self, kind: Literal["yes", "no", "attested"], code: str) -> RuleResult:
        evidence = self._evidence(code)
        value = evidence.value if evidence.counts else None
        if kind == "attested" and value is not None and value.qualifier != "actual":
            value = None
        side: CompareKind = "at_most" if kind == "no" else "at_least"
        verdict = compare(side, value, thresholds=(0 if kind == "no" else 1,))
        reason = reasons.statement(kind, evidence, verdict)
        return RuleResult(kind, verdict, reason, evidence)

    def _compare(self, kind: CompareKind, code: str, table: ThresholdTable, key: str) -> RuleResult:
        measure = self.measures[code]
        evidence = self._evidence(code)
        value = evidence.value if evidence.counts else None
        reading = read_table(table, self.candidates)
        thresholds = None
        if reading.thresholds is not None:
            thresholds = [
                scaled_threshold(number, measure=measure) for number in reading.thresholds
            ]
        verdict = compare(kind, value, thresholds=thresholds)
        use = self._use(table, reading, key)
        reason = reasons.comparison(kind, measure, evidence, use, verdict)
        gap = None
        if verdict is Verdict.NOT_MET and value and thresholds and len(thresholds) == 1:
            gap = measure.text(abs(thresholds[0] - value.scaled))
        return RuleResult(kind, verdict, reason, evidence, use, gap)

    def _use(self, table: ThresholdTable, reading: Reading, key: str) -> ThresholdUse:
        rows = [table.rows[index] for index in reading.rows]
        delegated = next((row.cell.to for row in rows if isinstance(row.cell, Delegated)), None)
        values = tuple(map(str, reading.thresholds or ()))
        marks = tuple(row.provenance for row in rows)
        return ThresholdUse(self.set_code, key, reading.rows, values, delegated, marks)

    def _evidence(self, code: str) -> Evidence:
        value = self.values.get(code)
        if value is None:
            return Evidence(code, None, None, counts=False)
        measure = self.measures[code]
        expiry = expires_on(measure, observed_on=value.observed_on)
        counts = value.observed_on <= self.on and (expiry is None or self.on < expiry)
        return Evidence(code, value, measure.text(value.scaled), counts)

    def _bare(self, code: str) -> RuleResult:
        evidence = self._evidence(code)
        verdict = Verdict.UNDETERMINED
        return RuleResult("value", verdict, reasons.bare(evidence), evidence)


def _codes(parts: list[RuleResult]) -> list[Verdict]:
    return [part.verdict for part in parts]


def _combined(kind: str, verdict: Verdict, parts: list[RuleResult]) -> RuleResult:
    return RuleResult(
        kind, verdict, reasons.combined(kind, verdict, _codes(parts)), parts=(*parts,)
    )


def _rests_on_estimate(result: RuleResult) -> bool:
    evidence = result.evidence
    own = evidence is not None and evidence.counts and evidence.value is not None
    if own and evidence is not None and evidence.value and evidence.value.qualifier == "estimate":
        return True
    return any(_rests_on_estimate(part) for part in result.parts)
