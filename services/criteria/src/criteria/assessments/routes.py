"""Assessments over HTTP."""

from typing import Annotated, Literal

import rfc8785
from chungsuc import streams
from chungsuc.access import Caller
from chungsuc.database import ReadSession
from chungsuc.idempotency import Once
from chungsuc.jobs import Job
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import BadRequest, Conflict, Forbidden, NotFound, Unauthorised, responses
from chungsuc.text import CivilDate, Code
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from criteria.assessments import service, trees
from criteria.assessments.exports import service as exports
from criteria.assessments.schemas import (
    AssessmentOut,
    AssessmentRow,
    EvaluationIn,
    GapsOut,
    SummaryOut,
)
from criteria.dependencies import MomentAsked, Today

router = APIRouter(tags=["assessments"], responses=responses(Unauthorised, Forbidden, NotFound))

SetCode = Annotated[Code, Query(description="Code of a set", examples=["ntm-xa-2021-2025"])]
SetCodes = Annotated[
    list[Code],
    Query(
        alias="criteria_set",
        min_length=1,
        max_length=service.MAXIMUM_SETS,
        description="Code of a set; repeat it for several sets at once",
    ),
]
Under = Annotated[Code, Query(description="Area whose subtree is meant; vn is the nation")]
AsOf = Annotated[CivilDate | None, Query(description="Date of the verdicts; default today")]
AreaParameter = Annotated[Code, Path(description="Area id, or its code on the date asked for")]


@router.get(
    "/v1/assessments",
    response_model=Page[AssessmentRow],
    responses={200: {"content": {exports.XLSX_TYPE: {}}}},
)
async def list_assessments(
    request: Request,
    session: ReadSession,
    caller: Caller,
    page: PageParameters,
    today: Today,
    criteria_set: SetCodes,
    under: Under = "vn",
    area_kind: Annotated[Code | None, Query(description="Only areas of this kind")] = None,
    as_of: AsOf = None,
    format_asked: Annotated[
        Literal["json", "xlsx"] | None,
        Query(alias="format", description="xlsx: a workbook, a row per area; else as Accept says"),
    ] = None,
) -> Page[AssessmentRow] | Response:
    """Which areas meet what, one row per area and set; NDJSON, CSV and XLSX give all at once."""
    if (format_asked or _accepted_format(request)) == "xlsx":
        return await exports.export_assessments(
            request.app.state.database,
            session,
            criteria_set,
            under=under,
            as_of=as_of or today,
            area_kind=area_kind,
            principal=caller,
        )
    form = "json" if format_asked else streams.wanted_format(request)
    if form == "json":
        return await service.list_assessments(
            session,
            criteria_set,
            under=under,
            as_of=as_of or today,
            area_kind=area_kind,
            page=page,
            principal=caller,
        )
    return await service.stream_assessments(
        request.app.state.database,
        session,
        criteria_set,
        form=form,
        under=under,
        as_of=as_of or today,
        area_kind=area_kind,
        principal=caller,
    )


@router.post(
    "/v1/assessments/evaluations",
    status_code=202,
    response_model=Job,
    responses=responses(BadRequest, Conflict),
)
async def start_evaluation(
    body: EvaluationIn, once: Once, caller: Caller, today: Today
) -> Response:
    """Judge every area under a node by a set again; the answer is a job."""
    return await once(
        lambda: service.start_evaluation(once.session, body, today=today, principal=caller),
        status=202,
    )


@router.get("/v1/assessments/{area}", response_model=AssessmentOut)
async def get_assessment(
    session: ReadSession,
    caller: Caller,
    moment: MomentAsked,
    area: AreaParameter,
    criteria_set: SetCode,
) -> Response:
    """The verdict tree of an area with its trace: observation, threshold, rule, document."""
    return _canonical(
        await trees.get_assessment(session, area, criteria_set, moment=moment, principal=caller)
    )


@router.get("/v1/assessments/{area}/gaps", response_model=GapsOut)
async def get_assessment_gaps(
    session: ReadSession,
    caller: Caller,
    moment: MomentAsked,
    area: AreaParameter,
    criteria_set: SetCode,
) -> Response:
    """What an area lacks, nearest first."""
    return _canonical(
        await trees.get_assessment_gaps(
            session, area, criteria_set, moment=moment, principal=caller
        )
    )


@router.get("/v1/assessment-summaries")
async def get_assessment_summary(
    session: ReadSession,
    caller: Caller,
    today: Today,
    criteria_set: SetCode,
    under: Under = "vn",
    as_of: AsOf = None,
) -> SummaryOut:
    """Mean, bands and shares of one set over the areas under a node, from the parts."""
    return await service.get_assessment_summary(
        session, criteria_set, under=under, as_of=as_of or today, principal=caller
    )


def _accepted_format(request: Request) -> Literal["json", "xlsx"]:
    return "xlsx" if exports.XLSX_TYPE in request.headers.get("accept", "") else "json"


def _canonical(answer: BaseModel) -> Response:
    """Answer with RFC 8785 JSON: the same answer is the same bytes."""
    return Response(rfc8785.dumps(answer.model_dump(mode="json")), media_type="application/json")
