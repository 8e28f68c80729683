"""Scorecards over HTTP."""

from typing import Annotated

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import Forbidden, Invalid, NotFound, Unauthorised, responses
from chungsuc.text import CivilDate, Code
from fastapi import APIRouter, Query

from criteria.dependencies import Today
from criteria.targets import scorecards
from criteria.targets.schemas import ScorecardOut

router = APIRouter(
    tags=["targets"], responses=responses(Unauthorised, Forbidden, NotFound, Invalid)
)


@router.get("/v1/scorecards")
async def list_scorecards(
    session: ReadSession,
    caller: Caller,
    page: PageParameters,
    today: Today,
    area: Annotated[Code, Query(description="Area that the targets are for: id or code")],
    as_of: Annotated[CivilDate | None, Query(description="Default today")] = None,
) -> Page[ScorecardOut]:
    """The targets of each document for an area: met as judged, positive as reported."""
    return await scorecards.list_scorecards(
        session, area, as_of=as_of or today, today=today, page=page, principal=caller
    )
