"""Criteria sets as JSON."""

import json
from typing import Annotated, Any, Literal

from chungsuc.jobs import Job
from chungsuc.text import CivilDate
from pydantic import AfterValidator, BaseModel, Field, RootModel

from criteria.criteria_sets.model import CriteriaSet


def _storable(body: dict[str, Any]) -> dict[str, Any]:
    """Refuse what PostgreSQL cannot keep as text, wherever in the set it stands."""
    written = json.dumps(body, ensure_ascii=False)
    if "\\u0000" in written or any("\ud800" <= mark <= "\udfff" for mark in written):
        raise ValueError("a NUL character or a lone surrogate is not text")
    return body


class CriteriaSetIn(RootModel[dict[str, Any]]):
    """A criteria set as data: its fields, criteria, indicators, rules, thresholds, test cases.

    `GET /v1/criteria-sets/{code}` shows a whole set in this form under `body`.
    """

    root: Annotated[dict[str, Any], AfterValidator(_storable)] = Field(description="The set")


class CriteriaSetRow(BaseModel):
    """One version of a criteria set."""

    code: str = Field(description="Code", examples=["ntm-xa-2021-2025"])
    version: str = Field(description="Version")
    state: Literal["draft", "published"] = Field(description="Only published versions judge")
    hash: str = Field(description="SHA-256 of the canonical form; the identity of what judges")
    name_vi: str = Field(description="Name in Vietnamese")
    name_en: str = Field(description="Name in English")
    legal_basis: list[str] = Field(description="Documents that the set follows")
    tier: str = Field(description="standard, advanced, model or modern")
    area_kind: str = Field(description="Kind of the areas that it judges")
    designations: list[str] = Field(description="Designations of the areas that it judges")
    valid_from: CivilDate = Field(description="First day on which it judges")
    valid_to: CivilDate | None = Field(description="Last day; null while open")
    is_demonstration: bool = Field(description="True when thresholds are made up")
    extends: str | None = Field(description="National set that it fills or tightens")
    criteria_total: int = Field(description="Criteria")
    indicators_total: int = Field(description="Indicators")


class CriteriaSetOut(CriteriaSetRow):
    """One version of a criteria set, whole."""

    body: dict[str, Any] = Field(
        description="The set as data; of a published overlay, with what it extends filled in"
    )


class FindingOut(BaseModel):
    """One fault of a set."""

    pointer: str = Field(description="JSON pointer into the set")
    code: str = Field(description="Kind of fault")
    detail_vi: str = Field(description="Message in Vietnamese")
    detail_en: str = Field(description="Message in English")


class CheckOut(BaseModel):
    """Whether a version could be published."""

    code: str = Field(description="Code of the set")
    version: str = Field(description="Version that was checked")
    is_publishable: bool = Field(description="True when nothing was found")
    findings: list[FindingOut] = Field(description="Everything that was found")


class PublishedOut(BaseModel):
    """A version just published, and the job that judges the country by it."""

    criteria_set: CriteriaSetRow = Field(description="The published version")
    job: Job = Field(description="Judges every area that the set is for")


def describe(criteria_set: CriteriaSet, *, state: str, content_hash: str) -> dict[str, Any]:
    """Return the fields of a row."""
    return {
        "code": criteria_set.code,
        "version": criteria_set.version,
        "state": state,
        "hash": content_hash,
        "name_vi": criteria_set.name_vi,
        "name_en": criteria_set.name_en,
        "legal_basis": list(criteria_set.legal_basis),
        "tier": criteria_set.tier,
        "area_kind": criteria_set.area_kind,
        "designations": list(criteria_set.designations),
        "valid_from": criteria_set.from_on,
        "valid_to": criteria_set.to_on,
        "is_demonstration": criteria_set.is_demonstration,
        "extends": criteria_set.extends,
        "criteria_total": criteria_set.criteria_count,
        "indicators_total": criteria_set.indicator_count,
    }
