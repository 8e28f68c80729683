"""Single figures on the wire."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

ResultMeasure = Literal["criteria_met", "indicators_met"]
MoneyMeasure = Literal["plan_vnd", "disbursed_vnd", "advance_outstanding_vnd"]
Measure = Literal[
    "criteria_met", "indicators_met", "plan_vnd", "disbursed_vnd", "advance_outstanding_vnd"
]


class Fact(BaseModel):
    """One figure of one area as of one date."""

    measure: Measure = Field(description="What is counted", examples=["criteria_met"])
    area_id: str = Field(description="Area id")
    area_code: str = Field(description="Its last code by that date", examples=["03391"])
    area_name: str = Field(description="Its last name by that date", examples=["Nậm Hàng"])
    as_of: date = Field(description="Civil date that the figure holds for")
    key: str = Field(
        description="Criteria set; or programme and capital kind", examples=["NTM-2125/DTPT"]
    )
    budget_year: int | None = Field(description="Budget year of money; null for results")
    value: int = Field(description="Criteria, indicators or whole đồng", examples=[16])
    of: int | None = Field(description="Criteria or indicators of the set; null for money")
    is_demonstration: bool = Field(description="Rests on demonstration data")
    lineage: str = Field(description="Where it comes from: a path of this API")
