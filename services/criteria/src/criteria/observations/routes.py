"""Observations over HTTP."""

from typing import Annotated

from chungsuc import streams
from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.idempotency import Once
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import BadRequest, Conflict, Forbidden, NotFound, Unauthorised, responses
from chungsuc.text import Code
from fastapi import APIRouter, Path, Query, Request, Response

from criteria.dependencies import MomentAsked, Today
from criteria.observations import reading, service
from criteria.observations.imports.routes import router as imports
from criteria.observations.schemas import ObservationOut, ObservationsIn, ObservationsOut
from criteria.observations.service import Author
from criteria.registers.areas import cover

router = APIRouter(tags=["observations"], responses=responses(Unauthorised, Forbidden))
# First: the route of one observation would take their paths for its id.
router.include_router(imports)

LARGEST_ID = 2**63 - 1


@router.post(
    "/v1/observations",
    status_code=201,
    response_model=ObservationsOut,
    responses=responses(BadRequest, Conflict)
    | {200: {"model": ObservationsOut, "description": "Dry run: nothing was written"}},
)
async def add_observations(
    body: ObservationsIn,
    once: Once,
    caller: Caller,
    today: Today,
    dry_run: Annotated[
        bool, Query(description="Check everything, show the effect, write nothing")
    ] = False,
) -> Response:
    """Record one or many values: all are taken, or none and every wrong one is named."""
    author = Author(caller, cover.covers_for(once.session), today)
    if dry_run:
        answer = await service.try_observations(once.session, body, author=author)
        return Response(answer.model_dump_json(), 200, media_type="application/json")
    return await once(lambda: service.add_observations(once.session, body, author=author))


@router.get("/v1/observations", response_model=Page[ObservationOut], responses=responses(NotFound))
async def list_observations(
    request: Request,
    session: ReadSession,
    caller: Caller,
    moment: MomentAsked,
    page: PageParameters,
    area: Annotated[Code, Query(description="Area id, or its code on `as_of`")],
    measure: Annotated[Code | None, Query(description="Only this measure")] = None,
    history: Annotated[
        bool, Query(description="Show corrected values too, each as it was recorded")
    ] = False,
) -> Page[ObservationOut] | Response:
    """Values of an area observed up to `as_of`; NDJSON and CSV give all rows at once."""
    form = streams.wanted_format(request)
    if form == "json":
        return await reading.list_observations(
            session,
            area,
            measure=measure,
            moment=moment,
            history=history,
            page=page,
            principal=caller,
        )
    return await reading.stream_observations(
        request.app.state.database,
        session,
        area,
        form=form,
        measure=measure,
        moment=moment,
        history=history,
        principal=caller,
    )


@router.get("/v1/observations/{observation_id}", responses=responses(NotFound))
async def get_observation(
    session: ReadSession,
    caller: Caller,
    observation_id: Annotated[int, Path(ge=1, le=LARGEST_ID, description="Observation id")],
) -> ObservationOut:
    """One observation, as a trace names it."""
    return await reading.get_observation(session, observation_id, principal=caller)
