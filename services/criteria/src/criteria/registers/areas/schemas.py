"""Areas as the API shows them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from chungsuc.text import CivilDate, Code, SafeText, ShortText
from pydantic import BaseModel, ConfigDict, Field

AreaParameter = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]{1,40}$", examples=["06970", "vn", "a5q3jx6h7k2ml"])
]
AreaCode = Annotated[str, Field(pattern=r"^[0-9]{2,12}$", examples=["06970"])]
Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=9, decimal_places=8)]
Coverage = Literal["known", "assumed"]
_COVERAGE = "assumed: the date lies before the first register, which is taken to have held then too"


class Reference(BaseModel):
    """An area, short."""

    id: str = Field(description="Area id")
    code: str = Field(description="Code on the date asked for")
    name: str = Field(description="Designation and name")


class AreaOut(BaseModel):
    """An area as it was on a date."""

    id: str = Field(description="Area id; stays when name, code or parent change")
    code: str = Field(description="Official code on that date; codes are used again")
    area_kind: str = Field(description="nation, province, district, commune or village")
    designation: str = Field(description="tỉnh, thành phố, xã, phường, đặc khu …")
    name: str = Field(description="Name without its designation")
    parent: Reference | None = Field(description="Area above; null for the nation")
    begins_on: date = Field(description="First day of this code, name and place")
    ends_on: date | None = Field(description="Last day of them; null while they hold")
    coverage: Coverage = Field(description=_COVERAGE)
    latitude: Decimal | None = Field(description="Degrees north")
    longitude: Decimal | None = Field(description="Degrees east")
    area_km2: Decimal | None = Field(description="Area in square kilometres")
    attributes: dict[str, str] = Field(
        description="Dated facts that hold on the date, such as region; absent means unknown"
    )


class Neighbour(BaseModel):
    """An area that this one became or came from, by one step of lineage."""

    area: Reference = Field(description="The other area")
    effective_on: date = Field(description="First day of the new area")
    extent: str = Field(description="whole, seat_part (with the old seat) or part")
    share: Decimal | None = Field(description="Part of the old area, when known")


class AreaDetail(AreaOut):
    """One area with where it came from and what it became."""

    as_of: date = Field(description="Date that was read")
    source: str = Field(description="Document or remark that the row rests on")
    predecessors: list[Neighbour] = Field(description="Areas it was made of")
    successors: list[Neighbour] = Field(description="Areas it became")


class SpanOut(BaseModel):
    """What an area was from one day to another."""

    begins_on: date = Field(description="First day")
    ends_on: date | None = Field(description="Last day; null while it holds")
    code: str = Field(description="Official code")
    area_kind: str = Field(description="Kind of area")
    designation: str = Field(description="tỉnh, xã, phường …")
    name: str = Field(description="Name without its designation")
    parent: Reference | None = Field(description="Area above on the first day")
    known_from: date = Field(description="Before this date the span is assumed")
    source: str = Field(description="Document or remark that the row rests on")


class AttributeOut(BaseModel):
    """A dated fact of an area."""

    name: str = Field(description="What is stated: region, commune_group …")
    value: str = Field(description="Its value")
    begins_on: date = Field(description="First day")
    ends_on: date | None = Field(description="Last day; null while it holds")
    source: str = Field(description="What it rests on")


class DocumentReference(BaseModel):
    """A document, short."""

    id: str = Field(description="Document id")
    number: str = Field(description="Number of the document")
    certainty: str = Field(description="stated, cited or recalled_unverified")


class AreaPart(BaseModel):
    """What became of one area in an event."""

    area: Reference = Field(description="The area, as it was called on the day")
    part: str = Field(description="began, changed or ended")


class AreaChangeOut(BaseModel):
    """One recorded area change."""

    id: int | None = Field(description="Id of the change; null on a dry run")
    kind: str = Field(description="create, rename, retype, reparent, recode, merge, split …")
    effective_on: date = Field(description="First day on which it holds")
    document: DocumentReference = Field(description="Document that orders it")
    note: str = Field(description="Remark")
    reverses: int | None = Field(description="Id of the change that this one takes back")
    areas_total: int = Field(description="Areas that it touches")
    areas: list[AreaPart] = Field(description="These areas; empty when there are more than 100")


class AreaHistory(BaseModel):
    """Everything that is recorded of one area."""

    id: str = Field(description="Area id")
    spans: list[SpanOut] = Field(description="Codes, names and parents by date, oldest first")
    attributes: list[AttributeOut] = Field(description="Dated facts by name, oldest first")
    changes: list[AreaChangeOut] = Field(description="Events that touched it, newest first")


class ReachOut(BaseModel):
    """An area that lineage leads to, over one or more steps."""

    area: Reference = Field(description="The area")
    area_kind: str = Field(description="Its kind")
    effective_on: date = Field(description="Day of the last step")
    extent: str = Field(description="whole, seat_part or part of the old area, over all steps")
    share: Decimal | None = Field(description="Part of the old area over all steps, when known")
    steps: int = Field(description="Number of steps")
    is_living: bool | None = Field(description="Lives on the day asked for; null without a day")


class AreaLineage(BaseModel):
    """Where an area came from and what it became."""

    area: Reference = Field(description="The area")
    on: date | None = Field(description="Day that was asked for; null: direct steps only")
    predecessors: list[ReachOut] = Field(description="Areas it came from, nearest first")
    successors: list[ReachOut] = Field(description="Areas it became, nearest first")


class AttributeIn(BaseModel):
    """A fact that holds from the first day of the area."""

    model_config = ConfigDict(extra="forbid")

    name: Code = Field(description="What is stated: region, commune_group …")
    value: ShortText = Field(description="Its value")


class NewAreaIn(BaseModel):
    """An area that begins with the event."""

    model_config = ConfigDict(extra="forbid")

    area_kind: Code = Field(default="commune", description="Kind of area")
    code: AreaCode = Field(description="Official code, digits")
    designation: ShortText = Field(description="tỉnh, xã, phường …")
    name: ShortText = Field(description="Name without its designation")
    parent: AreaParameter = Field(description="Area above: id, or code on the day of the event")
    attributes: list[AttributeIn] = Field(
        default_factory=list,
        max_length=50,
        description="Facts that override what predecessors agree on",
    )


class ChangeBase(BaseModel):
    """What every area change states."""

    model_config = ConfigDict(extra="forbid")

    effective_on: CivilDate = Field(description="First day on which it holds")
    document_id: Code = Field(description="Id of the document that orders it")
    note: SafeText = Field(default="", description="Remark")


class ReverseIn(BaseModel):
    """A mistaken change is taken back; what was recorded meanwhile stays readable by `known_at`."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["reverse"] = Field(description="Kind of change")
    document_id: Code = Field(description="Id of the document that orders it")
    note: SafeText = Field(default="", description="Remark")
    change: Annotated[int, Field(ge=1, lt=2**63)] = Field(description="Id of the mistaken change")


