"""Organisations over HTTP."""

from typing import Annotated

from chungsuc import access
from chungsuc.access import Caller
from chungsuc.database import ReadSession, WriteSession
from chungsuc.idempotency import Once
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import BadRequest, Conflict, Forbidden, Invalid, Unauthorised, responses
from chungsuc.text import Code, ShortText
from fastapi import APIRouter, Path, Query, Response

from criteria.dependencies import MomentAsked
from criteria.registers.areas import cover, lookup
from criteria.registers.areas.errors import AreaNotFound
from criteria.registers.areas.schemas import AreaParameter
from criteria.registers.organisations import service
from criteria.registers.organisations.errors import OrganisationNotFound
from criteria.registers.organisations.schemas import (
    OrganisationId,
    OrganisationIn,
    OrganisationOut,
)

REGISTRARS = ("administrator", "province_office")
router = APIRouter(
    prefix="/v1/organisations", tags=["registers"], responses=responses(Unauthorised)
)


@router.post(
    "",
    status_code=201,
    response_model=OrganisationOut,
    responses=responses(BadRequest, Forbidden, AreaNotFound, Conflict, Invalid),
)
async def add_organisation(
    body: OrganisationIn, caller: Caller, session: WriteSession, once: Once
) -> Response:
    """Register an organisation (administrator, or province office for its own areas)."""
    area = await lookup.get_area(session, body.area, as_of=body.begins_on)
    await access.require_grant(
        caller,
        roles=REGISTRARS,
        target=area.id,
        on=body.begins_on,
        covers=cover.covers_for(session),
    )
    return await once(lambda: service.add_organisation(session, body, area=area))


@router.get("", responses=responses(AreaNotFound, Invalid))
async def list_organisations(
    _caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    q: Annotated[ShortText | None, Query(description="Words of the name, accent-free")] = None,
    kind: Annotated[Code | None, Query(description="Kind of organisation")] = None,
    area: Annotated[AreaParameter | None, Query(description="Area that it serves")] = None,
) -> Page[OrganisationOut]:
    """List organisations in Vietnamese order; with `as_of`, those living on that date."""
    area_id = (
        await lookup.resolve_area(session, area, as_of=moment.as_of, known_at=moment.known_at)
        if area is not None
        else None
    )
    return await service.list_organisations(
        session, moment=moment, search=q, kind=kind, area_id=area_id, page=page
    )


@router.get("/{organisation_id}", responses=responses(OrganisationNotFound, Invalid))
async def get_organisation(
    _caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    organisation_id: Annotated[OrganisationId, Path(description="Organisation id")],
) -> OrganisationOut:
    """Return one organisation."""
    return await service.get_organisation(session, organisation_id, known_at=moment.known_at)
