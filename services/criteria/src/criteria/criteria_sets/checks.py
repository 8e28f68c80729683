"""The check of one rule: measures, their types and scales, and its threshold tables."""

from collections.abc import Iterator, Mapping
from itertools import product

from criteria.criteria_sets.findings import Finding
from criteria.criteria_sets.tables import axis_of, dimensions_of, row_applies
from criteria.criteria_sets.tree import (
    YEAR,
    AnyOf,
    BothSexes,
    Choice,
    Compare,
    CriteriaSet,
    IfPresent,
    Known,
    KOfN,
    Row,
    Rule,
    ScoreSheet,
    Statement,
    ThresholdTable,
    children,
    own_measures,
    table_of,
    walk,
)
from criteria.measures.exact import MAXIMUM_SCALED
from criteria.measures.model import Measure

_MAXIMUM_POINTS = 20_000


def rule_findings(
    criteria_set: CriteriaSet, measures: Mapping[str, Measure], rule: Rule, *, pointer: str
) -> list[Finding]:
    """Everything wrong with a rule and the rules below it."""
    findings: list[Finding] = []
    for place, part in _walk(rule, pointer):
        findings += _measure_findings(measures, part, place)
        findings += _choice_findings(part, place)
        table = table_of(part)
        if table is not None:
            table_place = f"{place}/{part.kind if isinstance(part, BothSexes) else 'threshold'}"
            findings += _table_findings(criteria_set, table, table_place)
            measured = [measures[code] for code in own_measures(part)[:1] if code in measures]
            for measure in measured:
                findings += _threshold_findings(measure, table, table_place)
    return findings


def _walk(rule: Rule, pointer: str) -> Iterator[tuple[str, Rule]]:
    """The rules with their pointers as the canonical body has them."""
    place = f"{pointer}/{rule_kind(rule)}"
    yield place, rule
    if isinstance(rule, IfPresent):
        yield from _walk(rule.rule, f"{place}/rule")
        return
    inside = f"{place}/of" if isinstance(rule, KOfN) else place
    for index, child in enumerate(children(rule)):
        yield from _walk(child, f"{inside}/{index}")


def rule_kind(rule: Rule) -> str:
    """The name of the rule's field in the body."""
    if isinstance(rule, Compare | Statement):
        return rule.kind
    names = {"KOfN": "k_of_n", "AllOf": "all_of", "AnyOf": "any_of", "BothSexes": "both_sexes"}
    names |= {"ScoreSheet": "score_sheet", "IfPresent": "if_present", "Undecided": "undecided"}
    return names.get(type(rule).__name__, "recognition_held")


def _measure_findings(
    measures: Mapping[str, Measure], rule: Rule, pointer: str
) -> Iterator[Finding]:
    accepted = _accepted_types(rule)
    for index, code in enumerate(own_measures(rule)):
        measure = measures.get(code)
        if measure is None:
            yield Finding(
                pointer,
                "unknown-measure",
                f"Không có số liệu “{code}”.",
                f'There is no measure "{code}".',
            )
            continue
        types = accepted if index == 0 or isinstance(rule, BothSexes) else ("yes_no",)
        if accepted and measure.type not in types:
            yield Finding(
                pointer,
                "wrong-measure-type",
                f"Số liệu “{code}” có kiểu {measure.type}, cần {' hoặc '.join(types)}.",
                f'Measure "{code}" is of type {measure.type}, needed: {" or ".join(types)}.',
            )
        if max(abs(measure.minimum), abs(measure.maximum)) > MAXIMUM_SCALED:
            yield _overflow(pointer, code)


def _accepted_types(rule: Rule) -> tuple[str, ...]:
    if isinstance(rule, Statement | IfPresent):
        return ("yes_no",)
    if isinstance(rule, ScoreSheet):
        return ("score",)
    if isinstance(rule, Compare) and rule.kind == "level_at_least":
        return ("level",)
    if isinstance(rule, Compare | BothSexes):
        return ("share", "number", "score", "level")
    return ()


def _choice_findings(rule: Rule, pointer: str) -> Iterator[Finding]:
    if isinstance(rule, KOfN) and not 1 <= rule.k <= len(rule.rules):
        yield Finding(
            f"{pointer}/k",
            "k-out-of-range",
            f"k phải từ 1 đến {len(rule.rules)}.",
            f"k must lie between 1 and {len(rule.rules)}.",
        )
    if isinstance(rule, AnyOf | KOfN) and any(
        isinstance(part, IfPresent) for child in rule.rules for part in walk(child)
    ):
        # "Not applicable" counts as met: inside a choice an absent thing would meet the whole.
        yield Finding(
            pointer,
            "applicability-inside-choice",
            "Điều kiện “nếu có” không được đặt bên trong một lựa chọn.",
            'An "if any" condition may not stand inside a choice.',
        )


