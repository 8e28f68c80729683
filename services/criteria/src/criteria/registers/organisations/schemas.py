"""Organisations as the API shows and takes them."""

from typing import Annotated, Self

from chungsuc.text import CivilDate, Code, ShortText
from pydantic import BaseModel, ConfigDict, Field, model_validator

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

    code: Code | None = Field(default=None, description="Code of ours, unique")
    name: ShortText | None = Field(default=None, description="Full name")
    kind: Code = Field(description=_KIND)
    area: AreaParameter = Field(description="Area it serves: id, or code on its first day")
    begins_on: CivilDate = Field(description="First day")
    ends_on: CivilDate | None = Field(default=None, description="Last day; null while it lives")

    @model_validator(mode="after")
    def _named_and_in_order(self) -> Self:
        if self.kind != PEOPLES_COMMITTEE and (self.code is None or self.name is None):
            raise ValueError("code and name are required unless it is a peoples_committee")
        if self.ends_on is not None and self.ends_on < self.begins_on:
            raise ValueError("ends_on lies before begins_on")
        return self


class OrganisationOut(BaseModel):
    """A registered organisation."""

    id: str = Field(description="Organisation id")
    code: str = Field(description="Code of ours, unique")
    name: str = Field(description="Full name")
    kind: str = Field(description=_KIND)
    area: Reference = Field(description="Area it serves, as called on its first day")
    begins_on: CivilDate = Field(description="First day")
    ends_on: CivilDate | None = Field(description="Last day; null while it lives")
