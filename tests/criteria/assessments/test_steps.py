"""Stored verdicts are, on every day, what judging that day gives; the country job agrees."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from chungsuc.clock import FixedClock
from chungsuc.database import Database
from chungsuc.jobs import JobContext
from criteria.assessments import jobs, judging, rules
from criteria.assessments.model import QUALIFIERS, Value
from criteria.criteria_sets import model
from criteria.observations import service
from criteria.observations.schemas import ObservationsIn
from criteria.observations.service import Author
from criteria.registers.areas import cover, lookup
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import TODAY
from tests.criteria import world

FIRST, LAST = date(2020, 6, 1), date(2026, 2, 28)
TODAY_HERE = date(2026, 3, 1)
RANGES = {"road_share": 10_000, "water_share": 10_000, "school_level": 4, "income": 60_000}


class OneTransaction(JobContext):
    """A job whose every block runs in the transaction of the test."""

    def __init__(self, session: AsyncSession, arguments: dict[str, Any]) -> None:
        self.session = session
        self.arguments = arguments

    @asynccontextmanager
    async def _same(self) -> AsyncIterator[AsyncSession]:
        yield self.session

    def session_scope(self) -> Any:
        return self._same()

    async def progress(self, done: int, total: int) -> None:
        assert 0 < done <= total


def random_item(dice: random.Random) -> dict[str, Any]:
    """A value that may be entered, on any day of six years."""
    area = dice.choice(world.COMMUNES[3:5])
    day = FIRST + timedelta(days=dice.randrange((LAST - FIRST).days))
    code = dice.choice(["plan_approved", *RANGES])
    if code == "plan_approved":
        given: str | bool = dice.random() < 0.7
        qualifier = dice.choice(["actual", "estimate"])
    else:
        given = world.measure(code).text(dice.randrange(RANGES[code]))
        qualifier = dice.choice(QUALIFIERS)
    return world.value(
        area,
        code,
        day.isoformat(),
        given,
        qualifier=qualifier,
        reason="thử",
    )


async def record_randomly(session: AsyncSession, dice: random.Random) -> list[dict[str, Any]]:
    """Record some batches and return their items in the order of recording."""
    author = Author(world.ADMINISTRATOR, cover.covers_for(session), TODAY_HERE)
    recorded: list[dict[str, Any]] = []
    for _ in range(dice.randint(2, 6)):
        items = [random_item(dice) for _ in range(dice.randint(1, 12))]
        distinct = {(i["area"], i["measure"], i["observed_on"]): i for i in items}
        body = ObservationsIn.model_validate({"items": list(distinct.values())})
        await service.add_observations(session, body, author=author)
        recorded += distinct.values()
    return recorded


def values_on(recorded: list[dict[str, Any]], area: str, day: date) -> dict[str, Value]:
    """Fold the items naively: the latest day counts, of one day the last recorded."""
    standing: dict[str, Value] = {}
    for item in recorded:
        on = date.fromisoformat(item["observed_on"])
        held = standing.get(item["measure"])
        if item["area"] != area or on > day or (held and held.observed_on > on):
            continue
        scaled = model_value(item)
        standing[item["measure"]] = Value(scaled, item["qualifier"], on, 0)
    return standing


def model_value(item: dict[str, Any]) -> int:
    measure = world.measure(item["measure"])
    if isinstance(item["value"], bool):
        return int(item["value"])
    whole, _, places = str(item["value"]).partition(".")
    return int(whole + places.ljust(measure.scale, "0"))


async def stored_on(session: AsyncSession, area: str, day: date) -> tuple[Any, ...] | None:
    """Return the stored verdict that holds on a day."""
    found = await session.execute(
        text(
            "SELECT indicators, criteria, criteria_met, indicators_met, verdict_code FROM verdict "
            "WHERE area_id = :area AND criteria_set = 'xa-standard' AND effective_on <= :day "
            "ORDER BY effective_on DESC LIMIT 1"
        ),
        {"area": area, "day": day},
    )
    row = found.one_or_none()
    return None if row is None else (bytes(row[0]), bytes(row[1]), *row[2:])


def judged_on(recorded: list[dict[str, Any]], area: str, day: date) -> tuple[Any, ...]:
    judged = rules.judge(
        model.parse(world.STANDARD),
        measures=world.MEASURES,
        values=values_on(recorded, area, day),
        attributes={"region": "TDMNPB" if area == world.COMMUNES[3] else "DBSH"},
        on=day,
    )
    return (
        bytes(entry.verdict for entry in judged.indicators),
        bytes(entry.verdict for entry in judged.criteria),
        judged.criteria_met,
        judged.indicators_met,
        int(judged.verdict),
    )


def days_to_try(recorded: list[dict[str, Any]], dice: random.Random) -> list[date]:
    """Days around every value, every new year and every expiry, and some at random."""
    days = {date(year, 1, 1) for year in range(2021, 2026)}
    for item in recorded:
        on = date.fromisoformat(item["observed_on"])
        days |= {on, on - timedelta(days=1), on.replace(year=on.year + 2, day=min(on.day, 28))}
    days |= {FIRST + timedelta(days=dice.randrange(2200)) for _ in range(20)}
    return sorted(day for day in days if date(2021, 1, 1) <= day <= date(2025, 12, 31))


async def every_step(session: AsyncSession) -> list[tuple[Any, ...]]:
    rows = await session.execute(
        text(
            "SELECT area_id, criteria_set, effective_on, indicators, criteria, criteria_met, "
            "indicators_met, verdict_code, is_demonstration, criteria_set_hash FROM verdict "
            "ORDER BY area_id, criteria_set, effective_on"
        )
    )
    return [tuple(row) for row in rows]


def changes_of(steps: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Leave out the steps that say the same as the one before."""
    kept: list[tuple[Any, ...]] = []
    for step in steps:
        if not kept or kept[-1][:2] != step[:2] or kept[-1][3:] != step[3:]:
            kept.append(step)
    return kept


