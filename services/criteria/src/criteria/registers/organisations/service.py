"""Use cases of organisations."""

from datetime import date
from typing import Any

from chungsuc import changes, pagination
from chungsuc.changes import Change
from chungsuc.pagination import Page, PageRequest
from chungsuc.text import Text, search_key, sort_key
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.dependencies import Moment
from criteria.registers import ids, listing
from criteria.registers.areas import lookup
from criteria.registers.areas.lookup import AreaRow
from criteria.registers.areas.schemas import Reference
from criteria.registers.organisations import repository
from criteria.registers.organisations.errors import OrganisationExists, OrganisationNotFound
from criteria.registers.organisations.schemas import (
    PEOPLES_COMMITTEE,
    OrganisationIn,
    OrganisationOut,
)


async def add_organisation(
    session: AsyncSession, body: OrganisationIn, *, area: AreaRow
) -> OrganisationOut:
    """Register an organisation; an id or code that is taken is a conflict."""
    organisation = _described(body, area)
    if not await _store(session, organisation, action="organisations.add_organisation"):
        raise OrganisationExists(Text(organisation.code, organisation.code))
    return organisation


async def ensure_peoples_committee(
    session: AsyncSession, area_id: str, *, on: date
) -> OrganisationOut:
    """Return the People's Committee of an area living on the date, registering it when needed."""
    committee_id = ids.peoples_committee_id(area_id)
    row = await repository.find(session, committee_id)
    if row is not None:
        return _out(row)
    area = await lookup.get_area(session, area_id, as_of=on)
    body = OrganisationIn(kind=PEOPLES_COMMITTEE, area=area_id, begins_on=on)
    organisation = _described(body, area)
    if await _store(session, organisation, action="organisations.ensure_peoples_committee"):
        return organisation
    raise OrganisationExists(Text("vừa được đăng ký", "it was registered just now"))


async def get_organisation(
    session: AsyncSession, organisation_id: str, *, known_at: int | None
) -> OrganisationOut:
    """Return one organisation or raise 404."""
    row = await repository.find(session, organisation_id, known_at=known_at)
    if row is None:
        raise OrganisationNotFound
    return _out(row)


async def list_organisations(
    session: AsyncSession,
    *,
    moment: Moment,
    search: str | None,
    kind: str | None,
    area_id: str | None,
    page: PageRequest,
) -> Page[OrganisationOut]:
    """Return a page of organisations in Vietnamese order; with a date, those living on it."""
    rows = await repository.list_page(
        session,
        as_of=moment.as_of if moment.is_dated else None,
        known_at=moment.known_at,
        search=listing.search_pattern(search),
        kind=kind,
        area_id=area_id,
        after=listing.text_key(page.cursor),
        limit=page.limit + 1,
    )
    items, following = pagination.page_of(
        rows, limit=page.limit, key=lambda row: (row.sort_key, row.id)
    )
    return Page(items=[_out(row) for row in items], next=following)


def feed_body(organisation: OrganisationOut) -> dict[str, Any]:
    """Return the organisation as readers of the feed get it."""
    ends_on = organisation.ends_on
    return {
        "id": organisation.id,
        "code": organisation.code,
        "name": organisation.name,
        "kind": organisation.kind,
        "area_id": organisation.area.id,
        "from": organisation.begins_on.isoformat(),
        "to": ends_on.isoformat() if ends_on else None,
    }


def _described(body: OrganisationIn, area: AreaRow) -> OrganisationOut:
    place = f"{area.designation} {area.name}"
    is_committee = body.kind == PEOPLES_COMMITTEE
    organisation_id = ids.peoples_committee_id(area.id) if is_committee else ids.new_id("o")
    return OrganisationOut(
        id=organisation_id,
        code=body.code or f"ubnd-{area.id}",
        name=body.name or f"Ủy ban nhân dân {place}",
        kind=body.kind,
        area=Reference(id=area.id, code=area.code, name=place),
        begins_on=body.begins_on,
        ends_on=body.ends_on,
    )


async def _store(session: AsyncSession, organisation: OrganisationOut, *, action: str) -> bool:
    change = Change("organisation", organisation.id, 1, feed_body(organisation))
    [change_id] = await changes.append(session, [change], action=action)
    row = organisation.model_dump(exclude={"area"}) | {
        "area_id": organisation.area.id,
        "search_key": search_key(organisation.name),
        "sort_key": sort_key(organisation.name),
        "recorded_by": change_id,
    }
    return await repository.add(session, row)


def _out(row: Row[Any]) -> OrganisationOut:
    return OrganisationOut(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=row.kind,
        area=Reference(
            id=row.area_id,
            code=row.area_code,
            name=f"{row.area_designation} {row.area_name}",
        ),
        begins_on=row.begins_on,
        ends_on=row.ends_on,
    )
