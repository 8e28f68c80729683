"""Reading observations back: what stands, and with history what was corrected."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from chungsuc import pagination, problems, streams
from chungsuc.access import Principal
from chungsuc.database import Database
from chungsuc.pagination import Page, PageRequest
from chungsuc.problems import FieldError
from chungsuc.text import Text
from fastapi.responses import StreamingResponse
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import service as assessments
from criteria.assessments.model import QUALIFIERS
from criteria.dependencies import Moment
from criteria.measures import repository as measures_repository
from criteria.measures.model import Measure
from criteria.observations import repository, rules
from criteria.observations.errors import ObservationNotFound
from criteria.observations.repository import ObservationFilter
from criteria.observations.schemas import ObservationOut

COLUMNS = tuple(ObservationOut.model_fields)


async def list_observations(
    session: AsyncSession,
    area: str,
    *,
    measure: str | None,
    moment: Moment,
    history: bool,
    page: PageRequest,
    principal: Principal,
) -> Page[ObservationOut]:
    """Return the values of an area up to a date; with history, corrected ones too."""
    measures = await measures_repository.list_measures(session)
    wanted = await _wanted(
        session, area, measure, measures, moment=moment, history=history, principal=principal
    )
    rows = await repository.list_page(
        session, wanted, after=_after(page.cursor), limit=page.limit + 1
    )
    items, following = pagination.page_of(
        rows, limit=page.limit, key=lambda row: (row.observed_on.isoformat(), row.slot, row.id)
    )
    by_slot = _by_slot(measures)
    return Page(items=[_out(row._mapping, by_slot) for row in items], next=following)


async def stream_observations(
    database: Database,
    session: AsyncSession,
    area: str,
    *,
    form: Literal["ndjson", "csv"],
    measure: str | None,
    moment: Moment,
    history: bool,
    principal: Principal,
) -> StreamingResponse:
    """Return the same values all at once."""
    measures = await measures_repository.list_measures(session)
    wanted = await _wanted(
        session, area, measure, measures, moment=moment, history=history, principal=principal
    )
    by_slot = _by_slot(measures)
    statement, values = repository.observations_query(wanted)
    return streams.stream(
        database,
        statement,
        values,
        form=form,
        columns=COLUMNS,
        shape=lambda row: _out(row, by_slot).model_dump(mode="json"),
    )


async def get_observation(
    session: AsyncSession, observation_id: int, *, principal: Principal
) -> ObservationOut:
    """Return one observation; one outside the caller's areas is as absent as an unknown one."""
    row = await repository.find_observation(session, observation_id)
    if row is None:
        raise ObservationNotFound
    try:
        await assessments.readable_area(
            session, row.area_id, as_of=row.observed_on, principal=principal
        )
    except problems.Forbidden:
        raise ObservationNotFound from None
    measures = await measures_repository.list_measures(session)
    return _out(row._mapping, _by_slot(measures))


async def _wanted(
    session: AsyncSession,
    area: str,
    measure: str | None,
    measures: Mapping[str, Measure],
    *,
    moment: Moment,
    history: bool,
    principal: Principal,
) -> ObservationFilter:
    found = await assessments.readable_area(
        session, area, as_of=moment.as_of, principal=principal, known_at=moment.known_at
    )
    if measure is not None and measure not in measures:
        reason = Text("chưa có số liệu này", "no such measure")
        raise problems.Invalid(reason, errors=[FieldError("measure", "unknown-measure", reason)])
    return ObservationFilter(
        area_id=found.id,
        slot=None if measure is None else measures[measure].slot,
        as_of=moment.as_of,
        known_at=moment.known_at,
        has_history=history,
    )


def _after(cursor: list[Any] | None) -> tuple[date, int, int] | None:
    if cursor is None:
        return None
    try:
        day, slot, observation_id = cursor
        return date.fromisoformat(day), int(slot), int(observation_id)
    except (TypeError, ValueError):
        raise pagination.foreign_cursor() from None


def _by_slot(measures: Mapping[str, Measure]) -> dict[int, Measure]:
    return {measure.slot: measure for measure in measures.values()}


def _out(row: Mapping[Any, Any] | Row[Any], by_slot: Mapping[int, Measure]) -> ObservationOut:
    fields: Mapping[Any, Any] = row if isinstance(row, Mapping) else row._mapping
    measure = by_slot[fields["slot"]]
    return ObservationOut(
        id=fields["id"],
        area_id=fields["area_id"],
        measure=measure.code,
        observed_on=fields["observed_on"],
        value=rules.written_value(fields["scaled_value"], measure=measure),
        qualifier=QUALIFIERS[fields["qualifier"]],
        document_id=fields["document_id"],
        reason=fields["correction_reason"],
        is_demonstration=fields["is_demonstration"],
        is_superseded=fields["is_superseded"],
        author=fields["author"],
        recorded_by=fields["recorded_by"],
    )
