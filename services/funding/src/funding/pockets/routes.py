"""Pockets over HTTP."""

from typing import Annotated, Any

from chungsuc import pagination
from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import Forbidden, Invalid, NotFound, Unauthorised, responses
from chungsuc.text import Code, Text
from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Row

from funding.dependencies import MomentAsked, OptionalArea
from funding.ledger.listing_repository import cursor_number
from funding.ledger.schemas import BudgetYear, HolderKind, PocketId
from funding.pockets import repository
from funding.pockets.repository import Filter
from funding.pockets.schemas import Balances, BelowZero, Flows, Named, Pocket, PocketDetail
from funding.registers import service as registers

router = APIRouter(prefix="/v1/pockets", tags=["ledger"], responses=responses(Unauthorised))


class PocketNotFound(NotFound):
    code = "pocket-not-found"
    title = Text("Không tìm thấy nguồn tiền", "Pocket not found")


def pocket_filter(
    budget_year: Annotated[BudgetYear | None, Query(description="Only of this year")] = None,
    programme: Annotated[Code | None, Query(description="Only of this programme")] = None,
    component: Annotated[Code | None, Query(description="This component and below")] = None,
    capital_kind: Annotated[Code | None, Query(description="Only of this kind")] = None,
    source: Annotated[Code | None, Query(description="Only of this source")] = None,
    holder_kind: Annotated[HolderKind | None, Query(description="Only such holders")] = None,
    holder: Annotated[Code | None, Query(description="Only this holder")] = None,
) -> Filter:
    """Read which pockets are wanted."""
    return Filter(budget_year, programme, component, capital_kind, source, holder_kind, holder)


@router.get("", responses=responses(Forbidden, NotFound, Invalid))
async def list_pockets(
    caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    wanted: Annotated[Filter, Depends(pocket_filter)],
    under: OptionalArea = None,
) -> Page[Pocket]:
    """List pockets below an area with their balances, as of a day and as known at a moment."""
    sight, _ = await registers.sight_of(session, caller, under=under, on=moment.as_of)
    after = 0 if page.cursor is None else cursor_number(page)
    rows = await repository.list_pockets(
        session, sight, moment=moment, wanted=wanted, after=after, limit=page.limit + 1
    )
    items, following = pagination.page_of(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=[Pocket(**_fields(row)) for row in items], next=following)


@router.get("/{pocket_id}", responses=responses(NotFound, Invalid))
async def get_pocket(
    pocket_id: Annotated[PocketId, Path(description="Pocket id")],
    caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
) -> PocketDetail:
    """Return one pocket; a hidden one answers like an absent one."""
    sight, _ = await registers.sight_of(session, caller, under=None, on=moment.as_of)
    number = int(pocket_id[2:])
    row = await repository.find_pocket(session, sight, number, moment=moment)
    if row is None:
        raise PocketNotFound
    warnings = await repository.list_below_zero(session, number, moment=moment)
    return PocketDetail(
        **_fields(row), warnings=[BelowZero.model_validate(w._asdict()) for w in warnings]
    )


def _fields(row: Row[Any]) -> dict[str, Any]:
    component = None
    if row.component_id is not None:
        component = Named(id=row.component_id, code=row.component_code, name=row.component_name)
    return {
        "id": f"pk{row.id}",
        "programme": Named(id=row.programme_id, code=row.programme_code, name=row.programme_name),
        "component": component,
        "capital_kind": row.capital_kind,
        "source": row.source,
        "year_of_origin": row.year_of_origin,
        "budget_year": row.budget_year,
        "holder_kind": row.holder_kind,
        "holder": Named(id=row.holder_id, code=row.holder_code, name=row.holder_name),
        "area": Named(id=row.area_id, code=row.area_code, name=row.area_name),
        "balances": _balances(row),
        "flows": _flows(row),
    }


def _balances(row: Row[Any]) -> Balances:
    return Balances(
        issued_vnd=int(row.issued_vnd),
        available_vnd=int(row.available_vnd),
        advance_vnd=int(row.advance_vnd),
        paid_vnd=int(row.paid_vnd),
        disbursed_vnd=int(row.advance_vnd + row.paid_vnd),
        reserved_vnd=row.reserved_vnd,
    )


def _flows(row: Row[Any]) -> Flows:
    return Flows(
        received_vnd=int(row.received_flow_vnd),
        passed_down_vnd=int(row.passed_down_flow_vnd),
        advanced_vnd=int(row.advanced_flow_vnd),
        paid_vnd=int(row.paid_flow_vnd),
        recovered_vnd=int(row.recovered_flow_vnd),
        refunded_vnd=int(row.refunded_flow_vnd),
    )
