"""Reports over HTTP."""

import asyncio
from datetime import date
from typing import Annotated, Literal

from chungsuc import etag, problems
from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.text import CivilDate, Code, ShortText, Text
from fastapi import APIRouter, Path, Query, Request, Response

from reporting.exports import overview
from reporting.registers.errors import RegisterNotRead
from reporting.reports import freshness, service
from reporting.reports.errors import FormNotFound
from reporting.reports.schemas import FormItem, FormList, Freshness, ProvinceOverview

router = APIRouter(tags=["reports"])

FORMS = [
    FormItem(
        form="province-overview",
        name_vi=service.TITLE_VI,
        name_en=service.TITLE_EN,
        href="/v1/reports/province-overview",
    )
]
FormParameter = Annotated[
    Code,
    Path(
        description="Name of the form",
        json_schema_extra={"enum": [item.form for item in FORMS]},
    ),
]
AreaParameter = Annotated[Code, Query(description="Area id, or a code as read on `as_of`")]
AsOf = Annotated[
    CivilDate | None, Query(description="Civil date of figures and hierarchy; today when left out")
]
BudgetYear = Annotated[
    int | None, Query(ge=2000, le=2100, description="Budget year; that of `as_of` when left out")
]
FreshAfter = Annotated[
    list[ShortText] | None,
    Query(max_length=10, description="Change-Ids of your writes: waits up to 2 s to include them"),
]
FormatAsked = Annotated[
    Literal["json", "xlsx"] | None,
    Query(alias="format", description="json, or xlsx for a workbook; else as Accept says"),
]


@router.get(
    "/v1/reports",
    summary="List the reports there are",
    responses=problems.responses(problems.Unauthorised),
)
async def list_reports(_caller: Caller) -> FormList:
    return FormList(items=FORMS)


@router.get(
    "/v1/reports/{form}",
    summary="Read a report as it stands",
    response_model=ProvinceOverview,
    responses={
        200: {"content": {overview.XLSX_TYPE: {}}},
        304: {"description": "You hold this version"},
        **problems.responses(
            problems.Unauthorised, problems.NotFound, problems.Invalid, RegisterNotRead
        ),
    },
)
async def get_report(
    request: Request,
    session: ReadSession,
    caller: Caller,
    form: FormParameter,
    area: AreaParameter,
    as_of: AsOf = None,
    budget_year: BudgetYear = None,
    fresh_after: FreshAfter = None,
    format_asked: FormatAsked = None,
) -> Response:
    if form not in {item.form for item in FORMS}:
        raise FormNotFound(Text(f"Chưa có biểu mẫu {form}", f"There is no form {form}"))
    fresh = await _freshness(request, caller, fresh_after or [])
    day: date = as_of or request.app.state.clock.today()
    answerable = await service.prepare(
        session, area, as_of=day, budget_year=budget_year or day.year, principal=caller
    )
    form_of_answer = format_asked or _accepted_format(request)
    tag = etag.etag_of(form, form_of_answer, *answerable.version, fresh.asked, fresh.is_satisfied)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept"}
    if etag.not_modified(request, tag):
        return Response(status_code=304, headers=headers)
    report = await service.build(session, answerable, freshness=fresh)
    if form_of_answer == "xlsx":
        name = f"{form}-{answerable.question.area.code}-{day.isoformat()}.xlsx"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
        content = await asyncio.to_thread(overview.write, report)
        return Response(content, headers=headers, media_type=overview.XLSX_TYPE)
    return Response(report.model_dump_json(), headers=headers, media_type="application/json")


def _accepted_format(request: Request) -> Literal["json", "xlsx"]:
    return "xlsx" if overview.XLSX_TYPE in request.headers.get("accept", "") else "json"


async def _freshness(request: Request, caller: Caller, asked: list[str]) -> Freshness:
    state = request.app.state
    changes = freshness.parse_changes(asked)
    is_satisfied = not changes or await freshness.wait_for(
        state.database, changes, clients=state.sources, token=caller.token
    )
    return Freshness(asked=asked, is_satisfied=is_satisfied)
