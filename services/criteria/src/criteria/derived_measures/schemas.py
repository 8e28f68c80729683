"""Derived measures as JSON."""

from chungsuc.text import CivilDate
from pydantic import BaseModel, Field

from criteria.assessments.schemas import AreaReference, SetReference


class CellOut(BaseModel):
    """One observed number of a sum."""

    measure: str = Field(description="Measure")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    is_in_numerator: bool = Field(description="Whether it is part of the numerator too")
    value: str | None = Field(description="Value; null where none was observed")
    counts: bool = Field(description="False when missing, expired or only a bound")
    observed_on: CivilDate | None = Field(description="Day of the observation")
    observation_id: int | None = Field(description="Observation")
    document_id: str | None = Field(description="Document that the observation rests on")


class DerivedMeasureOut(BaseModel):
    """A ratio of two sums of cells, as one standard forms it."""

    code: str = Field(description="Code, unique within its standard", examples=["poor"])
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    criteria_set: SetReference = Field(description="Standard that forms it")
    numerator: str | None = Field(description="Exact sum; null while a cell does not count")
    denominator: str | None = Field(description="Exact sum; null while a cell does not count")
    percent: str | None = Field(
        description="Exact ratio in percent, rounded once to two places", examples=["0.27"]
    )
    is_demonstration: bool = Field(description="True when a cell or the standard is made up")
    cells: list[CellOut] = Field(description="The cells of the denominator, in order")


class DerivedMeasuresOut(BaseModel):
    """What the standards in force derive from the values of one area."""

    area: AreaReference = Field(description="Area")
    as_of: CivilDate = Field(description="Date on which the values and the standards hold")
    known_at: int | None = Field(description="Feed position asked for; null: what is known now")
    items: list[DerivedMeasureOut] = Field(description="By standard and code")
