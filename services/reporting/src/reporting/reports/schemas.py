"""What a province overview looks like on the wire."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

LINEAGE = "Where these figures come from, drilled down: a path of this API"
RATE = "Percent with one place; null when there is nothing to compare with"


class FormItem(BaseModel):
    """A report that can be asked for."""

    form: str = Field(description="Name in the address", examples=["province-overview"])
    name_vi: str = Field(description="Vietnamese title")
    name_en: str = Field(description="English title")
    href: str = Field(description="Where to read it")


class FormList(BaseModel):
    """The reports there are."""

    items: list[FormItem] = Field(description="Forms by name")


class AreaReference(BaseModel):
    """An area as it was on the date of the report."""

    id: str = Field(description="Area id")
    code: str = Field(description="Code on that date", examples=["12"])
    name: str = Field(description="Name on that date", examples=["Lai Châu"])
    area_kind: str = Field(description="Kind of area", examples=["province"])
    designation: str = Field(description="Designation on that date", examples=["tỉnh"])


class Mean(BaseModel):
    """A mean with its parts: never averaged over averages."""

    total: int = Field(description="Sum over the areas", examples=[1310])
    count: int = Field(
        description="Communes that the set judges; one without a verdict adds nothing to the total",
        examples=[94],
    )
    value: str | None = Field(
        description="Four places, half up; null while nobody is assessed", examples=["13.9362"]
    )
    printed: str | None = Field(description="One place, half up", examples=["13.9"])


class BandCount(BaseModel):
    """Communes in one band of criteria met; the bands are part of the set."""

    least: int = Field(description="Fewest criteria met", examples=[15])
    most: int = Field(description="Most criteria met", examples=[18])
    name_vi: str = Field(description="Vietnamese name of the band")
    name_en: str = Field(description="English name of the band")
    areas: int = Field(description="Areas in it", examples=[31])
    rate: str | None = Field(description=RATE, examples=["33.0"])


class CriterionShare(BaseModel):
    """How the areas stand at one criterion."""

    number: str = Field(description="Number inside the set", examples=["1"])
    name_vi: str = Field(description="Vietnamese name")
    name_en: str = Field(description="English name")
    met: int = Field(description="Communes that meet it")
    not_applicable: int = Field(description="Communes it does not apply to: counted as met")
    not_met: int = Field(description="Communes that do not meet it")
    undetermined: int = Field(description="Threshold or attribute unknown")
    missing: int = Field(description="No value, or an expired one")
    rate: str | None = Field(description="Met or not applicable, of all areas; " + RATE)


class CriteriaSetReference(BaseModel):
    """A criteria set in force on the date of the report."""

    code: str = Field(description="Code of the set", examples=["ntm-xa-2021-2025"])
    version: str = Field(description="Version in force")
    hash: str | None = Field(description="Content hash of that version")
    name_vi: str = Field(description="Vietnamese name")
    name_en: str = Field(description="English name")
    tier: str = Field(description="Tier")
    area_kind: str = Field(description="Kind of area that it judges", examples=["commune"])
    is_demonstration: bool = Field(description="Fills unknown thresholds: not for legal forms")


class SetResults(BaseModel):
    """The areas below the asked one, judged by one set."""

    criteria_set: CriteriaSetReference = Field(description="The set")
    areas: int = Field(description="Areas that it judges, by designation, on that date")
    assessed: int = Field(description="Those with an assessment that holds on that date")
    criteria_total: int = Field(description="Criteria of the set", examples=[19])
    criteria_met_mean: Mean = Field(description="Criteria met per commune")
    indicators_met_mean: Mean = Field(description="Indicators met per commune")
    meeting_all: int = Field(description="Communes that meet every criterion")
    meeting_all_rate: str | None = Field(description="Of all areas that it judges; " + RATE)
    bands: list[BandCount] = Field(description="Assessed areas by criteria met")
    criteria: list[CriterionShare] = Field(description="Assessed areas by criterion")
    is_demonstration: bool = Field(description="Some verdict rests on demonstration data")
    lineage: str = Field(description=LINEAGE)
    summary: str = Field(description="The same figures as the source computes them")


class MoneyFigures(BaseModel):
    """Money in whole đồng; rates with their basis named."""

    plan_vnd: int = Field(description="Received from outside the area, net of money handed back")
    extended_vnd: int = Field(description="Of the plan: from earlier years")
    allocated_vnd: int = Field(
        description="Plan that left the area which received it: passed down, or spent by it"
    )
    unallocated_vnd: int = Field(description="Plan still lying with the area which received it")
    allocated_rate: str | None = Field(description="allocated / plan; " + RATE)
    disbursed_vnd: int = Field(description="D: advances outstanding and completed volume paid")
    advance_outstanding_vnd: int = Field(description="Of D: advances not recovered yet")
    completed_vnd: int = Field(description="Of D: paid for completed volume")
    disbursed_rate: str | None = Field(description="D / plan; " + RATE)
    rate_basis: Literal["plan"] = Field(description="What the rates are a share of")


class ProgrammeReference(BaseModel):
    """A programme."""

    id: str = Field(description="Programme id")
    code: str = Field(description="Code", examples=["NTM-2125"])
    name_vi: str = Field(description="Vietnamese name")
    name_en: str = Field(description="English name")


class ProgrammeMoney(MoneyFigures):
    """Money of one programme and capital kind; kinds are never netted against each other."""

    programme: ProgrammeReference = Field(description="The programme")
    capital_kind: str = Field(description="Capital kind", examples=["DTPT"])
    is_demonstration: bool = Field(description="Some transfer is demonstration data")
    lineage: str = Field(description=LINEAGE)
    transfers: str = Field(description="The transfers themselves: a path of this API")


class KindMoney(MoneyFigures):
    """Money of one capital kind over all programmes."""

    capital_kind: str = Field(description="Capital kind", examples=["DTPT"])
    lineage: str = Field(description=LINEAGE)


class TotalMoney(MoneyFigures):
    """Money over all programmes and capital kinds."""

    lineage: str = Field(description=LINEAGE)


class EndedMoney(BaseModel):
    """The part of the money that lies with areas that have ended: not re-homed yet."""

    areas: int = Field(description="Ended areas with money of this budget year")
    plan_vnd: int = Field(description="Of the plan")
    disbursed_vnd: int = Field(description="Of D")


class MoneyResults(BaseModel):
    """The money of one budget year below the area, as of the date of the report."""

    budget_year: int = Field(description="Budget year", examples=[2024])
    programmes: list[ProgrammeMoney] = Field(description="By programme and capital kind")
    by_capital_kind: list[KindMoney] = Field(description="By capital kind")
    total: TotalMoney = Field(description="All of it")
    of_ended_areas: EndedMoney = Field(description="Contained above, to be re-homed")
    is_demonstration: bool = Field(description="Some transfer is demonstration data")


class TargetResult(BaseModel):
    """One document's target and how far it is reached; two documents are never merged."""

    id: str = Field(description="Target id")
    result: str = Field(description="What is planned", examples=["criteria_met_mean"])
    criteria_set: str | None = Field(description="Set that it is judged by")
    kind: str = Field(description="Kind of target")
    year: int = Field(description="Year it is due", examples=[2025])
    planned_value: str = Field(description="The plan, exact", examples=["17.3"])
    denominator: str | None = Field(description="What the plan is counted over")
    actual_value: str | None = Field(description="Four places, half up; null: not in this report")
    actual_printed: str | None = Field(description="One place, half up", examples=["13.9"])
    attainment_rate: str | None = Field(description="actual / plan, both exact; " + RATE)
    document_id: str | None = Field(description="Document that set it")
    document: str | None = Field(description="Its number, issuer and title")
    is_demonstration: bool = Field(description="The plan or the actual is demonstration")
    lineage: str = Field(description=LINEAGE)


