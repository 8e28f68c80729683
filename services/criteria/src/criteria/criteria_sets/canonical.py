"""The canonical form of a set: one JSON text (RFC 8785) per meaning, and its SHA-256."""

import hashlib
from typing import cast

import rfc8785

from criteria.criteria_sets.tree import (
    AllOf,
    AnyOf,
    BothSexes,
    Case,
    Choice,
    Compare,
    Condition,
    CriteriaSet,
    Criterion,
    Delegated,
    IfPresent,
    Indicator,
    Known,
    KOfN,
    Provenance,
    Ratio,
    RecognitionHeld,
    Row,
    Rule,
    ScoreSheet,
    Statement,
    ThresholdTable,
    Unknown,
    Version,
)

Body = dict[str, object]


def canonical(criteria_set: CriteriaSet) -> bytes:
    """The set as canonical JSON; `parse` of it gives the same set."""
    return rfc8785.dumps(cast(dict[str, str], to_body(criteria_set)))


def content_hash(criteria_set: CriteriaSet) -> str:
    """SHA-256 of the canonical form, in lower-case hexadecimal."""
    return hashlib.sha256(canonical(criteria_set)).hexdigest()


def to_body(criteria_set: CriteriaSet) -> Body:
    """The set as plain JSON values: strings, integers, booleans, lists and objects."""
    body: Body = {
        "code": criteria_set.code,
        "version": criteria_set.version,
        "name_vi": criteria_set.name_vi,
        "name_en": criteria_set.name_en,
        "legal_basis": list(criteria_set.legal_basis),
        "tier": criteria_set.tier,
        "area_kind": criteria_set.area_kind,
        "designations": list(criteria_set.designations),
        "from": criteria_set.from_on.isoformat(),
        "is_demonstration": criteria_set.is_demonstration,
        "counts": {
            "criteria": criteria_set.criteria_count,
            "indicators": criteria_set.indicator_count,
        },
        "attributes": [
            {"name": entry.name, "number": True}
            if entry.is_number
            else {"name": entry.name, "values": list(entry.values)}
            for entry in criteria_set.attributes
        ],
        "overrides": [
            {"when": {entry.attribute: entry.value}, "use": {entry.dimension: entry.use}}
            | _provenance(entry.provenance)
            for entry in criteria_set.overrides
        ],
        "bands": [
            {"least": b.least, "most": b.most, "name_vi": b.name_vi, "name_en": b.name_en}
            for b in criteria_set.bands
        ],
        "conditions": [_condition(entry) for entry in criteria_set.conditions],
        "criteria": [_criterion(entry) for entry in criteria_set.criteria],
        "test_cases": [_case(entry) for entry in criteria_set.cases],
    }
    to_on = criteria_set.to_on
    return body | _present(
        {
            "to": to_on.isoformat() if to_on else None,
            "extends": criteria_set.extends,
            "ratios": [_ratio(entry) for entry in criteria_set.ratios] or None,
        }
    )


def rule_body(rule: Rule) -> Body:
    """One rule as the object that `parse` reads."""
    if isinstance(rule, Compare):
        return {rule.kind: {"measure": rule.measure, "threshold": _table(rule.table)}}
    if isinstance(rule, Statement):
        return {rule.kind: rule.measure}
    if isinstance(rule, BothSexes):
        return {"both_sexes": {"measure": rule.measure, rule.kind: _table(rule.table)}}
    if isinstance(rule, ScoreSheet):
        sheet = {"measure": rule.measure, "threshold": _table(rule.table)}
        return {"score_sheet": sheet | {"mandatory": list(rule.mandatory)}}
    if isinstance(rule, AllOf):
        return {"all_of": [rule_body(part) for part in rule.rules]}
    if isinstance(rule, AnyOf):
        return {"any_of": [rule_body(part) for part in rule.rules]}
    if isinstance(rule, KOfN):
        return {"k_of_n": {"k": rule.k, "of": [rule_body(part) for part in rule.rules]}}
    if isinstance(rule, IfPresent):
        return {"if_present": {"measure": rule.measure, "rule": rule_body(rule.rule)}}
    if isinstance(rule, RecognitionHeld):
        return {"recognition_held": rule.tier}
    return {"undecided": {"measures": list(rule.measures)} | _cell(rule.cell)}


def _present(fields: Body) -> Body:
    return {name: value for name, value in fields.items() if value is not None}


def _provenance(provenance: Provenance) -> Body:
    return _present(
        {
            "source": provenance.source,
            "confidence": provenance.confidence,
            "reference": provenance.reference,
            "note": provenance.note,
        }
    )


def _cell(cell: Known | Delegated | Unknown) -> Body:
    if isinstance(cell, Known):
        return {"value": str(cell.number)}
    return {"delegated_to": cell.to} if isinstance(cell, Delegated) else {"unknown": True}


def _table(table: ThresholdTable) -> list[object]:
    return [_row(row) for row in table.rows]


def _row(row: Row) -> Body:
    conditions: Body = {}
    for condition in row.conditions:
        if isinstance(condition, Choice):
            conditions[condition.dimension] = list(condition.values)
        else:
            ends = {"at_least": condition.at_least, "at_most": condition.at_most}
            conditions[condition.dimension] = _present(cast(Body, ends))
    return conditions | _cell(row.cell) | _provenance(row.provenance)


def _condition(condition: Condition) -> Body:
    names = {"name_vi": condition.name_vi, "name_en": condition.name_en}
    rule = {"code": condition.code, "rule": rule_body(condition.rule)}
    return rule | names | _provenance(condition.provenance)


def _ratio(ratio: Ratio) -> Body:
    return {
        "code": ratio.code,
        "name_vi": ratio.name_vi,
        "name_en": ratio.name_en,
        "numerator": list(ratio.numerator),
        "denominator": list(ratio.denominator),
    } | _provenance(ratio.provenance)


def _criterion(criterion: Criterion) -> Body:
    return {
        "number": criterion.number,
        "name_vi": criterion.name_vi,
        "name_en": criterion.name_en,
        "indicators": [_indicator(entry) for entry in criterion.indicators],
    }


def _indicator(indicator: Indicator) -> Body:
    return {
        "number": indicator.number,
        "name_vi": indicator.name_vi,
        "name_en": indicator.name_en,
        "versions": [_version(entry) for entry in indicator.versions],
    }


def _version(version: Version) -> Body:
    names = {
        "legal_basis": version.legal_basis,
        "name_vi": version.name_vi,
        "name_en": version.name_en,
    }
    rule = {"from": version.from_on.isoformat(), "rule": rule_body(version.rule)}
    return rule | _present(cast(Body, names)) | _provenance(version.provenance)


def _case(case: Case) -> Body:
    return {
        "name": case.name,
        "date": case.on.isoformat(),
        "attributes": dict(case.attributes),
        "values": {
            code: _present(
                {
                    "value": entry.value,
                    "qualifier": entry.qualifier,
                    "observed_on": entry.observed_on.isoformat() if entry.observed_on else None,
                }
            )
            for code, entry in case.values.items()
        },
        "expect": dict(case.expect),
    }