@pytest.mark.parametrize("seed", range(8))
async def test_on_every_day_the_stored_verdict_is_the_judged_one(
    country: Database, urls: Any, seed: int
) -> None:
    dice = random.Random(seed)
    # As the owner, since the runtime role cannot take verdicts back to judge them afresh.
    owner = Database(urls["criteria"].owner, pool_size=1)
    try:
        async with owner.engine.connect() as connection, AsyncSession(connection) as session:
            recorded = await record_randomly(session, dice)
            for area in {item["area"] for item in recorded}:
                first = min(i["observed_on"] for i in recorded if i["area"] == area)
                for day in days_to_try(recorded, dice):
                    stored = await stored_on(session, area, day)
                    if day < date.fromisoformat(first):
                        assert stored is None
                    else:
                        assert stored == judged_on(recorded, area, day), (area, day)
            await the_country_job_agrees(session)
            await session.rollback()
    finally:
        await owner.close()


async def the_country_job_agrees(session: AsyncSession) -> None:
    single = await every_step(session)
    for code in ("xa-standard", "xa-advanced"):
        job = OneTransaction(session, {"criteria_set": code, "under": "vn"})
        done = await jobs.evaluate(job, today=TODAY_HERE)
        assert done["verdicts_changed"] == 0
    assert await every_step(session) == single
    await session.execute(text("DELETE FROM verdict"))
    for code in ("xa-standard", "xa-advanced"):
        job = OneTransaction(session, {"criteria_set": code, "under": "vn"})
        await jobs.evaluate(job, today=TODAY_HERE)
    assert changes_of(await every_step(session)) == changes_of(single)


async def test_publishing_a_version_judges_the_country_by_it(country: Database) -> None:
    await record_as_admin(country, world.all_met(world.COMMUNES[0], "2023-08-15"))
    stricter = world.STANDARD | {"version": "2"}
    stricter["criteria"] = [*world.STANDARD["criteria"][:2], thirds(threshold=60)]
    await world.publish(country, stricter)
    done = await run_job(country, {"criteria_set": "xa-standard", "under": "vn"})
    assert done["verdicts_changed"] > 0
    again = await run_job(country, {"criteria_set": "xa-standard", "under": "vn"})
    assert again["verdicts_changed"] == 0
    async with country.read_scope() as session:
        stored = await stored_on(session, world.COMMUNES[0], date(2023, 8, 15))
    assert stored is not None
    assert stored[2] == 2


async def test_a_new_day_judges_what_the_calendar_changed(country: Database) -> None:
    await record_as_admin(
        country, world.all_met(world.COMMUNES[0], "2023-08-15"), today=date(2023, 9, 1)
    )
    async with country.read_scope() as session:
        assert await stored_on(session, world.COMMUNES[0], date(2024, 6, 1)) is not None
        before = await every_step(session)
    clock = FixedClock(TODAY.replace(year=2024, month=2, day=1))
    context = JobContext(country, uuid4(), {})
    first = await jobs.judge_new_days(context, clock=clock)
    second = await jobs.judge_new_days(context, clock=clock)
    async with country.read_scope() as session:
        after = await every_step(session)
    new = [step for step in after if step not in before]
    assert [(step[1], step[2]) for step in new] == [("xa-standard", date(2024, 1, 1))]
    assert (first["verdicts_changed"], second["verdicts_changed"]) == (1, 0)


async def test_an_attribute_is_judged_from_its_day(country: Database) -> None:
    area = world.COMMUNES[0]
    await record_as_admin(
        country, [world.value(area, "road_share", "2023-02-01", "80")], today=date(2023, 12, 1)
    )
    await world.set_attribute(country, area, "region", "DBSH", begins_on=date(2023, 6, 1))
    async with country.session_scope() as session:
        await judging.share_published_sets(session)
        await lookup.lock_areas(session, [area])
        changed = await judging.judge_again(
            session, {area: date(2023, 6, 1)}, today=date(2023, 12, 1)
        )
    assert [(v.criteria_set, v.on) for v in changed] == [("xa-standard", date(2023, 6, 1))]
    async with country.read_scope() as session:
        before = await stored_on(session, area, date(2023, 5, 31))
        after = await stored_on(session, area, date(2023, 6, 1))
    assert before is not None
    assert after is not None
    assert (before[3], after[3]) == (1, 0)


def thirds(*, threshold: int) -> dict[str, Any]:
    criterion: dict[str, Any] = world.STANDARD["criteria"][2]
    rule = {"at_least": {"measure": "income", "threshold": threshold}}
    return criterion | {"indicators": [criterion["indicators"][0] | {"rule": rule}]}


async def record_as_admin(
    database: Database, items: list[dict[str, Any]], *, today: date = TODAY_HERE
) -> None:
    async with database.session_scope() as session:
        author = Author(world.ADMINISTRATOR, cover.covers_for(session), today)
        body = ObservationsIn.model_validate({"items": items})
        await service.add_observations(session, body, author=author)


async def run_job(database: Database, arguments: dict[str, Any]) -> Any:
    return await jobs.evaluate(JobContext(database, uuid4(), arguments), today=TODAY_HERE)