class ChildResults(BaseModel):
    """One set over the areas below a child area."""

    criteria_set: str = Field(description="Code of the set")
    areas: int = Field(description="Areas that it judges")
    assessed: int = Field(description="Those assessed")
    criteria_met_mean: Mean = Field(description="Criteria met per commune")
    meeting_all: int = Field(description="Communes that meet every criterion")


class ChildRow(BaseModel):
    """One area right below: the first step of drilling down."""

    area: AreaReference = Field(description="The area")
    results: list[ChildResults] = Field(description="Per criteria set")
    plan_vnd: int = Field(description="Plan below it")
    disbursed_vnd: int = Field(description="D below it")
    disbursed_rate: str | None = Field(description="D / plan; " + RATE)
    overview: str = Field(description="The same report of this area: a path of this API")


class FeedState(BaseModel):
    """How far this report has read one source."""

    cursor: str | None = Field(description="`epoch:position` seen; null: nothing read yet")
    positions_behind: int = Field(description="Changes known at the source and not yet seen here")
    seconds_since_read: float | None = Field(description="Since the source was last heard")


class Freshness(BaseModel):
    """Whether the changes that the caller named are in the figures."""

    asked: list[str] = Field(description="`fresh_after` as given")
    is_satisfied: bool = Field(description="All of them are in the figures")


class Coverage(BaseModel):
    """What the figures can and cannot speak for."""

    communes: int = Field(description="Communes below the area on that date, of any designation")
    children: int = Field(description="Areas right below it")
    register_known_from: date | None = Field(
        description="First day that the register is read, not assumed; null: not told"
    )
    is_assumed: bool | None = Field(description="The date lies before that day; null: not told")


class ProvinceOverview(BaseModel):
    """Results, money and targets of one area as of one date, from one snapshot."""

    form: Literal["province-overview"] = Field(description="Name of the form")
    name_vi: str = Field(description="Vietnamese title")
    name_en: str = Field(description="English title")
    area: AreaReference = Field(description="The area")
    as_of: date = Field(description="Civil date that all figures and the hierarchy hold for")
    results: list[SetResults] = Field(description="Per criteria set in force")
    money: MoneyResults = Field(description="Capital of the budget year")
    targets: list[TargetResult] = Field(description="Plan against actual")
    children: list[ChildRow] = Field(description="Areas right below")
    coverage: Coverage = Field(description="What is covered")
    is_demonstration: bool = Field(description="Some figure rests on demonstration data")
    sources: dict[str, FeedState] = Field(description="Cursors and lag per source")
    freshness: Freshness = Field(description="Answer to `fresh_after`")
