"""Criteria on a database: judging a stored country, changing one value, recording a period."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any

import psycopg
import pytest
from chungsuc.access import Grant, Principal
from chungsuc.database import Database
from chungsuc.jobs import JobContext
from criteria.assessments import jobs
from criteria.observations import service
from criteria.observations.schemas import ObservationIn, ObservationsIn
from criteria.observations.service import Author
from criteria.registers.areas import cover
from local_deployment.country.sizes import Size
from local_deployment.house import House

from tests.benchmarks import country_sql
from tests.benchmarks.table import Table

TODAY = date(2026, 2, 28)
OFFICE = Principal("benchmark", "benchmark", (Grant("administrator", "vn"),), "")
SET = "ntm-xa-2021-2025-demo"
PERIOD = date(2025, 12, 30)
IMPORT_AREAS = 40
ROUNDS = 3

Work = Callable[[], Awaitable[object]]


@pytest.fixture
async def database(house: House) -> AsyncIterator[Database]:
    opened = Database(house.databases["criteria"].runtime, pool_size=4)
    await opened.open()
    yield opened
    await opened.close()


async def in_turn(works: dict[str, Work], *, rounds: int) -> dict[str, float]:
    """Run works A B A B …; return the median seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            began = time.perf_counter()
            await work()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in seconds.items()}


async def record(database: Database, items: list[ObservationIn]) -> None:
    """Record values as a request does, without its HTTP."""
    body = ObservationsIn(items=items, is_demonstration=True)
    async with database.session_scope() as session:
        author = Author(OFFICE, cover.covers_for(session), TODAY)
        await service.add_observations(session, body, author=author)


async def test_read_evaluate_store(
    table: Table, house: House, database: Database, size: Size
) -> None:
    with psycopg.connect(house.databases["criteria"].owner, autocommit=True) as owner:
        country_sql.prepare(owner)

        async def ours() -> None:
            # Without what is stored every verdict is new: all of them are written, with the feed.
            country_sql.forget_verdicts(owner, SET)
            began = time.perf_counter()
            await judge(database)
            spent.append(time.perf_counter() - began)

        spent: list[float] = []
        bare = await in_turn(
            {"ours": ours, "bytes": lambda: asyncio.to_thread(country_sql.bare_io, owner, SET)},
            rounds=ROUNDS,
        )
        table.times(
            "read, evaluate, store a country (job, with its feed)",
            ours=statistics.median(spent[1:]),
            peer=bare["bytes"],
            peer_name="bare I/O of the same bytes",
            at_most=1.5,
        )
        again = await in_turn(
            {
                "ours": lambda: judge(database),
                "bytes": lambda: asyncio.to_thread(country_sql.bare_io, owner, SET),
            },
            rounds=ROUNDS,
        )
        table.times(
            "read, evaluate, compare a country (nothing new to store)",
            ours=again["ours"],
            peer=again["bytes"],
            peer_name="bare I/O of the same bytes",
            at_most=1.5,
        )


async def judge(database: Database) -> None:
    context = JobContext(database, "", {"criteria_set": SET, "under": "vn"})
    context.progress = _ignore  # type: ignore[method-assign]
    await jobs.evaluate(context, today=TODAY)


async def _ignore(done: int, total: int) -> None:
    """The benchmark's job has no row to tell its progress to."""


async def test_one_changed_value(table: Table, house: House, database: Database) -> None:
    turns = iter(range(1_000))
    with psycopg.connect(house.databases["criteria"].owner, autocommit=True) as owner:
        area_id, measure, on = country_sql.some_value(owner)
        country_sql.prepare_long_rows(owner)

        async def one() -> None:
            turn = next(turns)
            value = f"{40 + turn % 50}.{turn % 10}"
            item = ObservationIn(
                area=area_id, measure=measure, observed_on=on, value=value, reason="benchmark"
            )
            await record(database, [item])

        for _ in range(10):
            await one()
        found = await in_turn(
            {"one": one, "country": lambda: asyncio.to_thread(country_sql.judge_in_sql, owner)},
            rounds=5,
        )
        country_sql.forget_observations(owner, OFFICE.subject)
    table.faster(
        "one changed value, judged and told to the feed",
        ours=found["one"],
        peer=found["country"],
        peer_name="the country in SQL",
        at_least=500,
    )


async def test_import_beside_raw_copy(table: Table, house: House, database: Database) -> None:
    with psycopg.connect(house.databases["criteria"].owner, autocommit=True) as owner:
        codes = country_sql.list_share_measures(owner)
        areas = country_sql.list_areas(owner, IMPORT_AREAS * (ROUNDS + 1))
        long_rows = country_sql.LongRows(owner)
        seconds: dict[str, list[float]] = {}
        for turn in range(ROUNDS + 1):
            some = areas[turn * IMPORT_AREAS : (turn + 1) * IMPORT_AREAS]
            first = _items(some, codes, shift=0)
            second = _items(some, codes, shift=1)
            works: dict[str, Work] = {
                "new": partial(record, database, first),
                "new copied": partial(_copied, long_rows.copy, first),
                "upsert": partial(record, database, second),
                "upsert copied": partial(_copied, long_rows.upsert, second),
            }
            for name, work in works.items():
                began = time.perf_counter()
                await work()
                seconds.setdefault(name, []).append(time.perf_counter() - began)
        country_sql.forget_observations(owner, OFFICE.subject)
    count = IMPORT_AREAS * len(codes)
    found = {name: count / statistics.median(times[1:]) for name, times in seconds.items()}
    for name, least in (("new", 0.85), ("upsert", 0.5)):
        table.rates(
            f"import {count:,} values, {'new period' if name == 'new' else name}",
            ours=found[name],
            peer=found[f"{name} copied"],
            peer_name="COPY of long keyed rows",
            at_least=least,
        )


async def _copied(work: Callable[[list[Any]], None], items: list[ObservationIn]) -> None:
    rows = [(i.area, i.measure, i.observed_on, i.value) for i in items]
    await asyncio.to_thread(work, rows)


def _items(areas: list[str], codes: list[str], *, shift: int) -> list[ObservationIn]:
    return [
        ObservationIn(
            area=area,
            measure=code,
            observed_on=PERIOD,
            value=f"{(place * 7 + number + shift) % 100}.5",
            reason="benchmark" if shift else None,
        )
        for number, area in enumerate(areas)
        for place, code in enumerate(codes)
    ]
