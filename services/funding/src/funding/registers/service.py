"""References to registers: known here, or asked for once; and who covers whom on a date."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

import httpx
from chungsuc import access
from chungsuc.access import Covers, Principal
from chungsuc.database import Database
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from funding.clients import criteria
from funding.registers import errors, repository

READERS = access.ROLES - {"feed"}
DEEPEST_TREE = 10


class Reference(NamedTuple):
    """A field that names a row of a register."""

    resource: str
    id: str
    pointer: str


class Sight(NamedTuple):
    """What a caller may see: subtrees, each perhaps of one programme only."""

    areas: list[str]
    scopes: list[str | None]


async def ensure(
    database: Database,
    client: httpx.AsyncClient,
    references: Collection[Reference],
    *,
    token: str,
) -> None:
    """Make sure that each reference exists: in the copy, else by one call to criteria.

    What a new row itself refers to (the area above, the area of an organisation) is made sure of
    too, so that rights are never judged on half a tree.
    Errors: 422 naming the field when criteria has none; 503 when criteria does not answer.
    """
    wanted = references
    for _ in range(DEEPEST_TREE):
        missing = await _missing(database, wanted)
        if not missing:
            return
        wanted = [
            reference
            for one in missing
            for reference in await _fetch(database, client, one, token=token)
        ]


async def _fetch(
    database: Database, client: httpx.AsyncClient, missing: Reference, *, token: str
) -> list[Reference]:
    """Copy one row from criteria and return what it refers to."""
    body = await criteria.find_body(
        client, resource=missing.resource, resource_id=missing.id, token=token
    )
    if body is None:
        raise errors.unknown(missing.pointer, missing.resource)
    async with database.session_scope() as session:
        await repository.store(session, resource=missing.resource, bodies=[body])
    areas = {span["parent_id"] for span in body.get("spans", [])} | {body.get("area_id")}
    return [Reference("area", area, missing.pointer) for area in areas if area]


async def _missing(database: Database, references: Collection[Reference]) -> list[Reference]:
    wanted: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        wanted[reference.resource].add(reference.id)
    async with database.read_scope() as session:
        known = {
            resource: await repository.list_known(session, resource=resource, ids=ids)
            for resource, ids in wanted.items()
        }
    first = {(r.resource, r.id): r for r in reversed(list(references))}
    return [r for r in first.values() if r.id not in known[r.resource]]


def covers(session: AsyncSession) -> Covers:
    """Return the question whether a node covers a target on a date, asked in this session."""

    async def ask(node: str, target: str, on: date) -> bool:
        return await repository.is_under(session, target, node=node, on=on)

    return ask


async def get_area(session: AsyncSession, reference: str, *, on: date) -> Row[Any]:
    """Return the area of an id or code on a date."""
    found = await repository.find_area(session, reference, on=on)
    if found is None:
        raise errors.AreaNotFound
    return found


async def sight_of(
    session: AsyncSession, caller: Principal, *, under: str | None, on: date
) -> tuple[Sight, Row[Any] | None]:
    """Return what the caller may see: below `under` if it is given, else below all grants.

    Errors: 404 for an area that is not there, 403 when no grant covers it.
    """
    if under is None:
        grants = [grant for grant in caller.grants if grant.role in READERS]
        return Sight([g.area for g in grants], [g.scope for g in grants]), None
    area = await get_area(session, under, on=on)
    scopes: Sequence[str | None] = [
        grant.scope
        for grant in caller.grants
        if grant.role in READERS
        and (
            grant.area in (access.NATION, area.id)
            or await repository.is_under(session, area.id, node=grant.area, on=on)
        )
    ]
    if not scopes:
        raise access.forbidden(READERS, target=area.id)
    return Sight([area.id] * len(scopes), list(scopes)), area
