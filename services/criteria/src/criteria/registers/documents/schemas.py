"""Documents as the API shows and takes them."""

from typing import Annotated, Literal

from chungsuc.text import CivilDate, Code, ShortText
from pydantic import BaseModel, ConfigDict, Field

Certainty = Literal["stated", "cited", "recalled_unverified"]
RegisterId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,40}$", examples=["dk3v5w2qlqpzy"])]

_NUMBER = "Number as printed on the document"
_KIND = "Kind of document: decision, resolution, plan, directive, conclusion_notice …"


class DocumentIn(BaseModel):
    """A document to register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "2496/KH-UBND",
                    "kind": "plan",
                    "issuer": "Ủy ban nhân dân tỉnh Lai Châu",
                    "title": "Kế hoạch xây dựng nông thôn mới tỉnh Lai Châu",
                    "issued_on": "2022-07-15",
                }
            ]
        },
    )

    number: ShortText = Field(description=_NUMBER)
    kind: Code = Field(description=_KIND)
    issuer: ShortText = Field(description="Who issued it; Party bodies included")
    title: ShortText = Field(description="Subject")
    issued_on: CivilDate | None = Field(default=None, description="Date; null when not known")
    programme: Code | None = Field(default=None, description="Code of the programme it is about")
    file_hash: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file, in hex"
    )
    replaces_id: RegisterId | None = Field(default=None, description="Id of what it replaces")
    certainty: Certainty = Field(
        default="stated",
        description="stated by the office that registers it, cited elsewhere, or from memory",
    )
    is_demonstration: bool = Field(default=False, description="Made up for a demonstration")


class DocumentOut(BaseModel):
    """A registered document."""

    id: str = Field(description="Document id")
    number: str = Field(description=_NUMBER)
    kind: str = Field(description=_KIND)
    issuer: str = Field(description="Who issued it")
    title: str = Field(description="Subject")
    issued_on: CivilDate | None = Field(description="Date; null when not known")
    programme: str | None = Field(description="Code of the programme it is about")
    file_hash: str | None = Field(description="SHA-256 of the file, in hex")
    replaces_id: str | None = Field(description="Id of what it replaces")
    certainty: str = Field(description="stated, cited or recalled_unverified")
    is_demonstration: bool = Field(description="Made up for a demonstration")
