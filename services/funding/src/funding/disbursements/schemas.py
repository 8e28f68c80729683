"""The disbursement table as the API shows it."""

from datetime import date
from typing import Literal

from chungsuc.text import Text
from pydantic import BaseModel, Field

from funding.pockets.schemas import Named

Dimension = Literal["programme", "component", "capital_kind", "source", "area"]
DIMENSIONS: tuple[Dimension, ...] = ("programme", "component", "capital_kind", "source", "area")
BASIS = Text(
    "kế hoạch đã giao của năm ngân sách, không gồm kế hoạch kéo dài",
    "plan assigned for the budget year, extended plans not included",
)


class Amounts(BaseModel):
    """What became of money, in đồng, each đồng counted once."""

    plan_vnd: int = Field(description="Received from outside, counted once at the top")
    allocated_vnd: int = Field(
        description="Plan that left the area which received it: passed down, or disbursed by it"
    )
    unallocated_vnd: int = Field(description="Plan still lying with the area which received it")
    advance_outstanding_vnd: int = Field(description="A: advances not yet recovered")
    completed_paid_vnd: int = Field(description="C: completed volume paid")
    disbursed_vnd: int = Field(description="D = A + C, cumulative up to as_of")
    allocated_rate: str | None = Field(description="Allocated in % of plan; null for plan 0")
    disbursed_rate: str | None = Field(description="Disbursed in % of plan; null for plan 0")
    is_demonstration: bool = Field(description="Some transfer in it is demonstration data")


class DisbursementRow(Amounts):
    """One row: what the money is and what became of it."""

    programme: Named | None = Field(description="Programme; null when not asked by programme")
    component: Named | None = Field(
        description="Component; null when not asked, or when the money is not split yet"
    )
    capital_kind: Named | None = Field(description="Capital kind; null when not asked by kind")
    source: Named | None = Field(description="Funding source; null when not asked by source")
    area: Named | None = Field(
        description="Area one level below, or the asked area for what it holds itself; "
        "null when not asked by area"
    )


class DisbursementTable(BaseModel):
    """Plan, allocation and disbursement of one budget year below an area."""

    under: Named = Field(description="Area asked for, as of the day")
    budget_year: int = Field(description="Budget year")
    as_of: date = Field(description="Value dates up to this day count")
    known_at: int | None = Field(description="Feed position up to which it was recorded")
    by: list[Dimension] = Field(description="What the rows are told apart by")
    rate_basis_vi: str = Field(description="What the rates are in percent of")
    rate_basis_en: str = Field(description="The same in English")
    items: list[DisbursementRow] = Field(description="Rows")
    total: Amounts = Field(description="All rows together; kinds are added, never netted")
