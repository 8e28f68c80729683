"""What readers wait for: big lists, unchanged answers, the national report, fresh totals."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from local_deployment.house import House

from tests.benchmarks import country_sql
from tests.benchmarks.gateway.bench_gateway import free_port, running
from tests.benchmarks.table import Table, in_turn, percentile

LISTS = (
    ("areas, a page of 1,000", "/v1/areas?area_kind=commune&limit=1000", "application/json"),
    ("areas, all as NDJSON", "/v1/areas", "application/x-ndjson"),
    (
        "verdicts of a country, NDJSON",
        "/v1/assessments?criteria_set=ntm-xa-2021-2025-demo&under=vn&as_of=2025-12-31",
        "application/x-ndjson",
    ),
)
REPORT = "/v1/reports/province-overview?area=vn&as_of=2025-12-31&budget_year=2025"
REPEATS, ROUNDS = 8, 3
VALUES_A_BATCH, BATCHES_A_SECOND, LATENCY_SECONDS = 50, 10, 12.0


class Given(NamedTuple):
    """A service to ask, and its process."""

    client: httpx.Client
    pid: int

    def processor_seconds(self) -> float:
        """Return the time that all threads of the process were on a processor so far."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@contextmanager
def opened(house: House, service: str) -> Iterator[Given]:
    headers = {"Authorization": f"Bearer {house.token('steering')}"}
    pid = house.processes[service]
    assert pid
    with httpx.Client(
        base_url=house.urls[service], headers=headers, timeout=60, trust_env=False
    ) as client:
        yield Given(client, pid)


@contextmanager
def ready(content: Path) -> Iterator[Given]:
    port = free_port()
    command = ["uvicorn", "tests.benchmarks.ready_bytes:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning"]
    with (
        running(command, port=port, READY_BYTES=str(content)) as bare,
        httpx.Client(base_url=bare.url, timeout=60, trust_env=False) as client,
    ):
        yield Given(client, bare.process.pid)


def compare_processor(
    ours: tuple[Given, Callable[[], object]], peer: tuple[Given, Callable[[], object]]
) -> tuple[float, float]:
    """Return the processor time of one request to each, medians of runs in turn."""
    seconds: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for place, (given, ask) in enumerate((ours, peer)):
            before = given.processor_seconds()
            for _ in range(REPEATS):
                ask()
            seconds[place].append((given.processor_seconds() - before) / REPEATS)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


@pytest.mark.parametrize(("name", "path", "accept"), LISTS)
def test_big_lists_beside_ready_bytes(
    table: Table, house: House, tmp_path: Path, name: str, path: str, accept: str
) -> None:
    content = tmp_path / "content"
    with opened(house, "criteria") as given:

        def ask() -> bytes:
            answer = given.client.get(path, headers={"Accept": accept})
            assert answer.status_code == 200, answer.text
            return answer.content

        content.write_bytes(ask())
        with ready(content) as bare:
            ours, peer = compare_processor(
                (given, ask), (bare, lambda: bare.client.get("/").content)
            )
    table.times(
        f"processor, {name} ({content.stat().st_size / 1e6:.2g} MB)",
        ours=ours,
        peer=peer,
        peer_name="ready bytes",
        at_most=2,
    )


@pytest.mark.parametrize(
    ("name", "service", "path"),
    [
        ("an area", "criteria", "/v1/areas/vn"),
        ("the national report", "reporting", REPORT),
    ],
)
def test_not_modified_beside_the_whole(
    table: Table, house: House, name: str, service: str, path: str
) -> None:
    with opened(house, service) as given:
        first = given.client.get(path)
        assert first.status_code == 200, first.text
        tag = {"If-None-Match": first.headers["ETag"]}
        assert given.client.get(path, headers=tag).status_code == 304
        found = in_turn(
            {
                "304": lambda: given.client.get(path, headers=tag),
                "200": lambda: given.client.get(path),
            },
            rounds=20,
        )
    table.times(
        f"304 of {name}", ours=found["304"], peer=found["200"], peer_name="200", at_most=0.6
    )


