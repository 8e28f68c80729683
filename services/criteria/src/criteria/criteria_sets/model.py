"""The criteria set as the rest of the service sees it: read, canonical form, hash."""

from criteria.criteria_sets.canonical import canonical, content_hash, rule_body, to_body
from criteria.criteria_sets.findings import Finding, Malformed
from criteria.criteria_sets.reading import parse
from criteria.criteria_sets.tree import (
    CriteriaSet,
    Criterion,
    Indicator,
    Ratio,
    Rule,
    ThresholdTable,
    measures_of,
)

__all__ = [
    "CriteriaSet",
    "Criterion",
    "Finding",
    "Indicator",
    "Malformed",
    "Ratio",
    "Rule",
    "ThresholdTable",
    "canonical",
    "content_hash",
    "measures_of",
    "parse",
    "rule_body",
    "to_body",
]