def _threshold_findings(measure: Measure, table: ThresholdTable, pointer: str) -> Iterator[Finding]:
    for index, row in enumerate(table.rows):
        if not isinstance(row.cell, Known):
            continue
        place, number = f"{pointer}/{index}/value", row.cell.number
        scaled = number.scaled(measure.scale)
        if scaled is None:
            yield Finding(
                place,
                "too-many-places",
                f"Ngưỡng {number} có nhiều hơn {measure.scale} chữ số thập phân của số liệu.",
                f"Threshold {number} has more than the measure's {measure.scale} decimal places.",
            )
        elif abs(scaled) > MAXIMUM_SCALED:
            yield _overflow(place, str(number))
        elif not measure.minimum <= scaled <= measure.maximum:
            low, high = measure.text(measure.minimum), measure.text(measure.maximum)
            yield Finding(
                place,
                "out-of-bounds",
                f"Ngưỡng {number} nằm ngoài {low} đến {high} ({measure.unit or 'không đơn vị'}).",
                f"Threshold {number} lies outside {low} to {high} ({measure.unit or 'no unit'}).",
            )


def _overflow(pointer: str, name: str) -> Finding:
    return Finding(
        pointer,
        "overflow",
        f"“{name}” vượt quá số nguyên 63 bit.",
        f'"{name}" does not fit an integer of 63 bits.',
    )


def _table_findings(
    criteria_set: CriteriaSet, table: ThresholdTable, pointer: str
) -> list[Finding]:
    findings = [
        finding
        for index, row in enumerate(table.rows)
        for finding in _row_findings(criteria_set, row, f"{pointer}/{index}")
    ]
    return findings or list(_cover_findings(criteria_set, table, pointer))


def _row_findings(criteria_set: CriteriaSet, row: Row, pointer: str) -> Iterator[Finding]:
    for part in row.conditions:
        attribute = criteria_set.attribute(part.dimension)
        is_number = part.dimension == YEAR or (attribute is not None and attribute.is_number)
        unknown = attribute is None and part.dimension != YEAR
        if not unknown and isinstance(part, Choice):
            unknown = is_number or attribute is None or not set(part.values) <= {*attribute.values}
        elif not unknown:
            unknown = not is_number
        if unknown:
            yield Finding(
                f"{pointer}/{part.dimension}",
                "unknown-attribute",
                f"“{part.dimension}” không phải thuộc tính đã khai, hoặc giá trị chưa khai.",
                f'"{part.dimension}" is not a declared attribute, or the value is not declared.',
            )
    if row.provenance.source == "demonstration" and not criteria_set.is_demonstration:
        yield Finding(
            f"{pointer}/source",
            "demonstration-threshold",
            "Ngưỡng trình diễn chỉ được đặt trong bộ tiêu chí trình diễn.",
            "A demonstration threshold may stand only in a demonstration set.",
        )


def _cover_findings(
    criteria_set: CriteriaSet, table: ThresholdTable, pointer: str
) -> Iterator[Finding]:
    """Every combination of attribute values must have exactly one row, every row a combination."""
    names = dimensions_of(table)
    axes = [axis_of(criteria_set, [table], name) for name in names]
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > _MAXIMUM_POINTS:
        yield Finding(
            pointer, "table-too-large", "Bảng ngưỡng quá lớn.", "The threshold table is too large."
        )
        return
    reached: set[int] = set()
    gap = overlap = None
    for values in product(*axes):
        point = dict(zip(names, values, strict=True))
        rows = [i for i, row in enumerate(table.rows) if row_applies(row, point)]
        reached |= set(rows[:1])
        words = ", ".join(f"{name}={value}" for name, value in point.items()) or "*"
        gap = gap or (words if not rows else None)
        overlap = overlap or (words if len(rows) > 1 else None)
    yield from _cover_words(pointer, gap, overlap)
    for index in sorted(set(range(len(table.rows))) - reached):
        yield Finding(
            f"{pointer}/{index}",
            "unreachable-row",
            "Dòng này không bao giờ được dùng.",
            "This row is never used.",
        )


def _cover_words(pointer: str, gap: str | None, overlap: str | None) -> Iterator[Finding]:
    if gap:
        yield Finding(
            pointer,
            "table-gap",
            f"Không có dòng nào cho {gap}.",
            f"No row covers {gap}.",
        )
    if overlap:
        yield Finding(
            pointer,
            "table-overlap",
            f"Nhiều dòng cùng áp dụng cho {overlap}.",
            f"Several rows apply to {overlap}.",
        )
