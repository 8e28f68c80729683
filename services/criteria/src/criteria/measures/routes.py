"""Measures over HTTP."""

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.problems import Unauthorised, responses
from fastapi import APIRouter

from criteria.measures import service
from criteria.measures.schemas import MeasureOut

router = APIRouter(tags=["measures"], responses=responses(Unauthorised))


@router.get("/v1/measures")
async def list_measures(session: ReadSession, caller: Caller) -> list[MeasureOut]:
    """The catalogue of what can be observed."""
    return await service.list_measures(session)
