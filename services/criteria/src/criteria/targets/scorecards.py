"""Scorecards: the targets of one document, met as judged beside positive as reported."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from chungsuc import pagination
from chungsuc.access import Principal
from chungsuc.pagination import Page, PageRequest
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import service as assessments
from criteria.measures import repository as measures_repository
from criteria.observations import repository as observations_repository
from criteria.observations.repository import ObservationFilter
from criteria.targets import service
from criteria.targets.schemas import ScorecardOut, TargetOut

POSITIVE, TOTAL = "scorecard_positive_count", "scorecard_total_count"
_MOST = 1_000


async def list_scorecards(
    session: AsyncSession,
    area: str,
    *,
    as_of: date,
    today: date,
    page: PageRequest,
    principal: Principal,
) -> Page[ScorecardOut]:
    """Return one scorecard for each document that set targets, or reported on them, by then."""
    found = await assessments.readable_area(session, area, as_of=as_of, principal=principal)
    whole = PageRequest(limit=_MOST, cursor=None)
    targets = await service.list_targets(
        session, found.id, year=None, as_of=as_of, today=today, page=whole, principal=principal
    )
    positive = await _reported(session, found.id, POSITIVE, as_of=as_of)
    total = await _reported(session, found.id, TOTAL, as_of=as_of)
    documents = {target.document_id for target in targets.items} | positive.keys()
    cards = [
        _card(
            document_id,
            [target for target in targets.items if target.document_id == document_id],
            [row for row in (positive.get(document_id), total.get(document_id)) if row],
            area_id=found.id,
            as_of=as_of,
        )
        for document_id in sorted(documents)
    ]
    return pagination.page_of_catalogue(cards, page, key=lambda card: card.document_id)


async def _reported(
    session: AsyncSession, area_id: str, measure: str, *, as_of: date
) -> dict[str, Row[Any]]:
    """Return the newest reported number of each document."""
    known = (await measures_repository.list_measures(session)).get(measure)
    if known is None:
        return {}
    wanted = ObservationFilter(area_id, known.slot, as_of, known_at=None, has_history=False)
    rows = await observations_repository.list_page(session, wanted, after=None, limit=_MOST)
    return {row.document_id: row for row in rows if row.document_id}


def _card(
    document_id: str,
    targets: Sequence[TargetOut],
    reported: Sequence[Row[Any]],
    *,
    area_id: str,
    as_of: date,
) -> ScorecardOut:
    reached = [_is_reached(target) for target in targets]
    # One number without the other, or of another day, says nothing.
    is_whole = len(reported) == 2 and len({row.observed_on for row in reported}) == 1
    positive, total = reported if is_whole else (None, None)
    return ScorecardOut(
        document_id=document_id,
        area_id=area_id,
        as_of=as_of,
        targets_total=len(targets),
        targets_met=reached.count(True),
        targets_not_met=reached.count(False),
        targets_not_judged=reached.count(None),
        reported_positive=positive.scaled_value if positive else None,
        reported_total=total.scaled_value if total else None,
        reported_on=positive.observed_on if positive else None,
        observation_ids=[row.id for row in (positive, total) if row],
        is_demonstration=any(row.is_demonstration for row in reported)
        or any(t.attainment.is_demonstration for t in targets if t.attainment),
    )


def _is_reached(target: TargetOut) -> bool | None:
    """Say whether a target is met; while an area is not judged, a miss is not decided."""
    found = target.attainment
    if found is None or (not found.is_reached and found.areas_not_judged):
        return None
    return found.is_reached
