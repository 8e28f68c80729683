"""Use cases of assessments: lists and figures from stored verdicts, trees judged anew."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from chungsuc import access, jobs, pagination, streams
from chungsuc.access import Principal
from chungsuc.database import Database
from chungsuc.jobs import Job
from chungsuc.pagination import Page, PageRequest
from chungsuc.problems import FieldError
from chungsuc.text import Text
from fastapi.responses import StreamingResponse
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import figures, judging, repository
from criteria.assessments.errors import CriteriaSetNotInForce, NotPublished
from criteria.assessments.figures import Judged, Summary
from criteria.assessments.repository import AfterVerdict
from criteria.assessments.schemas import (
    VERDICT_NAMES,
    AreaReference,
    AssessmentRow,
    BandOut,
    CriterionShare,
    EvaluationIn,
    SetReference,
    SummaryOut,
)
from criteria.criteria_sets import repository as sets_repository
from criteria.criteria_sets import service as sets_service
from criteria.criteria_sets.model import CriteriaSet
from criteria.criteria_sets.repository import JudgingSet
from criteria.measures import repository as measures_repository
from criteria.registers.areas import cover, lookup
from criteria.registers.areas.lookup import AreaRow

EVALUATORS = ("administrator", "province_office")
MAXIMUM_SETS = 8
STREAM_COLUMNS = (
    *("area_id", "code", "name", "area_kind", "criteria_set", "judged_from", "criteria_met"),
    *("criteria_total", "indicators_met", "indicators_total", "verdict", "is_demonstration"),
)


async def list_assessments(
    session: AsyncSession,
    codes: Sequence[str],
    *,
    under: str,
    as_of: date,
    area_kind: str | None,
    page: PageRequest,
    principal: Principal,
) -> Page[AssessmentRow]:
    """Return the verdicts of the areas under a node, area by area in Vietnamese order."""
    node = await readable_area(session, under, as_of=as_of, principal=principal)
    sets = await judging_sets(session, codes, as_of=as_of)
    query = repository.judged_query(
        sets,
        under=node.id,
        as_of=as_of,
        area_kind=area_kind,
        after=_after(page.cursor),
        limit=page.limit + 1,
    )
    rows = await repository.list_judged(session, query)
    items, following = pagination.page_of(
        rows, limit=page.limit, key=lambda row: (row.sort_key, row.area_id, row.criteria_set)
    )
    return Page(items=[_row(row) for row in items], next=following)


async def stream_assessments(
    database: Database,
    session: AsyncSession,
    codes: Sequence[str],
    *,
    form: Literal["ndjson", "csv"],
    under: str,
    as_of: date,
    area_kind: str | None,
    principal: Principal,
) -> StreamingResponse:
    """Return the same verdicts all at once, for a download."""
    node = await readable_area(session, under, as_of=as_of, principal=principal)
    sets = await judging_sets(session, codes, as_of=as_of)
    statement, values = repository.judged_query(
        sets, under=node.id, as_of=as_of, area_kind=area_kind
    )
    return streams.stream(
        database, statement, values, form=form, columns=STREAM_COLUMNS, shape=_stream_row
    )


async def get_assessment_summary(
    session: AsyncSession, code: str, *, under: str, as_of: date, principal: Principal
) -> SummaryOut:
    """Return the figures of one set over the areas under a node.

    Its denominators are the areas that the set judges by their designation on the date; those not
    judged yet stay in them and are counted by name.
    """
    node = await readable_area(session, under, as_of=as_of, principal=principal)
    (judged_by,) = await judging_sets(session, [code], as_of=as_of)
    measures = await measures_repository.list_measures(session)
    compiled = await judging.compiled_set(session, judged_by, measures=measures)
    summary = await summarise(
        session, judged_by, criteria_set=compiled.criteria_set, under_id=node.id, as_of=as_of
    )
    return _summary(summary, judged_by, compiled.criteria_set, node=node, as_of=as_of)


async def summarise(
    session: AsyncSession,
    judged_by: JudgingSet,
    *,
    criteria_set: CriteriaSet,
    under_id: str,
    as_of: date,
) -> Summary:
    """Sum up the verdicts of one set under a node."""
    rows = await repository.list_judged(
        session, repository.judged_query([judged_by], under=under_id, as_of=as_of)
    )
    return figures.summarise(
        [
            Judged(
                area_id=row.area_id,
                criteria_met=row.criteria_met,
                indicators_met=row.indicators_met,
                verdict_code=row.verdict_code,
                criteria=bytes(row.criteria or b""),
                is_demonstration=bool(row.is_demonstration),
            )
            for row in rows
        ],
        criteria_total=len(criteria_set.criteria),
    )


async def start_evaluation(
    session: AsyncSession, body: EvaluationIn, *, today: date, principal: Principal
) -> Job:
    """Start judging every area under a node by a published set, on every step."""
    node = await lookup.get_area(session, body.under, as_of=today)
    await access.require_grant(
        principal,
        roles=EVALUATORS,
        target=node.id,
        on=today,
        covers=cover.covers_for(session),
    )
    await published_set(session, body.criteria_set)
    return await jobs.start(
        session,
        kind=sets_service.EVALUATE,
        arguments={"criteria_set": body.criteria_set, "under": node.id},
        created_by=principal.subject,
    )


async def readable_area(
    session: AsyncSession,
    parameter: str,
    *,
    as_of: date,
    principal: Principal,
    known_at: int | None = None,
) -> AreaRow:
    """Return an area that the caller may read on the date."""
    area = await lookup.get_area(session, parameter, as_of=as_of, known_at=known_at)
    await access.require_grant(
        principal,
        roles=access.ROLES,
        target=area.id,
        on=as_of,
        covers=cover.covers_for(session),
    )
    return area


async def published_set(
    session: AsyncSession, code: str, *, known_at: int | None = None
) -> JudgingSet:
    """Return the version of a set that judges (or did, as known at a feed position)."""
    found = (await sets_repository.list_judging(session, position=known_at)).get(code)
    if found is None:
        raise NotPublished(Text(f"bộ tiêu chí {code}", f"criteria set {code}"))
    return found


async def judging_sets(
    session: AsyncSession, codes: Sequence[str], *, as_of: date
) -> list[JudgingSet]:
    """Return the sets asked for, all in force on the date."""
    sets = [await published_set(session, code) for code in dict.fromkeys(codes)]
    for judged_by in sets:
        require_in_force(judged_by, as_of=as_of)
    return sets


def require_in_force(judged_by: JudgingSet, *, as_of: date) -> None:
    """Refuse a date on which the set judges nobody, and say when it does."""
    is_over = judged_by.valid_to is not None and as_of > judged_by.valid_to
    if as_of < judged_by.valid_from or is_over:
        held = f"{judged_by.code}: {judged_by.valid_from} – {judged_by.valid_to or '…'}"
        detail = Text(f"hiệu lực của {held}; chọn as_of", f"in force {held}; choose as_of")
        errors = [FieldError("as_of", "criteria-set-not-in-force", detail)]
        raise CriteriaSetNotInForce(detail, errors=errors)


def reference(area: AreaRow) -> AreaReference:
    """Name an area as it was called on the date asked for."""
    return AreaReference(id=area.id, code=area.code, name=f"{area.designation} {area.name}".strip())


def set_reference(judged_by: JudgingSet) -> SetReference:
    """Name the version that judged."""
    return SetReference(code=judged_by.code, version=judged_by.version, hash=judged_by.hash)


def _after(cursor: list[Any] | None) -> AfterVerdict | None:
    if cursor is None:
        return None
    if len(cursor) == 3 and all(isinstance(part, str) for part in cursor):
        return AfterVerdict(*cursor)
    raise pagination.foreign_cursor()


def _row(row: Row[Any]) -> AssessmentRow:
    is_judged = row.verdict_code is not None
    return AssessmentRow(
        area=AreaReference(
            id=row.area_id, code=row.code, name=f"{row.designation} {row.name}".strip()
        ),
        area_kind=row.kind,
        criteria_set=row.criteria_set,
        judged_from=row.effective_on,
        criteria_met=row.criteria_met,
        criteria_total=row.criteria_total,
        indicators_met=row.indicators_met,
        indicators_total=row.indicators_total,
        verdict=VERDICT_NAMES[row.verdict_code] if is_judged else None,
        is_demonstration=bool(row.is_demonstration),
    )


def _stream_row(row: streams.Row) -> streams.Row:
    code = row["verdict_code"]
    return {
        **row,
        "name": f"{row['designation']} {row['name']}".strip(),
        "area_kind": row["kind"],
        "judged_from": row["effective_on"],
        "verdict": None if code is None else VERDICT_NAMES[code],
        "is_demonstration": bool(row["is_demonstration"]),
    }


def _summary(
    summary: Summary,
    judged_by: JudgingSet,
    criteria_set: CriteriaSet,
    *,
    node: AreaRow,
    as_of: date,
) -> SummaryOut:
    areas = summary.areas_total
    criteria, indicators = summary.criteria_met_sum, summary.indicators_met_sum
    printed = figures.PRINTED_PLACES
    return SummaryOut(
        criteria_set=set_reference(judged_by),
        under=reference(node),
        as_of=as_of,
        is_demonstration=summary.is_demonstration,
        areas_total=areas,
        areas_judged=summary.areas_judged,
        areas_not_judged=areas - summary.areas_judged,
        areas_met=summary.areas_met,
        areas_met_percent=figures.percent(summary.areas_met, areas),
        criteria_total=len(criteria_set.criteria),
        indicators_total=len(criteria_set.indicators),
        criteria_met_sum=criteria,
        indicators_met_sum=indicators,
        criteria_met_mean=figures.ratio(criteria, areas),
        criteria_met_mean_printed=figures.ratio(criteria, areas, places=printed),
        indicators_met_mean=figures.ratio(indicators, areas),
        indicators_met_mean_printed=figures.ratio(indicators, areas, places=printed),
        bands=_bands(summary, criteria_set),
        criteria=_shares(summary, criteria_set),
    )


def _bands(summary: Summary, criteria_set: CriteriaSet) -> list[BandOut]:
    return [
        BandOut(
            least=band.least,
            most=band.most,
            name_vi=band.name_vi,
            name_en=band.name_en,
            areas=summary.in_band(band.least, band.most),
        )
        for band in criteria_set.bands
    ]


def _shares(summary: Summary, criteria_set: CriteriaSet) -> list[CriterionShare]:
    return [
        CriterionShare(
            number=criterion.number,
            name_vi=criterion.name_vi,
            name_en=criterion.name_en,
            areas_met=met,
            met_percent=figures.percent(met, summary.areas_total),
        )
        for criterion, met in zip(criteria_set.criteria, summary.areas_meeting, strict=True)
    ]
