"""Loading a country into a house that runs."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from local_deployment.country import criteria_repository, funding_repository, money, values
from local_deployment.country.funding_repository import Place
from local_deployment.country.money import Payments
from local_deployment.country.sizes import MEASURES, Size
from local_deployment.demonstration.api import Api
from local_deployment.errors import LocalError
from local_deployment.house import House
from local_deployment.progress import Progress

DOCUMENT = {
    "number": "Số liệu minh họa toàn quốc",
    "kind": "dataset",
    "issuer": "Chung Sức",
    "title": "Số liệu được tạo ra để thử hệ thống với quy mô cả nước",
    "issued_on": "2025-01-01",
    "is_demonstration": True,
}
SETS = ("ntm-xa-2021-2025-demo", "ntm-xa-nang-cao-2021-2025-demo")
PATIENCE_SECONDS = 3_600.0
PAYMENTS_A_TRANSACTION = 100_000


def load(house: House, size: Size, progress: Progress) -> None:
    """Load values and money, judge every commune, and wait until the reports hold all of it."""
    with Api(house.gateway_url, token=house.token) as api:
        document_id = str(api.post("/v1/documents", DOCUMENT, user="administrator")["id"])
        _load_values(house, size, progress, document_id=document_id)
        for code in SETS:
            _judge(api, code, progress)
    _load_money(house, size, progress, document_id=document_id)
    _wait_for_reports(house, progress)


def _load_values(house: House, size: Size, progress: Progress, *, document_id: str) -> None:
    with psycopg.connect(house.databases["criteria"].owner) as connection:
        measures = criteria_repository.list_measures(connection, limit=MEASURES)
        slots = criteria_repository.count_slots(connection)
        observed = criteria_repository.list_observed(connection)
        for month, on in enumerate(size.days()):
            communes = criteria_repository.list_communes(connection, on=on)
            kept = [place for place, area in enumerate(communes) if area not in observed]
            with progress.step(f"Values of {on:%Y-%m}: {len(kept):,} communes"):
                if not kept:
                    continue
                scaled = values.monthly_values(measures, areas=len(communes), month=month)
                criteria_repository.record_month(
                    connection,
                    [communes[place] for place in kept],
                    measures,
                    scaled[kept],
                    on=on,
                    document_id=document_id,
                    slots=slots,
                )
        criteria_repository.analyse(connection)


def _judge(api: Api, code: str, progress: Progress) -> None:
    with progress.step(f"Verdicts by {code}"):
        body = {"criteria_set": code, "under": "vn"}
        job = api.post("/v1/assessments/evaluations", body, user="administrator")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while job["state"] in ("queued", "running"):
            if time.monotonic() > deadline:
                raise LocalError(f"Judging by {code} takes too long; see criteria-worker.log")
            time.sleep(0.5)
            job = api.get(f"/v1/criteria/jobs/{job['id']}", user="administrator")
        if job["state"] != "succeeded":
            raise LocalError(f"Judging by {code} failed: {job['problem']}")


def _load_money(house: House, size: Size, progress: Progress, *, document_id: str) -> None:
    with psycopg.connect(house.databases["funding"].owner) as connection:
        with progress.step("Registers in funding"):
            _wait_for(lambda: funding_repository.has_document(connection, document_id))
        if funding_repository.has_payments(connection):
            return
        places = funding_repository.list_places(connection, on=money.PLANNED_ON)
        pockets = len(places) * len(money.PROGRAMMES)
        paid = money.payments(count=size.payments, pockets=pockets)
        with progress.step(f"Plans of {pockets:,} pockets"):
            pocket_ids = _post_plans(connection, places, paid, document_id=document_id)
        for start in range(0, size.payments, PAYMENTS_A_TRANSACTION):
            some = slice(start, start + PAYMENTS_A_TRANSACTION)
            part = Payments(paid.pockets[some], paid.amounts_vnd[some], paid.days[some])
            with progress.step(f"Payments from {start + 1:,} of {size.payments:,}"):
                funding_repository.post_payments(
                    connection, part, pocket_ids, document_id=document_id
                )
        with progress.step("Ledger checked"):
            funding_repository.check(connection)


def _post_plans(
    connection: Any, places: Sequence[Place], paid: Payments, *, document_id: str
) -> list[int]:
    """Give each province its money, then each commune its part, programme by programme."""
    planned = money.plans(paid, pockets=len(places) * len(money.PROGRAMMES)).tolist()
    pocket_ids: list[int] = []
    for place, programme in enumerate(money.PROGRAMMES):
        parts = planned[place * len(places) : (place + 1) * len(places)]
        totals: dict[str, int] = {}
        for commune, part in zip(places, parts, strict=True):
            totals[commune.province_id] = totals.get(commune.province_id, 0) + part
        kind = money.CAPITAL_KINDS[place % len(money.CAPITAL_KINDS)]
        assigned = [
            funding_repository.assign(
                programme, kind=kind, area_id=area_id, amount_vnd=total, on=money.PLANNED_ON
            )
            for area_id, total in totals.items()
        ]
        sources = _posted(connection, assigned, document_id)
        held = dict(zip(totals, sources, strict=True))
        allocated = [
            funding_repository.allocate(
                held[commune.province_id],
                area_id=commune.commune_id,
                amount_vnd=part,
                on=money.PLANNED_ON,
            )
            for commune, part in zip(places, parts, strict=True)
        ]
        pocket_ids += _posted(connection, allocated, document_id)
    return pocket_ids


def _posted(connection: Any, requests: Sequence[dict[str, Any]], document_id: str) -> list[int]:
    return funding_repository.post_plans(
        connection, [{**request, "document_id": document_id} for request in requests]
    )


def _wait_for_reports(house: House, progress: Progress) -> None:
    with progress.step("Reports follow"):
        _wait_for(lambda: reports_hold_all(house))


def reports_hold_all(house: House) -> bool:
    """Tell whether reporting has read both feeds to their ends."""
    with psycopg.connect(house.databases["reporting"].owner) as connection:
        rows = connection.execute("SELECT source, position FROM feed_cursor").fetchall()
    cursors: dict[str, int] = dict(rows)
    return all(cursors.get(name, -1) >= _feed_end(house, name) for name in ("criteria", "funding"))


def _feed_end(house: House, service: str) -> float:
    """Return the last position of a feed, or infinity while changes wait for theirs."""
    with psycopg.connect(house.databases[service].owner) as connection:
        row = connection.execute(
            "SELECT last_position, (SELECT max(id) FROM change) > last_change_id FROM feed_state"
        ).fetchone()
    return float("inf") if row is None or row[1] else float(row[0])


def _wait_for(is_reached: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_reached():
        if time.monotonic() > deadline:
            raise LocalError("The services do not follow each other; see .local/logs")
        time.sleep(0.3)
