"""Projects, acceptances and medium-term plans as the API takes and shows them."""

from datetime import date
from typing import Annotated, Literal, Self

from chungsuc.text import CivilDate, Code, Dong, PositiveDong, ShortText
from pydantic import BaseModel, ConfigDict, Field, model_validator

ProjectKind = Literal["work", "activity", "production_support"]
ProjectId = Annotated[str, Field(pattern=r"^pj[0-9a-f]{12}$", examples=["pj0a1b2c3d4e5f"])]
BudgetYear = Annotated[int, Field(ge=1990, le=2199)]


class ProjectIn(BaseModel):
    """A project with the decision that sets its ceiling."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "DB-2024-0001",
                    "name": "Đường giao thông nông thôn bản Huổi Lóng",
                    "project_kind": "work",
                    "area_id": "ab2c3d4e5f6g7",
                    "total_investment_vnd": 5_000_000_000,
                    "approved_on": "2024-02-01",
                    "document_id": "dk3v5w2qlqpzy",
                }
            ]
        },
    )

    code: Code = Field(description="Code of the project, unique")
    name: ShortText = Field(description="Name")
    project_kind: ProjectKind = Field(
        description="work (công trình), activity (nhiệm vụ, hoạt động) or production_support"
    )
    area_id: Code = Field(description="Area it serves")
    owner_id: Code | None = Field(
        default=None, description="Organisation that owns it (chủ đầu tư)"
    )
    total_investment_vnd: Dong | None = Field(
        default=None, description="Of a work: total investment, the ceiling of lifelong D"
    )
    approved_estimate_vnd: Dong | None = Field(
        default=None, description="Of the other kinds: approved estimate, the ceiling of D"
    )
    approved_on: CivilDate = Field(description="Date of the decision")
    document_id: Code = Field(description="The decision: id of a registered document")

    @model_validator(mode="after")
    def has_its_ceiling(self) -> Self:
        """A work has a total investment, every other kind an approved estimate."""
        is_work = self.project_kind == "work"
        if is_work != (self.total_investment_vnd is not None) or is_work != (
            self.approved_estimate_vnd is None
        ):
            raise ValueError(
                "a work has total_investment_vnd, every other kind has approved_estimate_vnd"
            )
        return self


class Project(BaseModel):
    """A project and where its ceilings stand."""

    id: str = Field(description="Project id")
    code: str = Field(description="Code")
    name: str = Field(description="Name")
    project_kind: ProjectKind = Field(description="work, activity or production_support")
    area_id: str = Field(description="Area it serves")
    owner_id: str | None = Field(description="Organisation that owns it")
    total_investment_vnd: int | None = Field(description="Of a work: total investment")
    approved_estimate_vnd: int | None = Field(description="Of other kinds: approved estimate")
    approved_on: date = Field(description="Date of the decision")
    document_id: str = Field(description="The decision")
    is_demonstration: bool = Field(description="Its document is demonstration data")
    accepted_vnd: int = Field(description="Accepted completed volume; 0 unless a work")
    disbursed_vnd: int = Field(description="Lifelong D over all sources and years")
    completed_paid_vnd: int = Field(description="Lifelong C over all sources and years")
    debt_vnd: int = Field(description="Accepted - C: derived, never typed; 0 unless a work")


class AcceptanceIn(BaseModel):
    """Completed volume that was accepted."""

    model_config = ConfigDict(extra="forbid")

    accepted_on: CivilDate = Field(description="Day of acceptance, not in the future")
    amount_vnd: PositiveDong = Field(description="Accepted volume in đồng")
    document_id: Code = Field(description="The record of acceptance: a registered document")


class Acceptance(BaseModel):
    """An acceptance as recorded."""

    id: str = Field(description="Acceptance id")
    project_id: str = Field(description="Project")
    accepted_on: date = Field(description="Day of acceptance")
    amount_vnd: int = Field(description="Accepted volume in đồng")
    document_id: str = Field(description="The record of acceptance")
    author: str = Field(description="Who recorded it")


class PlanIn(BaseModel):
    """The ceiling that a document sets on the yearly investment plans of an area."""

    model_config = ConfigDict(extra="forbid")

    programme_id: Code = Field(description="Programme")
    area_id: Code = Field(description="Area whose yearly plans it holds")
    first_year: BudgetYear = Field(
        description="First year of the medium-term period", examples=[2021]
    )
    ceiling_vnd: Dong = Field(description="Investment capital of the whole period in đồng")
    document_id: Code = Field(description="The decision: id of a registered document")


class Plan(BaseModel):
    """A medium-term plan and how much of it yearly plans use."""

    id: str = Field(description="Plan id")
    programme_id: str = Field(description="Programme")
    area_id: str = Field(description="Area")
    first_year: int = Field(description="First year of the period")
    last_year: int = Field(description="Last year of the period")
    ceiling_vnd: int = Field(description="Ceiling that this document set")
    is_in_force: bool = Field(description="Whether no later document replaced it")
    planned_vnd: int = Field(description="Yearly plans of the period, pending ones included")
    document_id: str = Field(description="The decision")
    author: str = Field(description="Who recorded it")
