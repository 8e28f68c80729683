"""The programme tree over HTTP; readable by every valid token."""

from typing import Annotated

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.problems import Invalid, Unauthorised, responses
from chungsuc.text import CivilDate, Code
from fastapi import APIRouter, Query

from funding.programmes import repository
from funding.programmes.schemas import (
    CapitalKind,
    CapitalKindList,
    FundingSource,
    FundingSourceList,
    Programme,
    ProgrammeList,
)

router = APIRouter(tags=["programmes"], responses=responses(Unauthorised))
InForceOn = Annotated[
    CivilDate | None, Query(description="Only what is in force on this day; without it everything")
]


@router.get("/v1/programmes", responses=responses(Invalid))
async def list_programmes(
    _caller: Caller,
    session: ReadSession,
    as_of: InForceOn = None,
    under: Annotated[Code | None, Query(description="Only this node and all below it")] = None,
) -> ProgrammeList:
    """Return the tree of programmes and components."""
    rows = await repository.list_programmes(session, as_of=as_of, under=under)
    return ProgrammeList(items=[Programme.model_validate(row._asdict()) for row in rows])


@router.get("/v1/funding-sources", responses=responses(Invalid))
async def list_funding_sources(
    _caller: Caller, session: ReadSession, as_of: InForceOn = None
) -> FundingSourceList:
    """Return the sources of money."""
    rows = await repository.list_sources(session, as_of=as_of)
    return FundingSourceList(items=[FundingSource.model_validate(row._asdict()) for row in rows])


@router.get("/v1/capital-kinds")
async def list_capital_kinds(_caller: Caller, session: ReadSession) -> CapitalKindList:
    """Return the kinds of budget capital."""
    rows = await repository.list_kinds(session)
    return CapitalKindList(items=[CapitalKind.model_validate(row._asdict()) for row in rows])
