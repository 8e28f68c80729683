"""The static check of a set before it may be published, and the overlay of a province's set.

A finding keeps the set a draft. Legal basis of the overlay: a province fills what the national set
delegates and may be stricter, never looser (Decision 318/QĐ-TTg).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from criteria.criteria_sets.cases import failed_cases
from criteria.criteria_sets.checks import rule_findings
from criteria.criteria_sets.findings import Finding
from criteria.criteria_sets.overlays import overlay
from criteria.criteria_sets.ratios import ratio_findings
from criteria.criteria_sets.tree import (
    YEAR,
    CriteriaSet,
    Indicator,
    RecognitionHeld,
    walk,
)
from criteria.measures.model import Measure

__all__ = ["Finding", "check", "overlay"]


def check(
    criteria_set: CriteriaSet,
    measures: Mapping[str, Measure],
    *,
    others: Mapping[str, CriteriaSet] | None = None,
) -> list[Finding]:
    """Everything that stands against publishing; `others` (by code) lets longer cycles be found.

    The set's own test cases run only when nothing else is wrong.
    """
    findings = [
        *_count_findings(criteria_set),
        *_name_findings(criteria_set),
        *_span_findings(criteria_set),
        *_attribute_findings(criteria_set),
        *_band_findings(criteria_set),
        *_cycle_findings(criteria_set, others or {}),
        *ratio_findings(criteria_set, measures),
    ]
    for pointer, indicator in _indicators(criteria_set):
        findings += _version_findings(criteria_set, indicator, pointer)
        for index, version in enumerate(indicator.versions):
            place = f"{pointer}/versions/{index}/rule"
            findings += rule_findings(criteria_set, measures, version.rule, pointer=place)
    for index, condition in enumerate(criteria_set.conditions):
        place = f"/conditions/{index}/rule"
        findings += rule_findings(criteria_set, measures, condition.rule, pointer=place)
    return findings or failed_cases(criteria_set, measures)


def _indicators(criteria_set: CriteriaSet) -> Iterator[tuple[str, Indicator]]:
    for place, criterion in enumerate(criteria_set.criteria):
        for index, indicator in enumerate(criterion.indicators):
            yield f"/criteria/{place}/indicators/{index}", indicator


def _count_findings(criteria_set: CriteriaSet) -> Iterator[Finding]:
    criteria, indicators = len(criteria_set.criteria), len(criteria_set.indicators)
    for name, declared, found in (
        ("criteria", criteria_set.criteria_count, criteria),
        ("indicators", criteria_set.indicator_count, indicators),
    ):
        if declared != found:
            yield Finding(
                f"/counts/{name}",
                "counts-disagree",
                f"Khai {declared} nhưng có {found}.",
                f"{declared} are declared but there are {found}.",
            )
    for place, criterion in enumerate(criteria_set.criteria):
        if not criterion.indicators:
            yield Finding(
                f"/criteria/{place}/indicators",
                "no-indicators",
                "Tiêu chí không có chỉ tiêu nào.",
                "The criterion has no indicators.",
            )
    only_derives = bool(criteria_set.ratios) and not criteria_set.designations
    if not criteria_set.criteria and not only_derives:
        yield Finding(
            "/criteria", "no-criteria", "Không có tiêu chí nào.", "There are no criteria."
        )


def _name_findings(criteria_set: CriteriaSet) -> Iterator[Finding]:
    groups: tuple[tuple[str, Sequence[str]], ...] = (
        ("/criteria", [entry.number for entry in criteria_set.criteria]),
        ("/criteria/*/indicators", [entry.number for entry in criteria_set.indicators]),
        ("/attributes", [entry.name for entry in criteria_set.attributes]),
        ("/conditions", [entry.code for entry in criteria_set.conditions]),
    )
    for pointer, names in groups:
        for name, times in Counter(names).items():
            if times > 1:
                yield Finding(
                    pointer,
                    "duplicate-number",
                    f"“{name}” xuất hiện {times} lần.",
                    f'"{name}" occurs {times} times.',
                )
    if not criteria_set.designations and (criteria_set.criteria or not criteria_set.ratios):
        yield Finding(
            "/designations",
            "no-designations",
            "Phải nói bộ tiêu chí áp dụng cho loại đơn vị nào.",
            "The set must say which designations it judges.",
        )


def _span_findings(criteria_set: CriteriaSet) -> Iterator[Finding]:
    if criteria_set.to_on is not None and criteria_set.to_on < criteria_set.from_on:
        yield Finding(
            "/to", "empty-span", "Ngày hết trước ngày bắt đầu.", "The set ends before it begins."
        )


def _version_findings(
    criteria_set: CriteriaSet, indicator: Indicator, pointer: str
) -> Iterator[Finding]:
    """Each version holds until the next, so only the ends and doubles can be wrong."""
    starts = [version.from_on for version in indicator.versions]
    if not starts or min(starts) > criteria_set.from_on:
        yield Finding(
            f"{pointer}/versions",
            "version-gap",
            "Chỉ tiêu chưa có quy định từ ngày đầu của bộ tiêu chí.",
            "The indicator has no rule from the first day of the set.",
        )
    if len(set(starts)) < len(starts) or starts != sorted(starts):
        yield Finding(
            f"{pointer}/versions",
            "version-overlap",
            "Các phiên bản phải có ngày bắt đầu tăng dần, không trùng nhau.",
            "Versions must begin on different days, in order.",
        )
    last = criteria_set.to_on
    if any(day < criteria_set.from_on or (last and day > last) for day in starts):
        yield Finding(
            f"{pointer}/versions",
            "version-outside",
            "Có phiên bản nằm ngoài thời hạn của bộ tiêu chí.",
            "A version begins outside the span of the set.",
        )


def _attribute_findings(criteria_set: CriteriaSet) -> Iterator[Finding]:
    if criteria_set.attribute(YEAR):
        yield Finding(
            "/attributes",
            "reserved-name",
            "“year” là năm đánh giá, không phải thuộc tính.",
            '"year" is the year of review, not an attribute.',
        )
    for index, override in enumerate(criteria_set.overrides):
        for part, name, value in (
            ("when", override.attribute, override.value),
            ("use", override.dimension, override.use),
        ):
            attribute = criteria_set.attribute(name)
            if attribute is None or value not in attribute.values:
                yield Finding(
                    f"/overrides/{index}/{part}/{name}",
                    "unknown-attribute",
                    f"Không có giá trị “{value}” của thuộc tính “{name}”.",
                    f'There is no value "{value}" of an attribute "{name}".',
                )


def _band_findings(criteria_set: CriteriaSet) -> Iterator[Finding]:
    if not criteria_set.bands:
        return
    counts = Counter(
        number for band in criteria_set.bands for number in range(band.least, band.most + 1)
    )
    expected = range(len(criteria_set.criteria) + 1)
    if any(counts[number] == 0 for number in expected):
        yield Finding(
            "/bands",
            "band-gap",
            "Có số tiêu chí đạt không thuộc nhóm nào.",
            "A number of criteria met lies in no band.",
        )
    if any(times > 1 for times in counts.values()) or set(counts) - set(expected):
        yield Finding(
            "/bands",
            "band-overlap",
            "Các nhóm chồng nhau hoặc vượt quá số tiêu chí.",
            "Bands overlap or reach beyond the number of criteria.",
        )


def _cycle_findings(
    criteria_set: CriteriaSet, others: Mapping[str, CriteriaSet]
) -> Iterator[Finding]:
    seen = [criteria_set.code]
    parent = criteria_set.extends
    while parent is not None and parent not in seen:
        seen.append(parent)
        parent = others[parent].extends if parent in others else None
    if parent is not None:
        yield Finding(
            "/extends",
            "cycle",
            f"Kế thừa vòng tròn: {' → '.join([*seen, parent])}.",
            f"The sets extend each other in a circle: {' → '.join([*seen, parent])}.",
        )
    for index, condition in enumerate(criteria_set.conditions):
        tiers = {part.tier for part in walk(condition.rule) if isinstance(part, RecognitionHeld)}
        if criteria_set.tier in tiers:
            yield Finding(
                f"/conditions/{index}/rule",
                "cycle",
                "Bộ tiêu chí đòi hỏi chính mức công nhận của nó.",
                "The set requires the recognition of its own tier.",
            )
