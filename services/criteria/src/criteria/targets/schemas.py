"""Targets as JSON."""

from typing import Annotated, Literal

from chungsuc.text import CivilDate, Code, ShortText
from pydantic import BaseModel, ConfigDict, Field

Result = Literal["criteria_met_mean", "areas_met_count", "areas_met_percent"]
Kind = Literal["level"]
Year = Annotated[int, Field(ge=1990, le=2100, strict=True)]


class TargetIn(BaseModel):
    """A planned result as a document sets it."""

    model_config = ConfigDict(extra="forbid")

    area: Code = Field(description="Area that the target is for: id, or code as the year begins")
    result: Result = Field(
        description="criteria_met_mean: mean of criteria met per area; areas_met_count and "
        "areas_met_percent: areas that meet the whole set"
    )
    criteria_set: Code = Field(description="Set by which the result is judged")
    document_id: Code = Field(description="Document that sets the target")
    kind: Kind = Field(default="level", description="level: the result is to reach this value")
    year: Year = Field(description="Year by whose end it is to be reached", examples=[2025])
    planned_value: str = Field(
        pattern=r"^\d{1,9}(\.\d{1,4})?$",
        description="Planned value as a decimal string",
        examples=["17.3"],
    )
    denominator: ShortText = Field(
        description="Whom the figure is about, in words", examples=["94 xã of Lai Châu"]
    )
    is_demonstration: bool = Field(default=False, description="True when it is made up")


class ScorecardOut(BaseModel):
    """The targets of one document for one area: what was reported apart from what is met."""

    document_id: str = Field(description="Document that sets the targets")
    area_id: str = Field(description="Area")
    as_of: CivilDate = Field(description="Date asked for")
    targets_total: int = Field(description="Targets of the document that are recorded here")
    targets_met: int = Field(description="Of these, reached by the exact result")
    targets_not_met: int = Field(description="Of these, not reached yet")
    targets_not_judged: int = Field(
        description="Of these, undecided: no set in force, or areas not judged"
    )
    reported_positive: int | None = Field(
        description="Targets with a positive result as the authority reported; not the same as met",
        examples=[21],
    )
    reported_total: int | None = Field(description="Targets that the report counted", examples=[21])
    reported_on: CivilDate | None = Field(description="Day of the report; null without one")
    observation_ids: list[int] = Field(description="Observations of the reported numbers")
    is_demonstration: bool = Field(description="True when a target or a reported number is made up")


class Attainment(BaseModel):
    """What was reached, recomputed from the parts, beside the plan."""

    as_of: CivilDate = Field(description="Date of the verdicts that were counted")
    actual: str | None = Field(description="Result, four places; null while there is no area")
    actual_printed: str | None = Field(description="Result rounded once to one place")
    parts_sum: int = Field(description="Criteria met, or areas that meet the set")
    parts_areas: int = Field(description="Areas that the set judges: the denominator")
    areas_not_judged: int = Field(description="Of these, areas without a verdict")
    attainment_percent: str | None = Field(
        description="Exact actual / plan in percent, rounded once; null when the plan is 0"
    )
    is_reached: bool | None = Field(description="Whether the exact actual is at least the plan")
    is_demonstration: bool = Field(description="True when a value, threshold or plan is made up")


class TargetOut(BaseModel):
    """A planned result and how far it is reached."""

    id: str = Field(description="Target id")
    area_id: str = Field(description="Area that the target is for")
    result: Result = Field(description="Planned result")
    criteria_set: str = Field(description="Set by which the result is judged")
    document_id: str = Field(description="Document that sets the target")
    kind: Kind = Field(description="Kind of target")
    year: int = Field(description="Year by whose end it is to be reached")
    planned_value: str = Field(description="Planned value")
    denominator: str = Field(description="Whom the figure is about, in words")
    is_demonstration: bool = Field(description="True when the plan is made up")
    attainment: Attainment | None = Field(
        description="Null while the set is not published or not in force by that date"
    )
