"""Judging areas inside the transaction that changed something about them."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from chungsuc import changes
from chungsuc.changes import Change
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import arrays, repository, steps
from criteria.assessments.arrays import CompiledSet
from criteria.assessments.repository import NewVerdict
from criteria.assessments.schemas import VERDICT_NAMES, ChangedVerdict
from criteria.assessments.steps import Block, Standing, Steps
from criteria.assessments.verdicts import LETTERS
from criteria.criteria_sets import model
from criteria.criteria_sets import repository as sets_repository
from criteria.criteria_sets.repository import JudgingSet
from criteria.measures import repository as measures_repository
from criteria.measures.model import Measure
from criteria.observations import repository as observations_repository
from criteria.observations.sheets import Sheets

_NEVER_EQUAL = 255
_KEPT_SETS = 32

Measures = Mapping[str, Measure]

# By content: a published set and a measure's meaning never change, so nothing here can be stale.
_compiled: dict[tuple[str, tuple[Measure, ...]], CompiledSet] = {}


async def judge_areas(
    session: AsyncSession,
    sheets: Mapping[str, Sheets],
    *,
    since: Mapping[str, date],
    measures: Measures,
    today: date,
) -> list[ChangedVerdict]:
    """Judge areas by every set that applies, on every step from `since` on; return what changed.

    The caller holds the areas' locks and has excluded publishing. `sheets` reach back to the one in
    force on each area's `since`.
    """
    observed = {area_id: found for area_id, found in sheets.items() if len(found)}
    if not observed:
        return []
    facts = await repository.list_facts(session, list(observed))
    block = steps.block_of(observed, facts)
    changed: list[ChangedVerdict] = []
    for judging in (await sets_repository.list_judging(session)).values():
        if _concerns(judging, block):
            compiled = await compiled_set(session, judging, measures=measures)
            changed += await judge_block(
                session, compiled, judging, block=block, since=since, until=today
            )
    return changed


async def judge_again(
    session: AsyncSession, since: Mapping[str, date], *, today: date
) -> list[ChangedVerdict]:
    """Judge areas whose attributes or designation changed from a day on.

    The caller has called `share_published_sets` and then locked the areas, in this order: the other
    way round it could wait for a publisher that waits for a writer that waits for it.
    """
    measures = await measures_repository.list_measures(session)
    if not measures:
        return []
    sheets = await observations_repository.list_sheets_since(
        session, since, slots=slots_of(measures)
    )
    return await judge_areas(session, sheets, since=since, measures=measures, today=today)


async def share_published_sets(session: AsyncSession) -> None:
    """Hold off publishing until this transaction ends; before any area is locked."""
    await observations_repository.share_published_sets(session)


async def judge_block(
    session: AsyncSession,
    compiled: CompiledSet,
    judging: JudgingSet,
    *,
    block: Block,
    since: Mapping[str, date],
    until: date,
) -> list[ChangedVerdict]:
    """Judge a block by one set, store the verdicts that say something new, and tell the feed."""
    rows = await repository.list_standing(session, judging.code, block.area_ids)
    standing = _standing(rows, block, compiled, judging)
    judged = await asyncio.to_thread(
        steps.judge_steps, compiled, block, since=since, until=until, standing=standing
    )
    places = steps.rows_to_store(judged, standing).tolist()
    if not places:
        return []
    revisions = {(row.area_id, row.effective_on): row.revision for row in rows}
    return await _store(session, compiled, judging, block, judged, places, revisions)


async def compiled_set(
    session: AsyncSession, judging: JudgingSet, *, measures: Measures
) -> CompiledSet:
    """Return a published set ready for arrays."""
    key = (judging.hash, tuple(measures.values()))
    if key not in _compiled:
        resolved = await sets_repository.get_resolved(session, judging.hash)
        if len(_compiled) >= _KEPT_SETS:
            _compiled.clear()
        _compiled[key] = arrays.compile_set(model.parse(json.loads(resolved)), measures)
    return _compiled[key]


def slots_of(measures: Measures) -> int:
    """Return how many slots a sheet needs today."""
    return max((measure.slot for measure in measures.values()), default=-1) + 1


def _concerns(judging: JudgingSet, block: Block) -> bool:
    return any(
        span.kind == judging.area_kind and span.designation in judging.designations
        for area in block.facts
        for span in area.spans
    )


def _standing(
    rows: Sequence[Row[Any]], block: Block, compiled: CompiledSet, judging: JudgingSet
) -> Standing:
    criteria_set = compiled.criteria_set
    width = len(criteria_set.indicators) + len(criteria_set.criteria) + 2
    states = np.full((len(rows), width), _NEVER_EQUAL, np.uint8)
    for place, row in enumerate(rows):
        state = bytes(row.indicators) + bytes(row.criteria)
        if len(state) + 2 == width:
            tail = (row.verdict_code, row.is_demonstration)
            states[place] = np.frombuffer(state + bytes(tail), np.uint8)
    owners = {area_id: owner for owner, area_id in enumerate(block.area_ids)}
    return Standing(
        owners=np.array([owners[row.area_id] for row in rows], np.int64),
        days=np.array([row.effective_on.toordinal() for row in rows], np.int64),
        states=states,
        is_current=np.array([row.criteria_set_hash == judging.hash for row in rows], bool),
    )


async def _store(
    session: AsyncSession,
    compiled: CompiledSet,
    judging: JudgingSet,
    block: Block,
    judged: Steps,
    places: Sequence[int],
    revisions: Mapping[tuple[str, date], int],
) -> list[ChangedVerdict]:
    criteria_set = compiled.criteria_set
    totals = (len(criteria_set.criteria), len(criteria_set.indicators))
    changed = [_changed(judging, block, judged, place, totals) for place in places]
    numbers = [revisions.get((verdict.area_id, verdict.on), 0) + 1 for verdict in changed]
    bodies = [
        _body(judging, verdict, judged.criteria[place])
        for verdict, place in zip(changed, places, strict=True)
    ]
    ids = await changes.append(
        session,
        [
            Change("assessment", f"{v.area_id}:{v.criteria_set}:{v.on}", revision, body)
            for v, revision, body in zip(changed, numbers, bodies, strict=True)
        ],
        action="assessments.judge",
    )
    stored = [
        NewVerdict(
            area_id=verdict.area_id,
            effective_on=verdict.on,
            indicators=judged.indicators[place].tobytes(),
            criteria=judged.criteria[place].tobytes(),
            criteria_met=verdict.criteria_met,
            indicators_met=verdict.indicators_met,
            verdict_code=int(judged.verdicts[place]),
            is_demonstration=verdict.is_demonstration,
            revision=revision,
            recorded_by=change_id,
        )
        for verdict, place, revision, change_id in zip(changed, places, numbers, ids, strict=True)
    ]
    await repository.store_verdicts(session, judging, stored, totals=totals)
    return changed


def _changed(
    judging: JudgingSet, block: Block, judged: Steps, place: int, totals: tuple[int, int]
) -> ChangedVerdict:
    return ChangedVerdict(
        area_id=block.area_ids[judged.owners[place]],
        criteria_set=judging.code,
        on=date.fromordinal(int(judged.days[place])),
        criteria_met=int(judged.criteria_met[place]),
        criteria_total=totals[0],
        indicators_met=int(judged.indicators_met[place]),
        indicators_total=totals[1],
        verdict=VERDICT_NAMES[int(judged.verdicts[place])],
        is_demonstration=bool(judged.marks[place]),
    )


def _body(judging: JudgingSet, verdict: ChangedVerdict, criteria: Sequence[int]) -> dict[str, Any]:
    return {
        **verdict.model_dump(mode="json"),
        "criteria_set_hash": judging.hash,
        "criteria": [LETTERS[code] for code in criteria],
    }
