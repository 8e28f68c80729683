"""Observations as JSON."""

from typing import Annotated, Any, Literal

from chungsuc.text import CivilDate, Code, ShortText
from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from criteria.assessments.schemas import ChangedVerdict

Qualifier = Literal["actual", "estimate", "at_least", "at_most", "above", "below"]
Outcome = Literal["recorded", "corrected", "unchanged"]
MAXIMUM_VALUES = 5_000


def _exact(value: Any) -> str | bool:
    if isinstance(value, bool) or (isinstance(value, str) and len(value) <= 40):
        return value
    raise ValueError("a decimal string or a boolean is needed; a JSON number is not exact")


ExactValue = Annotated[
    str | bool,
    PlainValidator(_exact, json_schema_input_type=str | bool),
]


class ObservationIn(BaseModel):
    """One value as it is entered."""

    model_config = ConfigDict(extra="forbid")

    area: Code = Field(description="Area id, or its code on the date of observation")
    measure: Code = Field(description="Code of the measure", examples=["poor_household_share"])
    observed_on: CivilDate = Field(description="Date that the value describes; not in the future")
    value: ExactValue = Field(
        description="Decimal string for numbers, boolean for yes/no", examples=["89.99"]
    )
    qualifier: Qualifier = Field(
        default="actual",
        description="actual, estimate, or a bound: at_least, at_most, above, below",
    )
    reason: ShortText | None = Field(
        default=None, description="Why an earlier value of the same date is corrected"
    )


class ObservationsIn(BaseModel):
    """One or many values from one document."""

    model_config = ConfigDict(extra="forbid")

    document_id: Code | None = Field(default=None, description="Document that the values come from")
    is_demonstration: bool = Field(
        default=False, description="True when the values are made up to show the system"
    )
    items: list[ObservationIn] = Field(
        min_length=1,
        max_length=MAXIMUM_VALUES,
        description="The values; all are taken, or none",
    )


class RecordedValue(BaseModel):
    """What became of one value."""

    observation_id: int | None = Field(description="Id of the new observation; null if unchanged")
    area_id: str = Field(description="Area")
    measure: str = Field(description="Code of the measure")
    observed_on: CivilDate = Field(description="Date that the value describes")
    value: str | bool = Field(description="Value as stored")
    outcome: Outcome = Field(
        description="corrected: it replaces a value of the same date; unchanged: it was there"
    )


class ObservationsOut(BaseModel):
    """The answer to a write, item by item."""

    is_dry_run: bool = Field(description="True when nothing was written")
    items: list[RecordedValue] = Field(description="One answer per item, in the same order")
    assessments: list[ChangedVerdict] = Field(description="Verdicts that changed")


class ObservationOut(BaseModel):
    """One observation."""

    id: int = Field(description="Id")
    area_id: str = Field(description="Area")
    measure: str = Field(description="Code of the measure")
    observed_on: CivilDate = Field(description="Date that the value describes")
    value: str | bool = Field(description="Decimal string, or boolean for yes/no")
    qualifier: Qualifier = Field(description="actual, estimate, at_least, at_most, above or below")
    document_id: str | None = Field(description="Document that the value comes from")
    reason: str | None = Field(description="Why it corrects an earlier value")
    is_demonstration: bool = Field(description="True when the value is made up")
    is_superseded: bool = Field(description="True when a later record corrects it")
    author: str = Field(description="Who entered it")
    recorded_by: int = Field(description="Change of the feed that recorded it")
