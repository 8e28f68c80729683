"""A set's own test cases: data inside the set that must come out as written before publishing."""

from collections.abc import Mapping
from typing import cast, get_args

from criteria.assessments.model import Assessment, Qualifier, Value
from criteria.assessments.rules import judge
from criteria.criteria_sets.findings import Finding
from criteria.criteria_sets.ratios import sums_of
from criteria.criteria_sets.tree import Case, CriteriaSet
from criteria.measures.model import Measure, Refusal, to_scaled

_CRITERION = "criteria/"
_WHOLE = "set"


def failed_cases(criteria_set: CriteriaSet, measures: Mapping[str, Measure]) -> list[Finding]:
    """A finding for each expectation that does not come true, and one when there are no cases."""
    if not criteria_set.cases:
        vi, en = "Bộ tiêu chí phải có ca kiểm thử.", "The set must have test cases."
        return [Finding("/test_cases", "no-test-cases", vi, en)]
    findings: list[Finding] = []
    for index, case in enumerate(criteria_set.cases):
        findings += _run(criteria_set, measures, case, f"/test_cases/{index}")
    return findings


def _run(
    criteria_set: CriteriaSet, measures: Mapping[str, Measure], case: Case, pointer: str
) -> list[Finding]:
    findings: list[Finding] = []
    values: dict[str, Value] = {}
    for code in case.values:
        value = _value(measures, case, code)
        if isinstance(value, Value):
            values[code] = value
        else:
            findings.append(Finding(f"{pointer}/values/{code}", *value))
    if findings:
        return findings
    assessment = judge(
        criteria_set, measures=measures, values=values, attributes=case.attributes, on=case.on
    )
    found = _verdicts(assessment)
    for ratio in criteria_set.ratios:
        sums = sums_of(ratio, values, measures=measures, on=case.on)
        found[ratio.code] = (sums.percent() if sums else None) or "missing"
    for name, expected in case.expect.items():
        if found.get(name) != expected:
            got = found.get(name, "?")
            vi = f"“{case.name}”: {name} phải là {expected}, kết quả là {got}."
            en = f'"{case.name}": {name} should be {expected} but is {got}.'
            findings.append(Finding(f"{pointer}/expect/{name}", "test-case-failed", vi, en))
    return findings


def _verdicts(assessment: Assessment) -> dict[str, str]:
    found = {entry.number: entry.verdict.code for entry in assessment.indicators}
    criteria = {f"{_CRITERION}{c.number}": c.verdict.code for c in assessment.criteria}
    return {**found, **criteria, _WHOLE: assessment.verdict.code}


def _value(measures: Mapping[str, Measure], case: Case, code: str) -> Value | tuple[str, str, str]:
    entry = case.values[code]
    if code not in measures:
        return "unknown-measure", f"Không có số liệu “{code}”.", f'There is no measure "{code}".'
    if entry.qualifier not in get_args(Qualifier):
        names = ", ".join(get_args(Qualifier))
        return "not-a-choice", f"Phải là: {names}.", f"One of: {names}."
    scaled = to_scaled(measures[code], entry.value)
    if isinstance(scaled, Refusal):
        return scaled.code, *scaled.reason
    return Value(scaled, cast(Qualifier, entry.qualifier), entry.observed_on or case.on, 0)
