"""Criteria sets over HTTP."""

from typing import Annotated

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.idempotency import Once
from chungsuc.pagination import Page, PageParameters, page_of_catalogue
from chungsuc.problems import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorised,
    responses,
)
from fastapi import APIRouter, Path, Query, Response

from criteria.criteria_sets import service
from criteria.criteria_sets.schemas import (
    CheckOut,
    CriteriaSetIn,
    CriteriaSetOut,
    CriteriaSetRow,
    PublishedOut,
)

router = APIRouter(tags=["criteria sets"], responses=responses(Unauthorised))

SetCode = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Code of the set",
        examples=["ntm-xa-2021-2025"],
    ),
]
Version = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Version; else the newest"),
]
WRITES = responses(BadRequest, Forbidden, Conflict)


@router.get("/v1/criteria-sets", responses=responses(Invalid))
async def list_criteria_sets(
    session: ReadSession, caller: Caller, page: PageParameters
) -> Page[CriteriaSetRow]:
    """Every version of every standard."""
    rows = await service.list_criteria_sets(session)
    return page_of_catalogue(rows, page, key=lambda row: f"{row.code} {row.version}")


@router.get("/v1/criteria-sets/{code}", responses=responses(NotFound))
async def get_criteria_set(
    session: ReadSession, caller: Caller, code: SetCode, version: Version = None
) -> CriteriaSetOut:
    """One standard whole: criteria, indicators, rules and thresholds with their sources."""
    return await service.get_criteria_set(session, code, version=version)


@router.post("/v1/criteria-sets", status_code=201, response_model=CriteriaSetOut, responses=WRITES)
async def add_criteria_set(body: CriteriaSetIn, once: Once, caller: Caller) -> Response:
    """Store a draft."""
    return await once(lambda: service.add_criteria_set(once.session, body.root, principal=caller))


@router.post("/v1/criteria-sets/{code}/check", responses=responses(NotFound))
async def check_criteria_set(
    session: ReadSession, caller: Caller, code: SetCode, version: Version = None
) -> CheckOut:
    """Everything that stands against publishing a draft."""
    return await service.check_criteria_set(session, code, version=version)


@router.post(
    "/v1/criteria-sets/{code}/publish",
    response_model=PublishedOut,
    responses=WRITES | responses(NotFound),
)
async def publish_criteria_set(
    once: Once, caller: Caller, code: SetCode, version: Version = None
) -> Response:
    """Publish a draft, for ever, and judge the country by it."""
    return await once(
        lambda: service.publish_criteria_set(once.session, code, version=version, principal=caller),
        status=200,
    )