class CreateIn(ChangeBase):
    """A new area."""

    kind: Literal["create"] = Field(description="Kind of change")
    area: NewAreaIn = Field(description="The new area")


class RenameIn(ChangeBase):
    """Another name; the id stays."""

    kind: Literal["rename"] = Field(description="Kind of change")
    area: AreaParameter = Field(description="Area id, or code on the day of the event")
    name: ShortText = Field(description="New name without its designation")


class RetypeIn(ChangeBase):
    """Another designation, such as xã to phường; the id stays."""

    kind: Literal["retype"] = Field(description="Kind of change")
    area: AreaParameter = Field(description="Area id, or code on the day of the event")
    designation: ShortText = Field(description="New designation")


class ReparentIn(ChangeBase):
    """Another area above; the id stays."""

    kind: Literal["reparent"] = Field(description="Kind of change")
    area: AreaParameter = Field(description="Area id, or code on the day of the event")
    parent: AreaParameter = Field(description="New area above")


class RecodeIn(ChangeBase):
    """Another code; the id stays."""

    kind: Literal["recode"] = Field(description="Kind of change")
    area: AreaParameter = Field(description="Area id, or code on the day of the event")
    code: AreaCode = Field(description="New code")


class ClassifyIn(ChangeBase):
    """An attribute has another value; the id stays."""

    kind: Literal["classify"] = Field(description="Kind of change")
    area: AreaParameter = Field(description="Area id, or code on the day of the event")
    name: Code = Field(description="Attribute: region, commune_group, specially_disadvantaged …")
    value: ShortText | None = Field(description="New value; null when it is no longer known")


class MergeIn(ChangeBase):
    """Areas end and one new area begins, also when it uses their code or name again."""

    kind: Literal["merge"] = Field(description="Kind of change")
    areas: list[AreaParameter] = Field(
        min_length=2, max_length=100, description="Areas that end: ids or codes on the eve"
    )
    into: NewAreaIn = Field(description="The new area; areas below the old ones go with it")


class PartIn(NewAreaIn):
    """One piece of a split area."""

    extent: Literal["seat_part", "part"] = Field(description="With the old seat, or not")
    share: Share | None = Field(default=None, description="Part of the old area, when known")
    children: list[AreaParameter] = Field(
        default_factory=list, max_length=1000, description="Areas below that go with this part"
    )


class SplitIn(ChangeBase):
    """An area ends and several new ones begin."""

    kind: Literal["split"] = Field(description="Kind of change")
    area: AreaParameter = Field(description="Area that ends: id, or code on the eve")
    into: list[PartIn] = Field(min_length=2, max_length=100, description="The new areas")


class AbolishIn(ChangeBase):
    """An area ends without a successor."""

    kind: Literal["abolish"] = Field(description="Kind of change")
    area: AreaParameter = Field(description="Area that ends: id, or code on the eve")


AreaEventIn = (
    CreateIn
    | RenameIn
    | RetypeIn
    | ReparentIn
    | RecodeIn
    | ClassifyIn
    | MergeIn
    | SplitIn
    | AbolishIn
)
AreaChangeIn = Annotated[AreaEventIn | ReverseIn, Field(discriminator="kind")]
