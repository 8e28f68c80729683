"""The disbursement table over HTTP."""

from typing import Annotated, Any

from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.problems import FieldError, Forbidden, Invalid, NotFound, Unauthorised, responses
from chungsuc.text import Code, ShortText, Text
from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row

from funding.dependencies import AreaReference, MomentAsked
from funding.disbursements import repository, rules
from funding.disbursements.repository import Filter
from funding.disbursements.schemas import (
    BASIS,
    DIMENSIONS,
    Dimension,
    DisbursementRow,
    DisbursementTable,
)
from funding.ledger.schemas import BudgetYear
from funding.pockets.schemas import Named
from funding.registers import service as registers

router = APIRouter(
    prefix="/v1/disbursements", tags=["disbursements"], responses=responses(Unauthorised)
)


def dimensions(
    by: Annotated[
        ShortText,
        Query(description="What tells rows apart, comma-separated: " + ", ".join(DIMENSIONS)),
    ] = "programme",
) -> list[Dimension]:
    """Read `by`; an unknown dimension is refused by name."""
    asked = {name.strip() for name in by.split(",")}
    unknown = sorted(asked - set(DIMENSIONS))
    if unknown:
        reason = Text("không phải chiều phân tổ", "not a dimension of this table")
        raise Invalid(reason, errors=[FieldError("by", "unknown-dimension", reason)])
    return [dimension for dimension in DIMENSIONS if dimension in asked]


def money_filter(
    budget_year: Annotated[BudgetYear, Query(description="Budget year")],
    programme: Annotated[Code | None, Query(description="Only of this programme")] = None,
    component: Annotated[Code | None, Query(description="This component and below")] = None,
    capital_kind: Annotated[Code | None, Query(description="Only of this kind")] = None,
    source: Annotated[Code | None, Query(description="Only of this source")] = None,
) -> Filter:
    """Read which money is wanted."""
    return Filter(budget_year, programme, component, capital_kind, source)


@router.get("", responses=responses(Forbidden, NotFound, Invalid))
async def list_disbursements(
    caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    under: AreaReference,
    by: Annotated[list[Dimension], Depends(dimensions)],
    wanted: Annotated[Filter, Depends(money_filter)],
) -> DisbursementTable:
    """Return plan, allocation and disbursement below an area, summed from the entries."""
    sight, area = await registers.sight_of(session, caller, under=under, on=moment.as_of)
    assert area is not None  # noqa: S101 - an area was asked for
    scopes = [scope for scope in sight.scopes if scope is not None]
    rows = await repository.list_rows(
        session,
        area.id,
        by=by,
        wanted=wanted,
        scopes=None if None in sight.scopes else scopes,
        moment=moment,
    )
    items = [_row(row) for row in rows]
    return DisbursementTable(
        under=Named(id=area.id, code=area.code, name=area.name),
        budget_year=wanted.budget_year,
        as_of=moment.as_of,
        known_at=moment.known_at,
        by=by,
        rate_basis_vi=BASIS.vi,
        rate_basis_en=BASIS.en,
        items=items,
        total=rules.total_of(items),
    )


def _row(row: Row[Any]) -> DisbursementRow:
    return DisbursementRow(
        programme=_named(row.programme_id, row.programme_code, row.programme_name),
        component=_named(row.component_id, row.component_code, row.component_name),
        capital_kind=_named(row.capital_kind, row.capital_kind, row.capital_kind_name),
        source=_named(row.source, row.source, row.source_name),
        area=_named(row.area_id, row.area_code, row.area_name),
        plan_vnd=row.plan_vnd,
        allocated_vnd=row.allocated_vnd,
        unallocated_vnd=row.unallocated_vnd,
        advance_outstanding_vnd=row.advance_outstanding_vnd,
        completed_paid_vnd=row.completed_paid_vnd,
        disbursed_vnd=row.disbursed_vnd,
        allocated_rate=row.allocated_rate,
        disbursed_rate=row.disbursed_rate,
        is_demonstration=row.is_demonstration,
    )


def _named(reference: str | None, code: str | None, name: str | None) -> Named | None:
    return None if reference is None else Named(id=reference, code=code, name=name)
