"""Programmes, sources and capital kinds as the API shows them."""

from datetime import date

from pydantic import BaseModel, Field


class Programme(BaseModel):
    """A programme or one of its components, in a tree that stays open."""

    id: str = Field(description="Stable id", examples=["DTTS-2125"])
    code: str = Field(description="Our code", examples=["DTTS-2125"])
    name_vi: str = Field(description="Official name")
    name_en: str = Field(description="Name in English")
    parent_id: str | None = Field(description="Node above; null for a programme")
    programme_id: str = Field(description="The programme that it belongs to")
    kind: str = Field(description="programme, project, subproject, content or part")
    legal_basis: list[str] = Field(description="Documents that set it up")
    is_complete: bool = Field(description="Whether all nodes below are known to this system")
    valid_from: date = Field(description="First day")
    valid_to: date | None = Field(description="Last day; null when open")


class FundingSource(BaseModel):
    """Where money comes from."""

    code: str = Field(description="Code", examples=["NSTW"])
    name_vi: str = Field(description="Name")
    name_en: str = Field(description="Name in English")
    source_group: str = Field(description="state_budget, integrated, credit, mobilised, community")
    is_on_budget: bool = Field(description="Counts in the budget disbursement rate")
    is_through_treasury: bool = Field(description="Paid and confirmed through the State Treasury")
    is_counterpart: bool = Field(description="Counts as counterpart of a local budget")
    is_in_kind: bool = Field(description="Labour, land or goods")
    has_pockets: bool = Field(description="Whether the ledger holds money of it")
    issuing_area_kind: str | None = Field(description="Level of the budget that may assign it")
    valid_from: date = Field(description="First day")
    valid_to: date | None = Field(description="Last day; null when open")


class CapitalKind(BaseModel):
    """A kind of budget capital; kinds are never netted."""

    code: str = Field(description="Code", examples=["investment"])
    name_vi: str = Field(description="Name")
    name_en: str = Field(description="Name in English")
    law_vi: str = Field(description="The law that governs it")
    has_medium_term_plan: bool = Field(description="Yearly plans stay within a medium-term plan")


class ProgrammeList(BaseModel):
    """The tree, parents before children."""

    items: list[Programme] = Field(description="Nodes")


class FundingSourceList(BaseModel):
    """All sources."""

    items: list[FundingSource] = Field(description="Sources")


class CapitalKindList(BaseModel):
    """All kinds."""

    items: list[CapitalKind] = Field(description="Kinds")
