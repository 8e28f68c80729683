"""Posting: check references and rights, then let the database decide in one statement."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from chungsuc import access, idempotency
from chungsuc.access import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from funding.dependencies import Desk
from funding.ledger import errors, repository, rules
from funding.ledger.repository import Key, Moment, Verdict
from funding.ledger.schemas import (
    AllocateIn,
    AssignIn,
    BatchIn,
    ReverseIn,
    TransferIn,
)
from funding.registers import service as registers
from funding.registers.service import Reference


class Place(NamedTuple):
    """Where money comes from: what a maker's or checker's grant must cover, on which date."""

    area: str
    programme: str
    on: date


async def submit_transfer(
    desk: Desk, caller: Principal, body: TransferIn, *, key: Key, is_trial: bool = False
) -> Verdict:
    """Make one pending transfer, its source reserved.

    Errors: 403 without a maker's grant over the source; 409 for a balance or a ceiling; 422 naming
    the field; 503 when a reference must be asked for and criteria does not answer.
    """
    await _prepare(desk, caller, [body])
    try:
        verdict = await repository.post(
            desk.database.autocommit_pool,
            key,
            request_of(body),
            at=_moment(desk),
            is_trial=is_trial,
        )
    except errors.LedgerRefused as refusal:
        raise errors.problem_of(refusal.facts) from None
    return _settled(verdict)


async def submit_batch(
    desk: Desk, caller: Principal, body: BatchIn, *, key: Key, is_trial: bool = False
) -> Verdict:
    """Make many pending transfers: all or none, or each with its own verdict."""
    await _prepare(desk, caller, body.items)
    try:
        verdict = await repository.post_batch(
            desk.database.autocommit_pool,
            key,
            [request_of(item) for item in body.items],
            at=_moment(desk),
            is_atomic=body.mode == "atomic",
            is_trial=is_trial,
        )
    except errors.LedgerRefused as refusal:
        raise errors.problem_of(refusal.facts) from None
    return _settled(verdict)


async def decide_transfer(
    desk: Desk, caller: Principal, transfer_id: str, *, key: Key, outcome: str, reason: str = ""
) -> Verdict:
    """Approve (`posted`) or reject a pending transfer: another person than its maker, with a grant.

    Errors: 404 unknown or hidden; 403 without the grant or for the maker; 409 when decided already.
    """
    number = int(transfer_id[2:])
    async with desk.database.read_scope() as session:
        found = await repository.find_transfer(session, number)
        if found is None:
            raise errors.TransferNotFound
        place = Place(found.area_id, found.programme_id, found.value_on)
        await _require(session, caller, rules.CHECKER_ROLES, place)
    try:
        verdict = await repository.decide(
            desk.database.autocommit_pool,
            key,
            number,
            outcome=outcome,
            reason=reason,
            now=desk.clock.now(),
        )
    except errors.LedgerRefused as refusal:
        raise errors.problem_of(refusal.facts) from None
    return _settled(verdict)


def request_of(body: TransferIn) -> dict[str, Any]:
    """Return the request as the database functions read it: numbers in place of typed ids."""
    request = body.model_dump(mode="json")
    for field in ("pocket_id", "transfer_id"):
        if field in request:
            request[field] = int(request[field][2:])
    return request


def _moment(desk: Desk) -> Moment:
    now = desk.clock.now()
    return Moment(desk.clock.today(), now, now + desk.pending)


def _settled(verdict: Verdict) -> Verdict:
    if verdict["outcome"] == "running":
        raise idempotency.still_running()
    if verdict["outcome"] == "mismatch":
        raise idempotency.KeyReused
    return verdict


async def _prepare(desk: Desk, caller: Principal, bodies: Sequence[TransferIn]) -> None:
    """Make references known and check the maker's rights, each distinct one once."""
    references = [reference for body in bodies for reference in _references(body)]
    await registers.ensure(desk.database, desk.criteria, references, token=caller.token)
    async with desk.database.read_scope() as session:
        checked: set[Place] = set()
        for body in bodies:
            place = await _place(session, body)
            if place not in checked:
                await _require(session, caller, rules.MAKER_ROLES, place)
                checked.add(place)


def _references(body: TransferIn) -> Iterable[Reference]:
    yield Reference("document", body.document_id, "/document_id")
    if isinstance(body, AssignIn | AllocateIn) and body.to.holder_kind != "project":
        yield Reference(body.to.holder_kind, body.to.holder_id, "/to/holder_id")


async def _place(session: AsyncSession, body: TransferIn) -> Place:
    """Return where the money comes from; what is unknown there is refused by name."""
    if isinstance(body, AssignIn):
        area = await repository.find_issuing_area(
            session,
            source=body.source,
            holder_kind=body.to.holder_kind,
            holder_id=body.to.holder_id,
            on=body.value_on,
        )
        return Place(area or access.NATION, body.programme_id, body.value_on)
    if isinstance(body, ReverseIn):
        found = await repository.find_transfer(session, int(body.transfer_id[2:]))
        unknown = {"code": "unknown_transfer", "pointer": "/transfer_id"}
    else:
        found = await repository.find_pocket(session, int(body.pocket_id[2:]))
        unknown = {"code": "unknown_pocket", "pointer": "/pocket_id"}
    if found is None:
        raise errors.problem_of(unknown)
    return Place(found.area_id, found.programme_id, body.value_on)


async def _require(
    session: AsyncSession, caller: Principal, roles: Iterable[str], place: Place
) -> None:
    await access.require_grant(
        caller,
        roles=frozenset(roles),
        target=place.area,
        on=place.on,
        covers=registers.covers(session),
        scope=place.programme,
    )
