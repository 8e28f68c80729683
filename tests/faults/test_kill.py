"""kill -9 of any process and of PostgreSQL, while clients with patience write.

Every acknowledged write is there once, the ledger adds up, and reporting equals its sources.
"""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from chungsuc.database import plain_url
from local_deployment import processes
from local_deployment.house import House

from tests.faults.writers import PatientClient, Writers, kill_at_random

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.timeout(900)]

SECONDS_UNDER_FIRE = 45.0
COMMUNES = ("03394", "03400", "03403")
MEASURE = "road_commune_paved_share"
PROVINCE, ON = "12", "2024-06-03"
AMOUNT_VND = 1_000_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house")) as standing:
        yield standing


def query(house: House, service: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(plain_url(house.databases[service].owner)) as connection:
        return connection.execute(sql).fetchall()  # type: ignore[arg-type]


def register_document(house: House) -> str:
    document = {
        "number": "1/QĐ-UBND",
        "kind": "decision",
        "issuer": "Ủy ban nhân dân tỉnh Lai Châu",
        "title": "Giao kế hoạch",
        "is_demonstration": True,
    }
    client = PatientClient(house, "administrator")
    return str(client.post("/v1/documents", document, key="document")["id"])


def area_id(house: House, code: str) -> str:
    found = query(
        house,
        "criteria",
        f"SELECT DISTINCT area_id FROM area_span WHERE code = '{code}' "
        f"AND begins_on <= '{ON}' AND coalesce(ends_on, 'infinity') >= '{ON}'",
    )
    return str(found[0][0])


def add_observer(writers: Writers, house: House, commune: str, acknowledged: list[str]) -> None:
    client = PatientClient(house, "officer")

    def observe(number: int) -> None:
        day = (date(2023, 1, 1) + timedelta(days=number % 700)).isoformat()
        value = f"{number % 10_000 / 100:.2f}"
        item = {"area": commune, "measure": MEASURE, "observed_on": day, "value": value}
        body = {"is_demonstration": True, "items": [item]}
        client.post("/v1/observations", body, key=f"{commune}-{number}")
        acknowledged.append(f"{commune} {day} {value}")

    writers.add(observe)


def add_payer(
    writers: Writers, house: House, *, province: str, document: str, acknowledged: list[str]
) -> None:
    maker, checker = PatientClient(house, "finance"), PatientClient(house, "approver")

    def assign(number: int) -> None:
        body = {
            "template": "assign",
            "programme_id": "NTM-2125",
            "capital_kind": "investment",
            "source": "NSTW",
            "budget_year": 2024,
            "to": {"holder_kind": "area", "holder_id": province},
            "amount_vnd": AMOUNT_VND,
            "value_on": ON,
            "document_id": document,
        }
        made = maker.post("/v1/transfers", body, key=f"assign-{number}")
        checker.post(f"/v1/transfers/{made['id']}/approve", {}, key=f"approve-{number}")
        acknowledged.append(made["id"])

    writers.add(assign)


def has_caught_up(house: House) -> bool:
    heads = {
        service: query(house, service, "SELECT last_position FROM feed_state")[0][0]
        for service in ("criteria", "funding")
    }
    unplaced = sum(
        query(
            house,
            service,
            "SELECT count(*) FROM change c "
            "WHERE NOT EXISTS (SELECT FROM change_position p WHERE p.change_id = c.id)",
        )[0][0]
        for service in ("criteria", "funding")
    )
    cursors = dict(query(house, "reporting", "SELECT source, position FROM feed_cursor"))
    return unplaced == 0 and cursors == heads


def digest(house: House) -> str:
    return str(query(house, "reporting", "SELECT facts_digest()")[0][0])


def assert_observations_are_there_once(house: House, acknowledged: list[str]) -> None:
    rows = query(
        house,
        "criteria",
        "SELECT recorded_by, count(*) FROM observation "
        "GROUP BY recorded_by, slot, observed_on, area_id",
    )
    assert all(count == 1 for _, count in rows)
    assert len(rows) == len(acknowledged)


def assert_the_ledger_adds_up(house: House, acknowledged: list[str]) -> None:
    [(posted, total)] = query(
        house,
        "funding",
        "SELECT count(*), coalesce(sum(t.amount_vnd), 0) FROM transfer t "
        "JOIN decision d ON d.transfer_id = t.id AND d.outcome = 'posted'",
    )
    assert (posted, total) == (len(acknowledged), len(acknowledged) * AMOUNT_VND)
    assert query(house, "funding", "SELECT sum(amount_vnd) FROM entry") == [(0,)]
    assert query(
        house,
        "funding",
        "SELECT sum(issued_vnd + available_vnd + advance_vnd + paid_vnd) FROM balance",
    ) == [(0,)]


def assert_reporting_equals_its_sources(house: House) -> None:
    folded = query(
        house,
        "reporting",
        "SELECT area_id, criteria_set, held_from, criteria_met, indicators_met "
        "FROM result_fact ORDER BY 1, 2, 3",
    )
    judged = query(
        house,
        "criteria",
        "SELECT area_id, criteria_set, effective_on, criteria_met, indicators_met "
        "FROM verdict ORDER BY 1, 2, 3",
    )
    assert folded == judged
    received = query(
        house,
        "reporting",
        "SELECT area_id, sum(received_vnd) FROM money_fact "
        "GROUP BY area_id HAVING sum(received_vnd) <> 0",
    )
    entered = query(
        house,
        "funding",
        "SELECT p.area_id, sum(e.amount_vnd) FROM entry e JOIN pocket p ON p.id = e.pocket_id "
        "WHERE e.flow = 'receive' AND e.amount_vnd > 0 GROUP BY p.area_id",
    )
    assert received == entered


def test_nothing_acknowledged_is_lost_or_doubled(house: House) -> None:
    document = register_document(house)
    province = area_id(house, PROVINCE)
    observed: list[str] = []
    paid: list[str] = []
    with Writers() as writers:
        for commune in COMMUNES:
            add_observer(writers, house, commune, observed)
        add_payer(writers, house, province=province, document=document, acknowledged=paid)
        killed = kill_at_random(house, seconds=SECONDS_UNDER_FIRE, seed=20_240_603)
        house.wait_until_ready()
    assert set(killed) == set(house.processes)
    assert observed
    assert paid

    assert processes.wait_until(lambda: has_caught_up(house), 120)
    assert_observations_are_there_once(house, observed)
    assert_the_ledger_adds_up(house, paid)
    assert_reporting_equals_its_sources(house)


def test_a_rebuild_of_reporting_is_identical(house: House) -> None:
    before = digest(house)
    client = PatientClient(house, "administrator")
    client.post("/v1/reporting/rebuilds", {}, key="rebuild")
    time.sleep(1)
    assert processes.wait_until(lambda: has_caught_up(house), 120)
    assert processes.wait_until(lambda: digest(house) == before, 30)
