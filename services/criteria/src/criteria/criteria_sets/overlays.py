"""A set that extends another: it fills what is delegated, may tighten and add, never loosen.

The overlay restates the indicators it changes, whole; everything else is taken over. A set marked
demonstration may also fill what is unknown.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from criteria.criteria_sets.findings import Finding, Malformed
from criteria.criteria_sets.tightening import Comparison
from criteria.criteria_sets.tree import Condition, CriteriaSet, Criterion, Indicator, Version


def overlay(national: CriteriaSet, provincial: CriteriaSet) -> CriteriaSet:
    """The whole set that results; raises `Malformed` where the overlay loosens or does not fit."""
    findings = _fit_findings(national, provincial)
    merged = replace(
        provincial,
        attributes=provincial.attributes or national.attributes,
        overrides=provincial.overrides or national.overrides,
        bands=provincial.bands or national.bands,
        conditions=(*national.conditions, *_new_conditions(national, provincial)),
        criteria=(),
    )
    comparison = Comparison(merged)
    standing = _clipped(national, first=provincial.from_on, last=provincial.to_on)
    criteria = _merge_criteria(standing, provincial, comparison)
    findings += comparison.findings
    if findings:
        raise Malformed(findings)
    return replace(merged, criteria=criteria)


def _fit_findings(national: CriteriaSet, provincial: CriteriaSet) -> list[Finding]:
    findings: list[Finding] = []
    pairs = (
        ("extends", provincial.extends, national.code),
        ("tier", provincial.tier, national.tier),
        ("area_kind", provincial.area_kind, national.area_kind),
    )
    for name, given, wanted in pairs:
        if given != wanted:
            vi = f"Phải là “{wanted}” như bộ tiêu chí được kế thừa."
            en = f'Must be "{wanted}" like the set it extends.'
            findings.append(Finding(f"/{name}", "does-not-fit", vi, en))
    is_later = provincial.from_on >= national.from_on
    is_inside = national.to_on is None or (
        provincial.to_on is not None and provincial.to_on <= national.to_on
    )
    if not (is_later and is_inside):
        vi, en = "Thời hạn vượt ra ngoài bộ được kế thừa.", "The span leaves the set it extends."
        findings.append(Finding("/from", "does-not-fit", vi, en))
    return findings


def _new_conditions(national: CriteriaSet, provincial: CriteriaSet) -> tuple[Condition, ...]:
    known = {condition.code for condition in national.conditions}
    return tuple(entry for entry in provincial.conditions if entry.code not in known)


def _merge_criteria(
    national: CriteriaSet, provincial: CriteriaSet, comparison: Comparison
) -> tuple[Criterion, ...]:
    changed = {criterion.number: criterion for criterion in provincial.criteria}
    merged: list[Criterion] = []
    for criterion in national.criteria:
        change = changed.pop(criterion.number, None)
        extra = change.indicators if change else ()
        indicators = _merge_indicators(criterion.indicators, extra, comparison)
        merged.append(replace(criterion, indicators=indicators))
    return (*merged, *changed.values())


def _merge_indicators(
    national: Sequence[Indicator], provincial: Sequence[Indicator], comparison: Comparison
) -> tuple[Indicator, ...]:
    changed = {indicator.number: indicator for indicator in provincial}
    merged: list[Indicator] = []
    for indicator in national:
        change = changed.pop(indicator.number, None)
        if change is None:
            merged.append(indicator)
            continue
        versions = _merge_versions(indicator, change, comparison)
        merged.append(replace(indicator, versions=versions))
    return (*merged, *changed.values())


def _merge_versions(
    national: Indicator, provincial: Indicator, comparison: Comparison
) -> tuple[Version, ...]:
    """Versions that begin on the same day are replaced, the others stay.

    Every national version begins a merged one, so each merged version meets one national rule.
    """
    by_day = {version.from_on: version for version in national.versions}
    for version in provincial.versions:
        by_day[version.from_on] = version
        wanted = national.version_on(version.from_on)
        if wanted is not None:
            place = f"{national.number}@{version.from_on.isoformat()}"
            comparison.compare(wanted.rule, version.rule, place=place)
    return tuple(by_day[day] for day in sorted(by_day))


def _clipped(criteria_set: CriteriaSet, *, first: date, last: date | None) -> CriteriaSet:
    """The set as it stands in a narrower span: versions that ended earlier or begin later go."""
    criteria = tuple(
        replace(
            criterion,
            indicators=tuple(
                replace(indicator, versions=_clipped_versions(indicator, first=first, last=last))
                for indicator in criterion.indicators
            ),
        )
        for criterion in criteria_set.criteria
    )
    return replace(criteria_set, criteria=criteria)


def _clipped_versions(
    indicator: Indicator, *, first: date, last: date | None
) -> tuple[Version, ...]:
    standing = indicator.version_on(first)
    later = [v for v in indicator.versions if v.from_on > first and not (last and v.from_on > last)]
    return (*((replace(standing, from_on=first),) if standing else ()), *later)
