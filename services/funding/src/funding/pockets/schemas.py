"""Pockets as the API shows them."""

from datetime import date

from pydantic import BaseModel, Field


class Named(BaseModel):
    """A reference as it is to be read."""

    id: str = Field(description="Id")
    code: str | None = Field(description="Code on the date of the answer; null when it has none")
    name: str | None = Field(description="Name on the date of the answer")


class Flows(BaseModel):
    """What moved, net of reversals; each is a sum over the pocket's entries."""

    received_vnd: int = Field(description="Assigned or allocated to this pocket")
    passed_down_vnd: int = Field(description="Allocated further down")
    advanced_vnd: int = Field(description="Advances given")
    paid_vnd: int = Field(description="Paid for completed volume, without recovered advances")
    recovered_vnd: int = Field(description="Advances that became completed volume")
    refunded_vnd: int = Field(description="Paid back")


class Balances(BaseModel):
    """What is where; each is at least 0, except that of the issuing budget."""

    issued_vnd: int = Field(description="Of the issuing budget: minus what it assigned")
    available_vnd: int = Field(description="Neither passed down nor disbursed")
    advance_vnd: int = Field(description="A: advances outstanding")
    paid_vnd: int = Field(description="C: completed volume paid, recovered advances included")
    disbursed_vnd: int = Field(description="D = A + C")
    reserved_vnd: int | None = Field(
        description="Part of the balances that pending transfers hold; null for a past moment"
    )


class Pocket(BaseModel):
    """Money of one programme or component, kind, source and year, held by one holder."""

    id: str = Field(description="Pocket id", examples=["pk12"])
    programme: Named = Field(description="Programme")
    component: Named | None = Field(description="Component; null when not split yet")
    capital_kind: str = Field(description="Capital kind")
    source: str = Field(description="Funding source")
    year_of_origin: int = Field(description="Year in which the money was first assigned")
    budget_year: int = Field(description="Year in whose plan it is now")
    holder_kind: str = Field(description="area, organisation or project")
    holder: Named = Field(description="Who holds it")
    area: Named = Field(description="Area of the holder")
    balances: Balances = Field(description="Balances by value date up to as_of")
    flows: Flows = Field(description="Flows by value date up to as_of")


class BelowZero(BaseModel):
    """A balance below zero in the order of value dates; in that of recording none ever is."""

    balance: str = Field(description="Which balance")
    on: date = Field(description="First day with that lowest amount")
    amount_vnd: int = Field(description="Lowest amount")


class PocketDetail(Pocket):
    """A pocket with what is odd about it."""

    warnings: list[BelowZero] = Field(description="Value-dated balances below zero")
