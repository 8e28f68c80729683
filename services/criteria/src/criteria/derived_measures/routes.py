"""Derived measures over HTTP."""

from typing import Annotated

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.problems import Forbidden, Invalid, NotFound, Unauthorised, responses
from chungsuc.text import Code
from fastapi import APIRouter, Query

from criteria.dependencies import MomentAsked
from criteria.derived_measures import service
from criteria.derived_measures.schemas import DerivedMeasuresOut

router = APIRouter(
    tags=["measures"], responses=responses(Unauthorised, Forbidden, NotFound, Invalid)
)


@router.get("/v1/measures/derived")
async def get_derived_measures(
    session: ReadSession,
    caller: Caller,
    moment: MomentAsked,
    area: Annotated[Code, Query(description="Area id, or its code on `as_of`")],
) -> DerivedMeasuresOut:
    """Ratios of an area by every standard in force, such as poverty by the nation's and its own."""
    return await service.get_derived_measures(session, area, moment=moment, principal=caller)
