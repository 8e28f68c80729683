"""Measures as JSON."""

from typing import Literal

from pydantic import BaseModel, Field


class MeasureOut(BaseModel):
    """Something that can be observed about an area."""

    code: str = Field(description="Code", examples=["road_village_hardened_share"])
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    type: Literal["share", "number", "yes_no", "level", "score"] = Field(
        description="share (percent), number, yes_no, level or score"
    )
    unit: str = Field(description="Unit; empty where the type says it all")
    scale: int = Field(description="Decimal places at most; more are refused, never rounded")
    minimum: str = Field(description="Smallest value, as a decimal string")
    maximum: str = Field(description="Largest value, as a decimal string")
    breakdown: Literal["none", "sex"] = Field(description="Whether it is one of a pair by sex")
    validity: str = Field(
        description="How long a value counts: until_replaced, year_of_review or months:<n>"
    )
