"""Long work: judging a country by one set, and what a new civil day changes."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from chungsuc import jobs
from chungsuc.clock import Clock
from chungsuc.database import Database
from chungsuc.jobs import Handler, JobContext
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging, repository, steps
from criteria.criteria_sets import repository as sets_repository
from criteria.criteria_sets.service import EVALUATE
from criteria.measures import repository as measures_repository
from criteria.observations import repository as observations_repository
from criteria.registers.areas import repository as areas_repository

JUDGE_DAY = "judge_day"
BLOCK_AREAS = 250
CALENDAR_SECONDS = 60


def handlers(clock: Clock) -> Mapping[str, Handler]:
    """Return the jobs of assessments by kind, for the worker of this service."""

    async def evaluate_country(context: JobContext) -> Mapping[str, Any]:
        return await evaluate(context, today=clock.today())

    async def judge_day(context: JobContext) -> Mapping[str, Any]:
        return await judge_new_days(context, clock=clock)

    return {EVALUATE: evaluate_country, JUDGE_DAY: judge_day}


async def watch_calendar(database: Database, clock: Clock) -> None:
    """Start judging each new civil day once, for as long as the worker is elected."""
    while True:
        async with database.session_scope() as session:
            last = await repository.find_last_judged_day(session)
            is_new = last is None or last < clock.today()
            if is_new and not await repository.has_open_job(session, JUDGE_DAY):
                await jobs.start(session, kind=JUDGE_DAY, arguments={}, created_by="calendar")
        await asyncio.sleep(CALENDAR_SECONDS)


async def evaluate(context: JobContext, *, today: date) -> Mapping[str, Any]:
    """Judge every area under a node by one set on all its steps, block by block.

    Each block is a transaction that locks its areas as writers do, so the job may run beside them,
    be killed and run again: it ends in the same verdicts.
    """
    code, under = context.arguments["criteria_set"], context.arguments["under"]
    changed = await _evaluate_set(context, code, under=under, since=date.min, today=today)
    return {"criteria_set": code, "verdicts_changed": changed}


async def judge_new_days(context: JobContext, *, clock: Clock) -> Mapping[str, Any]:
    """Judge what the calendar alone changed since the last day judged: years, expiries, dates."""
    today = clock.today()
    async with context.session_scope() as session:
        last = await repository.find_last_judged_day(session)
        codes = list(await sets_repository.list_judging(session))
    changed = 0
    for code in codes:
        changed += await _evaluate_set(
            context, code, under="vn", since=last or date.min, today=today
        )
    async with context.session_scope() as session:
        await repository.add_judged_day(session, today, judged_at=clock.now())
    return {"day": today.isoformat(), "verdicts_changed": changed}


async def _evaluate_set(
    context: JobContext, code: str, *, under: str, since: date, today: date
) -> int:
    async with context.session_scope() as session:
        judged_by = (await sets_repository.list_judging(session)).get(code)
        if judged_by is None:
            return 0
        area_ids = await repository.list_observed(session, judged_by, under=under)
    changed = 0
    for start in range(0, len(area_ids), BLOCK_AREAS):
        block = area_ids[start : start + BLOCK_AREAS]
        async with context.session_scope() as session:
            changed += await _evaluate_block(session, code, block, since=since, today=today)
        await context.progress(start + len(block), len(area_ids))
    return changed


async def _evaluate_block(
    session: AsyncSession, code: str, area_ids: Sequence[str], *, since: date, today: date
) -> int:
    await observations_repository.share_published_sets(session)
    await areas_repository.lock_areas(session, area_ids)
    judged_by = (await sets_repository.list_judging(session))[code]
    measures = await measures_repository.list_measures(session)
    first = {area_id: max(since, judged_by.valid_from) for area_id in area_ids}
    sheets = await observations_repository.list_sheets_since(
        session, first, slots=judging.slots_of(measures), has_evidence=False
    )
    block = steps.block_of(sheets, await repository.list_facts(session, area_ids))
    compiled = await judging.compiled_set(session, judged_by, measures=measures)
    return len(
        await judging.judge_block(
            session, compiled, judged_by, block=block, since=first, until=today
        )
    )
