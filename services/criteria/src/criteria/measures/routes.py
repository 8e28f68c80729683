"""Measures over HTTP."""

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.pagination import Page, PageParameters, page_of_catalogue
from chungsuc.problems import Invalid, Unauthorised, responses
from fastapi import APIRouter

from criteria.measures import service
from criteria.measures.schemas import MeasureOut

router = APIRouter(tags=["measures"], responses=responses(Unauthorised))


@router.get("/v1/measures", responses=responses(Invalid))
async def list_measures(
    session: ReadSession, caller: Caller, page: PageParameters
) -> Page[MeasureOut]:
    """The catalogue of what can be observed."""
    return page_of_catalogue(await service.list_measures(session), page, key=lambda m: m.code)
