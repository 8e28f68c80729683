"""Transfers as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from chungsuc.text import CivilDate, Code, PositiveDong, SafeText
from pydantic import BaseModel, ConfigDict, Field, JsonValue

PocketId = Annotated[
    str, Field(pattern=r"^pk[1-9][0-9]{0,17}$", description="Pocket id", examples=["pk12"])
]
TransferId = Annotated[
    str, Field(pattern=r"^tr[1-9][0-9]{0,17}$", description="Transfer id", examples=["tr40"])
]
HolderKind = Literal["area", "organisation", "project"]
State = Literal["pending", "posted", "rejected", "expired"]
Template = Literal["assign", "allocate", "advance", "pay", "recover", "refund", "reverse"]
BudgetYear = Annotated[int, Field(ge=1990, le=2199, description="Budget year", examples=[2024])]

VALUE_ON = "Day on which it takes effect: in the pocket's window, not in the future"
DOCUMENT = "The legal act behind it: id of a registered document"
ASSIGN_EXAMPLE: dict[str, JsonValue] = {
    "template": "assign",
    "programme_id": "DTTS-2125",
    "capital_kind": "investment",
    "source": "NSTW",
    "budget_year": 2024,
    "to": {"holder_kind": "area", "holder_id": "ab2c3d4e5f6g7"},
    "amount_vnd": 729_000_000_000,
    "value_on": "2024-01-05",
    "document_id": "dk3v5w2qlqpzy",
}


class Holder(BaseModel):
    """Who holds money."""

    model_config = ConfigDict(extra="forbid")

    holder_kind: HolderKind = Field(description="area, organisation or project")
    holder_id: Code = Field(description="Its id")


class Movement(BaseModel):
    """What every transfer states."""

    model_config = ConfigDict(extra="forbid")

    value_on: CivilDate = Field(description=VALUE_ON)
    document_id: Code = Field(description=DOCUMENT)
    note: SafeText = Field(default="", description="Free remark")


class AssignIn(Movement):
    """A budget assigns money to a holder at or below its level: money enters the ledger."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [ASSIGN_EXAMPLE]})

    template: Literal["assign"] = Field(description="Assign a plan")
    programme_id: Code = Field(description="Programme")
    component_id: Code | None = Field(
        default=None, description="Component; null when the money is not split yet"
    )
    capital_kind: Code = Field(description="Capital kind")
    source: Code = Field(description="Funding source; its level's budget is the issuer")
    budget_year: BudgetYear = Field(description="Budget year, also the year of origin")
    to: Holder = Field(description="Who receives it")
    amount_vnd: PositiveDong = Field(description="Amount in đồng")


class AllocateIn(Movement):
    """A holder passes money down to a holder below it."""

    template: Literal["allocate"] = Field(description="Pass down")
    pocket_id: PocketId = Field(description="Pocket that gives")
    component_id: Code | None = Field(
        default=None, description="A component below the pocket's own; null keeps it"
    )
    to: Holder = Field(description="Who receives it")
    amount_vnd: PositiveDong = Field(description="Amount in đồng")


class SpendIn(Movement):
    """An advance, a payment for completed volume, or the recovery of an advance."""

    template: Literal["advance", "pay", "recover"] = Field(
        description="advance: A grows; pay: C grows; recover: A becomes C"
    )
    pocket_id: PocketId = Field(description="Pocket that it is about")
    amount_vnd: PositiveDong = Field(description="Amount in đồng")


class RefundIn(Movement):
    """Money paid back: D falls and the pocket may dispose of it again."""

    template: Literal["refund"] = Field(description="Pay back")
    pocket_id: PocketId = Field(description="Pocket that it is about")
    of_balance: Literal["advance", "paid"] = Field(description="What is paid back")
    amount_vnd: PositiveDong = Field(description="Amount in đồng")


class ReverseIn(Movement):
    """The opposite lines of a posted transfer; once."""

    template: Literal["reverse"] = Field(description="Undo a mistake")
    transfer_id: TransferId = Field(description="Transfer to undo")


TransferIn = Annotated[
    AssignIn | AllocateIn | SpendIn | RefundIn | ReverseIn, Field(discriminator="template")
]


class RejectIn(BaseModel):
    """Why a transfer is not approved."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[SafeText, Field(min_length=1)] = Field(description="Reason for the maker")


class BatchIn(BaseModel):
    """Many transfers under one key."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["atomic", "partial"] = Field(
        default="atomic", description="atomic: all or none; partial: a verdict for each item"
    )
    items: list[TransferIn] = Field(min_length=1, max_length=500, description="Transfers")


class Line(BaseModel):
    """One side of a movement."""

    pocket_id: str = Field(description="Pocket")
    balance: Literal["issued", "available", "advance", "paid"] = Field(description="Which balance")
    flow: Literal["issue", "receive", "pass_down", "disburse", "recover", "refund"] = Field(
        description="What kind of flow it counts as; a reversal keeps it with the other sign"
    )
    amount_vnd: int = Field(description="Signed amount; the lines of a transfer add to zero")


class AllowedAction(BaseModel):
    """What the caller may do with a transfer, and if not, why."""

    action: Literal["approve", "reject", "reverse"] = Field(description="Action")
    is_allowed: bool = Field(description="Whether it would be let through")
    reason: str | None = Field(description="What stands in the way: a stable code")


class Transfer(BaseModel):
    """A transfer as recorded; its lines have effect only while it is posted."""

    id: TransferId = Field(description="Transfer id")
    template: Template = Field(description="Template")
    of_template: str | None = Field(description="For a reversal: the template of what it undoes")
    reversed_id: str | None = Field(description="For a reversal: what it undoes")
    state: State = Field(description="pending until another person decides or time runs out")
    amount_vnd: int = Field(description="Amount in đồng")
    area_id: str = Field(description="Area of the holder that gives")
    value_on: date = Field(description=VALUE_ON)
    document_id: str = Field(description=DOCUMENT)
    is_demonstration: bool = Field(description="Its document is demonstration data")
    note: str = Field(description="Remark of the maker")
    author: str = Field(description="Who made it")
    recorded_at: datetime = Field(description="When it was made")
    expires_at: datetime = Field(description="When a pending one gives up its reservation")
    decided_by: str | None = Field(description="Who approved or rejected it: never the maker")
    decided_at: datetime | None = Field(description="When")
    reason: str | None = Field(description="Reason of a rejection")
    lines: list[Line] = Field(description="Lines; they add to zero")
    allowed_actions: list[AllowedAction] = Field(description="What the caller may do next")


class Refusal(BaseModel):
    """Why one item of a partial batch was refused."""

    code: str = Field(description="Stable code", examples=["insufficient_balance"])
    pointer: str = Field(description="JSON pointer of the field", examples=["/items/0/amount_vnd"])
    detail: str = Field(description="Reason, in the language of the request")
    facts: dict[str, Any] = Field(description="Figures behind it")


class BatchItem(BaseModel):
    """The verdict on one item: a transfer or a refusal."""

    transfer: Transfer | None = Field(description="The pending transfer")
    refusal: Refusal | None = Field(description="Why there is none")


class BatchOut(BaseModel):
    """Verdicts in the order of the items."""

    items: list[BatchItem] = Field(description="One for each item")
