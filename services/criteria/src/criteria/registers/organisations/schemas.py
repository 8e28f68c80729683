"""Organisations as the API shows and takes them."""

from datetime import date
from typing import Annotated

from chungsuc.text import CivilDate, Code, ShortText
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from criteria.registers.areas.schemas import AreaParameter, Reference

PEOPLES_COMMITTEE = "peoples_committee"
OrganisationId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,40}$", examples=["o7dk2m4qv5zty"])]
_KIND = "peoples_committee, department, fatherland_front, union, investor, budget_unit, ministry …"


class OrganisationIn(BaseModel):
    """An organisation to register; an area's People's Committee needs neither code nor name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "H49.12",
                    "name": "Sở Nông nghiệp và Môi trường tỉnh Quảng Ninh",
                    "kind": "department",
                    "area": "22",
                    "begins_on": "2025-03-01",
                }
            ]
        },
    )

    kind: Code = Field(description=_KIND)
    code: Code | None = Field(
        default=None, validate_default=True, description="Code of ours, unique"
    )
    name: ShortText | None = Field(default=None, validate_default=True, description="Full name")
    area: AreaParameter = Field(description="Area it serves: id, or code on its first day")
    begins_on: CivilDate = Field(description="First day")
    ends_on: CivilDate | None = Field(default=None, description="Last day; null while it lives")

    @field_validator("code", "name")
    @classmethod
    def _named_unless_a_committee(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("kind") != PEOPLES_COMMITTEE:
            raise ValueError("required unless it is a peoples_committee")
        return value

    @field_validator("ends_on")
    @classmethod
    def _not_before_it_begins(cls, value: date | None, info: ValidationInfo) -> date | None:
        begins_on = info.data.get("begins_on")
        if value is not None and begins_on is not None and value < begins_on:
            raise ValueError("lies before begins_on")
        return value


class OrganisationOut(BaseModel):
    """A registered organisation."""

    id: str = Field(description="Organisation id")
    code: str = Field(description="Code of ours, unique")
    name: str = Field(description="Full name")
    kind: str = Field(description=_KIND)
    area: Reference = Field(description="Area it serves, as called on its first day")
    begins_on: CivilDate = Field(description="First day")
    ends_on: CivilDate | None = Field(description="Last day; null while it lives")
