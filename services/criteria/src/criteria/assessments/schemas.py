"""Assessments as JSON."""

from typing import Literal

from chungsuc.text import CivilDate, Code
from pydantic import BaseModel, ConfigDict, Field

VerdictName = Literal["met", "not_met", "not_applicable", "undetermined", "missing"]

# In the order of the stored codes.
VERDICT_NAMES: tuple[VerdictName, ...] = (
    *("not_met", "undetermined", "missing", "met", "not_applicable"),
)


class AreaReference(BaseModel):
    """An area as it was called on the date asked for."""

    id: str = Field(description="Area id")
    code: str = Field(description="Code on that date")
    name: str = Field(description="Name on that date")


class SetReference(BaseModel):
    """The version of a criteria set that judged."""

    code: str = Field(description="Code of the set")
    version: str = Field(description="Version")
    hash: str = Field(description="SHA-256 of its canonical form")


class AssessmentRow(BaseModel):
    """The verdict of one area by one set."""

    area: AreaReference = Field(description="Area")
    area_kind: str = Field(description="Kind of area")
    criteria_set: str = Field(description="Code of the set")
    judged_from: CivilDate | None = Field(
        description="Date from which the verdict holds; null while there is none"
    )
    criteria_met: int | None = Field(description="Criteria met; null while not judged")
    criteria_total: int | None = Field(description="Criteria of the set")
    indicators_met: int | None = Field(description="Indicators met; null while not judged")
    indicators_total: int | None = Field(description="Indicators of the set")
    verdict: VerdictName | None = Field(
        description="Verdict over all criteria and conditions; null while not judged"
    )
    is_demonstration: bool = Field(description="True when a value or threshold is made up")


class ChangedVerdict(BaseModel):
    """A verdict that changed because of a write; it holds from `on` until the next one."""

    area_id: str = Field(description="Area")
    criteria_set: str = Field(description="Code of the criteria set")
    on: CivilDate = Field(description="Date from which the verdict holds")
    criteria_met: int = Field(description="Criteria met, not applicable ones included")
    criteria_total: int = Field(description="Criteria of the set")
    indicators_met: int = Field(description="Indicators met, not applicable ones included")
    indicators_total: int = Field(description="Indicators of the set")
    verdict: VerdictName = Field(description="Verdict over all criteria and conditions")
    is_demonstration: bool = Field(description="True when a value or threshold is made up")


class EvidenceOut(BaseModel):
    """The observation that a rule looked at."""

    measure: str = Field(description="Code of the measure")
    value: str | None = Field(description="Value; null when nothing was observed")
    qualifier: str | None = Field(description="How firm the value is")
    observed_on: CivilDate | None = Field(description="Date that the value describes")
    observation_id: int | None = Field(description="Observation that gave it")
    document_id: str | None = Field(description="Document that the observation comes from")
    counts: bool = Field(description="False when it has expired or is missing")
    is_demonstration: bool = Field(description="True when the value is made up")


class ProvenanceOut(BaseModel):
    """Where a threshold was read."""

    source: str = Field(description="published, recalled, unknown, provincial or demonstration")
    confidence: str | None = Field(description="high, medium or low")
    reference: str | None = Field(description="Document or place")
    note: str | None = Field(description="Remark")


class ThresholdOut(BaseModel):
    """The rows of a threshold table that apply."""

    criteria_set: str = Field(description="Set that holds the table")
    table: str = Field(description="Key of the table: indicator, version, place in the rule")
    rows: list[int] = Field(description="Rows that apply, from 0")
    values: list[str] = Field(description="Thresholds; empty when unknown or delegated")
    delegated_to: str | None = Field(description="Who sets the threshold")
    provenance: list[ProvenanceOut] = Field(description="Where each row was read")


class RuleOut(BaseModel):
    """One node of the verdict tree."""

    kind: str = Field(description="Kind of rule", examples=["at_least"])
    verdict: VerdictName = Field(description="Verdict of this node")
    reason_vi: str = Field(description="Reason in Vietnamese")
    reason_en: str = Field(description="Reason in English")
    evidence: EvidenceOut | None = Field(description="Observation that it looked at")
    threshold: ThresholdOut | None = Field(description="Threshold that it compared with")
    gap: str | None = Field(description="How far the value is from the threshold")
    parts: list["RuleOut"] = Field(description="Nodes below")


class IndicatorOut(BaseModel):
    """One indicator, judged."""

    number: str = Field(description="Number in the set")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    verdict: VerdictName = Field(description="Verdict")
    legal_basis: str | None = Field(description="Document of this version of the indicator")
    version_from: CivilDate | None = Field(description="Date from which this version applies")
    rests_on_estimate: bool = Field(description="True when it cannot support recognition")
    rule: RuleOut = Field(description="How the verdict came about")


