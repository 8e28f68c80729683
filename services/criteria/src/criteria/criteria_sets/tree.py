"""A criteria set as data: frozen, typed, without any behaviour beyond walking it.

Rules form a small tree. A threshold is known, delegated or unknown in every cell of its table, and
each row says where it was read. Legal basis: the criteria decisions of the Prime Minister and the
decisions of ministries and provinces that fill them, named on the set and on the indicators.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from criteria.measures.exact import Exact

SourceMark = Literal["published", "recalled", "unknown", "provincial", "demonstration"]
Confidence = Literal["high", "medium", "low"]
CompareKind = Literal["at_least", "at_most", "equals", "level_at_least"]

YEAR = "year"
"""The built-in numeric dimension of every threshold table: the year of review."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a fact was read: published, recalled, unknown, provincial or demonstration."""

    source: SourceMark
    confidence: Confidence | None = None
    reference: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    number: Exact


@dataclass(frozen=True, slots=True)
class Delegated:
    """The law leaves the value to somebody else, such as `province` or `ministry:GDDT`."""

    to: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The value exists in law, but nobody has read it into this set yet."""


Cell = Known | Delegated | Unknown


@dataclass(frozen=True, slots=True)
class Choice:
    """A row's condition on a dimension with named values."""

    dimension: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A row's condition on a numeric dimension; a missing end is open."""

    dimension: str
    at_least: int | None
    at_most: int | None

    def holds(self, number: int) -> bool:
        return (self.at_least is None or number >= self.at_least) and (
            self.at_most is None or number <= self.at_most
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a threshold table: its conditions, its cell, where it was read."""

    conditions: tuple[Choice | Span, ...]
    cell: Cell
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ThresholdTable:
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A measure against a threshold: at least, at most, equal, or an ordered level at least."""

    kind: CompareKind
    measure: str
    table: ThresholdTable


@dataclass(frozen=True, slots=True)
class Statement:
    """A yes/no measure: `yes` must hold, `no` must be absent, `attested` needs a firm yes."""

    kind: Literal["yes", "no", "attested"]
    measure: str


@dataclass(frozen=True, slots=True)
class BothSexes:
    """The same comparison for the measure's male and female value; both must pass."""

    kind: Literal["at_least", "at_most"]
    measure: str
    table: ThresholdTable


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """A score of at least the threshold, with every mandatory item answered yes."""

    measure: str
    table: ThresholdTable
    mandatory: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class KOfN:
    k: int
    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class IfPresent:
    """The rule applies only where the thing exists ("nếu có"), as a yes/no measure says."""

    measure: str
    rule: "Rule"


@dataclass(frozen=True, slots=True)
class RecognitionHeld:
    """The area holds a tier's recognition; the caller gives attribute `recognised.<tier>`."""

    tier: str

    @property
    def attribute(self) -> str:
        return f"recognised.{self.tier}"


@dataclass(frozen=True, slots=True)
class Undecided:
    """The whole rule is left to somebody or was not read; the measures it is about are named."""

    cell: Delegated | Unknown
    measures: tuple[str, ...]


Rule = (
    Compare
    | Statement
    | BothSexes
    | ScoreSheet
    | AllOf
    | AnyOf
    | KOfN
    | IfPresent
    | RecognitionHeld
    | Undecided
)


@dataclass(frozen=True, slots=True)
class Version:
    """An indicator's rule from a date on, until the next version or the end of the set."""

    from_on: date
    rule: Rule
    provenance: Provenance
    legal_basis: str | None = None
    name_vi: str | None = None
    name_en: str | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    number: str
    name_vi: str
    name_en: str
    versions: tuple[Version, ...]

    def version_on(self, day: date) -> Version | None:
        """The version in force on that day: the latest that began by then."""
        begun = [version for version in self.versions if version.from_on <= day]
        return max(begun, key=lambda version: version.from_on) if begun else None


@dataclass(frozen=True, slots=True)
class Criterion:
    number: str
    name_vi: str
    name_en: str
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A prerequisite beside the criteria: judged and shown, never counted."""

    code: str
    name_vi: str
    name_en: str
    rule: Rule
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of areas that tables may look at: named values, or whole numbers (no values)."""

    name: str
    values: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        return not self.values


@dataclass(frozen=True, slots=True)
class Override:
    """Areas with this attribute value read another column of a dimension."""

    attribute: str
    value: str
    dimension: str
    use: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Band:
    """A band of criteria met, both ends included."""

    least: int
    most: int
    name_vi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """A derived measure: an exact ratio of two sums of measures, the part within the whole."""

    code: str
    name_vi: str
    name_en: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class CaseValue:
    value: bool | int | str
    qualifier: str
    observed_on: date | None


@dataclass(frozen=True, slots=True)
class Case:
    """A test case inside the set: given these values, these indicators get these verdicts."""

    name: str
    on: date
    attributes: Mapping[str, str | None]
    values: Mapping[str, CaseValue]
    expect: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    code: str
    version: str
    name_vi: str
    name_en: str
    legal_basis: tuple[str, ...]
    tier: str
    area_kind: str
    designations: tuple[str, ...]
    from_on: date
    to_on: date | None
    is_demonstration: bool
    extends: str | None
    criteria_count: int
    indicator_count: int
    attributes: tuple[Attribute, ...]
    overrides: tuple[Override, ...]
    bands: tuple[Band, ...]
    conditions: tuple[Condition, ...]
    criteria: tuple[Criterion, ...]
    cases: tuple[Case, ...] = field(default=())
    ratios: tuple[Ratio, ...] = field(default=())

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All indicators in reading order."""
        return tuple(indicator for criterion in self.criteria for indicator in criterion.indicators)

    def attribute(self, name: str) -> Attribute | None:
        return next((entry for entry in self.attributes if entry.name == name), None)


def children(rule: Rule) -> tuple[Rule, ...]:
    """The rules directly below a rule."""
    if isinstance(rule, AllOf | AnyOf | KOfN):
        return rule.rules
    return (rule.rule,) if isinstance(rule, IfPresent) else ()


def walk(rule: Rule) -> Iterator[Rule]:
    """The rule and all rules below it, parents first."""
    yield rule
    for child in children(rule):
        yield from walk(child)


def table_of(rule: Rule) -> ThresholdTable | None:
    """The rule's own threshold table, if it has one."""
    return rule.table if isinstance(rule, Compare | BothSexes | ScoreSheet) else None


def own_measures(rule: Rule) -> tuple[str, ...]:
    """The measures that the rule itself reads, without those of the rules below it."""
    if isinstance(rule, BothSexes):
        return f"{rule.measure}.male", f"{rule.measure}.female"
    if isinstance(rule, ScoreSheet):
        return rule.measure, *rule.mandatory
    if isinstance(rule, Undecided):
        return rule.measures
    return (rule.measure,) if isinstance(rule, Compare | Statement | IfPresent) else ()


def measures_of(rule: Rule) -> tuple[str, ...]:
    """Every measure that the rule reads, in order, each once."""
    return tuple(dict.fromkeys(code for part in walk(rule) for code in own_measures(part)))
