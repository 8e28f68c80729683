"""Posting beside TPC-B on the same server, driven by the same program; and one hot pocket."""

import asyncio
import statistics
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from chungsuc.database import Database
from funding.ledger import repository
from funding.ledger.repository import Key, Moment
from local_deployment.house import House

from tests.benchmarks import money_sql, pgbench
from tests.benchmarks.money_sql import Till
from tests.benchmarks.table import Table, percentile

ROUNDS = 2
CALLERS = (1, 8, 32)
HOT_CALLERS, HOT_SECONDS = 32, 3.0


@pytest.fixture(scope="module")
def program(table: Table) -> Path:
    found = pgbench.find_program()
    if found is None:
        table.leave_out("pgbench (not beside the server's binaries and not installed)")
        pytest.skip("pgbench is not here")
    return found


@pytest.mark.parametrize("callers", CALLERS)
def test_posting_beside_tpc_b(table: Table, house: House, program: Path, callers: int) -> None:
    peer = pgbench.prepare(program, house, pgbench.TPC_B, branches=pgbench.BRANCHES)
    url = house.databases["funding"].runtime
    with psycopg.connect(house.databases["funding"].owner) as owner:
        tills = {
            "bare pair": money_sql.plain_till(owner),
            "with limit rows": money_sql.project_till(owner),
        }
    rates: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        told = pgbench.run(program, peer, callers=callers)
        rates.setdefault("tpc-b", []).append(told.per_second)
        for name, till in tills.items():
            for how, script in (
                ("submitted", money_sql.submit_script(till)),
                ("submitted and approved", money_sql.post_script(till)),
            ):
                told = pgbench.run(
                    program,
                    url,
                    callers=callers,
                    script=script,
                    variables={"n": 0, **pgbench.pockets_as_variables(till.pockets)},
                )
                rates.setdefault(f"{name}, {how}", []).append(told.per_second)
    found = {name: statistics.median(each) for name, each in rates.items()}
    theirs = found.pop("tpc-b")
    for name, rate in found.items():
        table.rates(
            f"pay {name}, {callers} connections",
            ours=rate,
            peer=theirs,
            peer_name="TPC-B",
            at_least=1.5,
        )


async def test_one_hot_pocket(table: Table, house: House, program: Path) -> None:
    table.leave_out("pgledger (not installed); its place is taken by TPC-B with one branch")
    peer = pgbench.prepare(program, house, pgbench.ONE_BRANCH, branches=1)
    with psycopg.connect(house.databases["funding"].owner) as owner:
        till = money_sql.project_till(owner)
    rates: dict[str, list[float]] = {"ours": [], "peer": []}
    seconds: list[float] = []
    for _ in range(ROUNDS):
        told = await asyncio.to_thread(pgbench.run, program, peer, callers=HOT_CALLERS)
        rates["peer"].append(told.per_second)
        taken = await _hot(house, till)
        rates["ours"].append(len(taken) / HOT_SECONDS)
        seconds += taken
    table.rates(
        f"hot pocket, service function, {HOT_CALLERS} callers",
        ours=statistics.median(rates["ours"]),
        peer=statistics.median(rates["peer"]),
        peer_name="TPC-B, one branch",
        at_least=None,
    )
    table.limit(
        "hot pocket, p99 of one submission",
        ours=percentile(seconds, 0.99),
        limit=0.005,
        note=f"(p50 {statistics.median(seconds) * 1000:.1f} ms)",
    )


async def _hot(house: House, till: Till) -> list[float]:
    """Submit payments of one pocket from all callers; return the seconds of each."""
    database = Database(house.databases["funding"].runtime, pool_size=HOT_CALLERS)
    await database.open()
    now = datetime(2026, 1, 15, tzinfo=UTC)
    moment = Moment(date(2026, 1, 15), now, now + timedelta(days=9))
    request = {
        "template": "pay",
        "pocket_id": till.pockets[0],
        "amount_vnd": 1000,
        "value_on": "2025-12-01",
        "document_id": till.document_id,
    }
    seconds: list[float] = []

    async def caller(until: float) -> None:
        while time.perf_counter() < until:
            key = Key("bench-maker", "hot", uuid.uuid4().hex, b"", "benchmark")
            began = time.perf_counter()
            verdict = await repository.post(
                database.autocommit_pool, key, request, at=moment, is_trial=False
            )
            seconds.append(time.perf_counter() - began)
            assert verdict["outcome"] == "created"

    until = time.perf_counter() + HOT_SECONDS
    await asyncio.gather(*(caller(until) for _ in range(HOT_CALLERS)))
    await database.close()
    return seconds
