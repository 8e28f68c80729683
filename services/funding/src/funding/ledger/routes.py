"""Transfers over HTTP."""

from typing import Annotated

from chungsuc import idempotency, pagination
from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.idempotency import IdempotencyKey
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorised,
    Unavailable,
    responses,
)
from chungsuc.text import Code
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from funding.dependencies import DeskAsked, MomentAsked, OptionalArea
from funding.ledger import listing_repository, service, views
from funding.ledger.errors import TransferNotFound
from funding.ledger.listing_repository import Filter
from funding.ledger.repository import Key
from funding.ledger.schemas import (
    BatchIn,
    BatchOut,
    BudgetYear,
    PocketId,
    RejectIn,
    State,
    Template,
    Transfer,
    TransferId,
    TransferIn,
)
from funding.registers import service as registers

router = APIRouter(prefix="/v1/transfers", tags=["ledger"], responses=responses(Unauthorised))
WRITE = responses(BadRequest, Forbidden, Conflict, Invalid, Unavailable)
DryRun = Annotated[bool, Query(description="Check everything, write nothing")]
TransferPath = Annotated[TransferId, Path(description="Transfer id")]


async def posting_key(request: Request, caller: Caller, key: IdempotencyKey = None) -> Key:
    """Return under which key the caller asks; ledger keys live for ever."""
    return Key(
        principal=caller.subject,
        route=f"{request.method} {request.url.path}",
        key=idempotency.require_key(key),
        body_hash=await idempotency.request_hash(request),
        request_id=request.scope["request_id"],
    )


PostingKey = Annotated[Key, Depends(posting_key, scope="function")]


@router.post("", status_code=201, response_model=Transfer, responses=WRITE)
async def add_transfer(
    body: TransferIn, caller: Caller, desk: DeskAsked, key: PostingKey, dry_run: DryRun = False
) -> Response:
    """Make a pending transfer; it reserves its source until another person decides."""
    verdict = await service.submit_transfer(desk, caller, body, key=key, is_trial=dry_run)
    return views.answer(verdict, caller, status=200 if dry_run else 201)


@router.post("/batches", status_code=201, response_model=BatchOut, responses=WRITE)
async def add_transfer_batch(
    request: Request,
    body: BatchIn,
    caller: Caller,
    desk: DeskAsked,
    key: PostingKey,
    dry_run: DryRun = False,
) -> Response:
    """Make many pending transfers: all or none, or with a verdict for each."""
    verdict = await service.submit_batch(desk, caller, body, key=key, is_trial=dry_run)
    return views.batch_answer(verdict, caller, request, status=200 if dry_run else 201)


@router.post(
    "/{transfer_id}/approve",
    response_model=Transfer,
    responses={**WRITE, **responses(NotFound)},
)
async def approve_transfer(
    transfer_id: TransferPath, caller: Caller, desk: DeskAsked, key: PostingKey
) -> Response:
    """Approve a pending transfer: its lines take effect. Never by its maker."""
    verdict = await service.decide_transfer(desk, caller, transfer_id, key=key, outcome="posted")
    return views.answer(verdict, caller, status=200)


@router.post(
    "/{transfer_id}/reject",
    response_model=Transfer,
    responses={**WRITE, **responses(NotFound)},
)
async def reject_transfer(
    transfer_id: TransferPath, body: RejectIn, caller: Caller, desk: DeskAsked, key: PostingKey
) -> Response:
    """Reject a pending transfer with a reason: its reservation is released."""
    verdict = await service.decide_transfer(
        desk, caller, transfer_id, key=key, outcome="rejected", reason=body.reason
    )
    return views.answer(verdict, caller, status=200)


def transfer_filter(
    state: Annotated[State | None, Query(description="Only in this state")] = None,
    template: Annotated[Template | None, Query(description="Only of this template")] = None,
    budget_year: Annotated[BudgetYear | None, Query(description="Only of this year")] = None,
    programme: Annotated[Code | None, Query(description="Only of this programme")] = None,
    capital_kind: Annotated[Code | None, Query(description="Only of this kind")] = None,
    source: Annotated[Code | None, Query(description="Only of this source")] = None,
    pocket: Annotated[PocketId | None, Query(description="Only touching this pocket")] = None,
) -> Filter:
    """Read which transfers are wanted."""
    return Filter(
        state,
        template,
        budget_year,
        programme,
        capital_kind,
        source,
        int(pocket[2:]) if pocket else None,
    )


@router.get("", responses=responses(Forbidden, NotFound, Invalid))
async def list_transfers(
    caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    wanted: Annotated[Filter, Depends(transfer_filter)],
    under: OptionalArea = None,
) -> Page[Transfer]:
    """List transfers that touch pockets below an area, newest first; pending ones included."""
    sight, _ = await registers.sight_of(session, caller, under=under, on=moment.as_of)
    rows = await listing_repository.list_transfers(
        session, sight, as_of=moment.as_of, wanted=wanted, page=page
    )
    items, following = pagination.page_of(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=[views.transfer(row.body, caller) for row in items], next=following)


@router.get("/{transfer_id}", responses=responses(NotFound, Invalid))
async def get_transfer(
    transfer_id: TransferPath, caller: Caller, session: ReadSession, moment: MomentAsked
) -> Transfer:
    """Return one transfer; a hidden one answers like an absent one."""
    sight, _ = await registers.sight_of(session, caller, under=None, on=moment.as_of)
    body = await listing_repository.find_transfer(
        session, sight, int(transfer_id[2:]), on=moment.as_of
    )
    if body is None:
        raise TransferNotFound
    return views.transfer(body, caller)