def test_the_national_report_beside_a_scan(table: Table, house: House) -> None:
    with (
        opened(house, "reporting") as given,
        psycopg.connect(house.databases["funding"].owner, autocommit=True) as owner,
    ):
        entries = owner.execute("SELECT count(*) FROM entry").fetchone()
        assert entries

        def scan() -> Any:
            return owner.execute(
                "SELECT p.area_id, p.programme_id, e.balance, sum(e.amount_vnd) FROM entry e "
                "JOIN pocket p ON p.id = e.pocket_id WHERE e.value_on <= '2025-12-31' "
                "GROUP BY ROLLUP (p.area_id, p.programme_id, e.balance)"
            ).fetchall()

        found = in_turn({"ours": lambda: given.client.get(REPORT), "scan": scan}, rounds=7)
    table.times(
        f"national report over HTTP, {entries[0]:,} entries",
        ours=found["ours"],
        peer=found["scan"],
        peer_name="scan of the entries",
        at_most=0.01,
    )


async def test_commit_to_national_total(table: Table, house: House) -> None:
    with psycopg.connect(house.databases["criteria"].owner, autocommit=True) as owner:
        areas = country_sql.list_areas(owner, 1_000)
        measures = country_sql.list_share_measures(owner)[:5]
    token = await asyncio.to_thread(house.token, "officer")
    waiting: dict[int, float] = {}
    lags: list[float] = []
    writing = asyncio.ensure_future(_write(house, token, areas, measures, waiting))
    watching = await psycopg.AsyncConnection.connect(
        house.admin_url.rpartition("/")[0] + "/chungsuc", autocommit=True
    )
    async with watching:
        until = time.perf_counter() + LATENCY_SECONDS + 30
        while (waiting or not writing.done()) and time.perf_counter() < until:
            lags += await _seen(watching, waiting)
            await asyncio.sleep(0.005)
    sent, seconds = await writing
    with psycopg.connect(house.databases["criteria"].owner, autocommit=True) as owner:
        country_sql.forget_observations(owner, "officer")
    assert not waiting, "some changes never reached the facts"
    with opened(house, "reporting") as given:
        report = statistics.median(_timed(lambda: given.client.get(REPORT)) for _ in range(7))
    note = f"at {sent * VALUES_A_BATCH / seconds:.0f} values/s"
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        lag = percentile(lags, share)
        table.limit(f"commit to facts, {name}", ours=lag, limit=1.0, note=note)
    table.limit(
        "commit to national total: p99 and reading the report",
        ours=percentile(lags, 0.99) + report,
        limit=1.0,
        note=note,
    )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def _write(
    house: House, token: str, areas: list[str], measures: list[str], waiting: dict[int, float]
) -> tuple[int, float]:
    """Post batches at a steady rate, whatever each takes; return how many, in which time."""
    headers = {"Authorization": f"Bearer {token}"}
    began = time.perf_counter()
    posts: list[asyncio.Task[None]] = []
    async with httpx.AsyncClient(
        base_url=house.urls["criteria"], headers=headers, timeout=60, trust_env=False
    ) as client:
        for number in range(int(LATENCY_SECONDS * BATCHES_A_SECOND)):
            await asyncio.sleep(max(0.0, began + number / BATCHES_A_SECOND - time.perf_counter()))
            posts.append(asyncio.ensure_future(_post(client, number, areas, measures, waiting)))
        await asyncio.gather(*posts)
    return len(posts), time.perf_counter() - began


async def _post(
    client: httpx.AsyncClient,
    number: int,
    areas: list[str],
    measures: list[str],
    waiting: dict[int, float],
) -> None:
    count = VALUES_A_BATCH // len(measures)
    start = number * count % (len(areas) - count)
    items = [
        {
            "area": area,
            "measure": measure,
            "observed_on": "2025-12-31",
            "value": f"{(number * 37 + place * 11) % 100}.25",
            "reason": "benchmark",
        }
        for area in areas[start : start + count]
        for place, measure in enumerate(measures)
    ]
    answer = await client.post(
        "/v1/observations",
        json={"items": items, "is_demonstration": True},
        headers={"Idempotency-Key": f"bench-{time.time_ns()}-{number}"},
    )
    answered = time.perf_counter()
    assert answer.status_code == 201, answer.text
    waiting[int(answer.headers["Change-Id"].partition(":")[2])] = answered


async def _seen(
    connection: "psycopg.AsyncConnection[Any]", waiting: dict[int, float]
) -> list[float]:
    """Return the lags of what the facts hold by now, and forget it."""
    found = await connection.execute(
        "SELECT p.change_id FROM criteria.change_position p WHERE p.change_id = ANY(%s) "
        "AND p.position <= (SELECT position FROM reporting.feed_cursor WHERE source = 'criteria')",
        [list(waiting)],
    )
    rows = await found.fetchall()
    now = time.perf_counter()
    return [now - waiting.pop(change_id) for (change_id,) in rows]