class CriterionOut(BaseModel):
    """One criterion, judged."""

    number: str = Field(description="Number in the set")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    verdict: VerdictName = Field(description="Verdict")
    indicators: list[IndicatorOut] = Field(description="Its indicators")


class ConditionOut(BaseModel):
    """A prerequisite beside the criteria: decisive, never counted."""

    code: str = Field(description="Code in the set")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    verdict: VerdictName = Field(description="Verdict")
    rule: RuleOut = Field(description="How the verdict came about")


class AssessmentOut(BaseModel):
    """The verdicts of one area by one set as of a date, with their full trace."""

    area: AreaReference = Field(description="Area")
    criteria_set: SetReference = Field(description="Version of the set that judged")
    as_of: CivilDate = Field(description="Date that was judged")
    known_at: int | None = Field(
        description="Feed position whose knowledge was judged; null: everything recorded"
    )
    is_judged: bool = Field(description="False when nothing was observed yet")
    is_demonstration: bool = Field(description="True when a value or threshold is made up")
    rests_on_estimate: bool = Field(description="True when it cannot support recognition")
    criteria_met: int = Field(description="Criteria met, not applicable ones included")
    criteria_total: int = Field(description="Criteria of the set")
    indicators_met: int = Field(description="Indicators met, not applicable ones included")
    indicators_total: int = Field(description="Indicators of the set")
    verdict: VerdictName = Field(description="Verdict over all criteria and conditions")
    criteria_verdict: VerdictName = Field(description="Verdict over the criteria alone")
    criteria: list[CriterionOut] = Field(description="Criteria in the order of the set")
    conditions: list[ConditionOut] = Field(description="Prerequisites beside the criteria")


class GapOut(BaseModel):
    """One indicator that is not met."""

    criterion: str = Field(description="Number of the criterion")
    indicator: str = Field(description="Number of the indicator")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    verdict: VerdictName = Field(description="not_met, missing or undetermined")
    gap: str | None = Field(description="How far the value is from the threshold, in its unit")
    gap_percent: str | None = Field(description="The same in percent of the threshold")
    measure: str | None = Field(description="Measure that falls short")
    reason_vi: str = Field(description="Reason in Vietnamese")
    reason_en: str = Field(description="Reason in English")


class GapsOut(BaseModel):
    """What an area lacks, nearest first."""

    area: AreaReference = Field(description="Area")
    criteria_set: SetReference = Field(description="Version of the set that judged")
    as_of: CivilDate = Field(description="Date that was judged")
    known_at: int | None = Field(description="Feed position whose knowledge was judged")
    is_demonstration: bool = Field(description="True when a value or threshold is made up")
    gaps: list[GapOut] = Field(
        description="Measured gaps by size, then plain failures, then missing and open ones"
    )


class EvaluationIn(BaseModel):
    """Which areas to judge anew."""

    model_config = ConfigDict(extra="forbid")

    criteria_set: Code = Field(description="Code of a published set")
    under: Code = Field(default="vn", description="Area whose subtree is judged")


class BandOut(BaseModel):
    """How many areas lie in one band of criteria met."""

    least: int = Field(description="Lowest number of criteria met")
    most: int = Field(description="Highest number of criteria met")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    areas: int = Field(description="Areas in the band")


class CriterionShare(BaseModel):
    """How many areas meet one criterion."""

    number: str = Field(description="Number of the criterion")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    areas_met: int = Field(description="Areas that meet it")
    met_percent: str | None = Field(description="Of all areas that the set judges; null of none")


class SummaryOut(BaseModel):
    """The figures of one set over the areas under a node, recomputed from the parts."""

    criteria_set: SetReference = Field(description="Version of the set that judges now")
    under: AreaReference = Field(description="Node")
    as_of: CivilDate = Field(description="Date")
    is_demonstration: bool = Field(description="True when a value or threshold is made up")
    areas_total: int = Field(description="Areas that the set judges on that date")
    areas_judged: int = Field(description="Of these, areas with a verdict")
    areas_not_judged: int = Field(description="Areas without one: in every denominator, never met")
    areas_met: int = Field(description="Areas with verdict met")
    areas_met_percent: str | None = Field(description="Of all areas; null of none")
    criteria_total: int = Field(description="Criteria of the set")
    indicators_total: int = Field(description="Indicators of the set")
    criteria_met_sum: int = Field(description="Sum of criteria met over all areas")
    indicators_met_sum: int = Field(description="Sum of indicators met over all areas")
    criteria_met_mean: str | None = Field(description="Sum / areas, four places; null of none")
    criteria_met_mean_printed: str | None = Field(description="Rounded once to one place")
    indicators_met_mean: str | None = Field(description="Sum / areas, four places")
    indicators_met_mean_printed: str | None = Field(description="Rounded once to one place")
    bands: list[BandOut] = Field(description="Bands of the set")
    criteria: list[CriterionShare] = Field(description="Share of areas meeting each criterion")
