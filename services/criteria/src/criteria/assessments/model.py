"""One area's assessment with its full trace."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from chungsuc.text import Text

from criteria.assessments.verdicts import Verdict
from criteria.criteria_sets.tree import Provenance

Qualifier = Literal["actual", "estimate", "at_least", "at_most", "above", "below"]

QUALIFIERS: tuple[Qualifier, ...] = (
    "actual",
    "estimate",
    "at_least",
    "at_most",
    "above",
    "below",
)
"""The qualifiers in the order of their stored codes."""


class Value(NamedTuple):
    """What was observed: the scaled value, how firm it is, when, and by which observation."""

    scaled: int
    qualifier: Qualifier
    observed_on: date
    observation_id: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The observation a rule looked at; `counts` is false when it has expired or lies ahead."""

    measure: str
    value: Value | None
    value_text: str | None
    counts: bool


@dataclass(frozen=True, slots=True)
class ThresholdUse:
    """The rows of a table that apply: set, table key, row numbers, thresholds, where they stand."""

    criteria_set: str
    table: str
    rows: tuple[int, ...]
    values: tuple[str, ...]
    delegated_to: str | None
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One node of the verdict tree; `gap` is how far the value is from the threshold."""

    kind: str
    verdict: Verdict
    reason: Text
    evidence: Evidence | None = None
    threshold: ThresholdUse | None = None
    gap: str | None = None
    parts: tuple["RuleResult", ...] = ()


@dataclass(frozen=True, slots=True)
class IndicatorResult:
    number: str
    name_vi: str
    name_en: str
    verdict: Verdict
    legal_basis: str | None
    version_from: date | None
    rests_on_estimate: bool
    rule: RuleResult


@dataclass(frozen=True, slots=True)
class CriterionResult:
    number: str
    name_vi: str
    name_en: str
    verdict: Verdict
    indicators: tuple[IndicatorResult, ...]


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """A prerequisite beside the criteria: shown and decisive, never counted."""

    code: str
    name_vi: str
    name_en: str
    verdict: Verdict
    rule: RuleResult


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdicts of one area by one criteria set as of one date."""

    criteria_set: str
    on: date
    is_demonstration: bool
    verdict: Verdict
    criteria_verdict: Verdict
    criteria: tuple[CriterionResult, ...]
    conditions: tuple[ConditionResult, ...]

    @property
    def indicators(self) -> tuple[IndicatorResult, ...]:
        return tuple(entry for criterion in self.criteria for entry in criterion.indicators)

    @property
    def criteria_met(self) -> int:
        return sum(criterion.verdict.counts_as_met for criterion in self.criteria)

    @property
    def indicators_met(self) -> int:
        return sum(indicator.verdict.counts_as_met for indicator in self.indicators)

    @property
    def rests_on_estimate(self) -> bool:
        """An assessment that rests on an estimate never supports recognition."""
        return any(indicator.rests_on_estimate for indicator in self.indicators)

    @property
    def criterion_letters(self) -> str:
        return "".join(criterion.verdict.letter for criterion in self.criteria)

    @property
    def indicator_letters(self) -> str:
        return "".join(indicator.verdict.letter for indicator in self.indicators)
