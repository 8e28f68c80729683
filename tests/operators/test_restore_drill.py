"""The drill: a backup while clients write, a new server in a new folder, and everything is there.

Then once more with a backup taken at rest, into the same place: reporting's facts, rebuilt from the
feeds of the new epoch, are those of the house that was lost.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from chungsuc.database import plain_url
from local_deployment import backup_file, contents, layout, processes, server_access
from local_deployment.backup_file import Manifest
from local_deployment.contents import TableContent
from local_deployment.house import House

from tests.faults import test_kill as fire
from tests.faults.writers import PatientClient, Writers

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        "DATABASE_URL" in os.environ, reason="the drill needs two servers; DATABASE_URL names one"
    ),
]

ENOUGH = 12
LEAP = 1_000_000_000
SOURCES = ("criteria", "funding")
# Facts, and keys under which a client may repeat what it wrote: nothing of these is ever forgotten.
FACTS = {
    "criteria": ["area_span", "area_change", "document", "observation", "sheet", "verdict"],
    "funding": ["pocket", "transfer", "decision", "entry", "balance", "ledger_key"],
}
# The new epoch is written into these; every other table is as it was.
CHANGED_BY_THE_EPOCH = {"change", "change_position", "feed_state", "feed_gap"}


class Written(NamedTuple):
    """What clients were told is done."""

    areas: list[str]
    observations: list[str]
    transfers: list[str]

    def copy(self) -> "Written":
        return Written(*(list(kind) for kind in self))


class Lost(NamedTuple):
    """What remains of the house that was lost: two backups, and what it last said of itself."""

    under_fire: Path
    at_rest: Path
    before_backup: Written
    heads: dict[str, str]
    newest_change: dict[str, int]
    fact_hashes: dict[str, str]
    digest: str


def command(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run what the Makefile runs."""
    return subprocess.run(
        [sys.executable, "-m", "local_deployment", *arguments],
        env={**os.environ, "LOCAL_FOLDER": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def succeed(folder: Path, *arguments: str) -> str:
    done = command(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refusal(folder: Path, *arguments: str) -> str:
    done = command(folder, *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def add_surveyor(writers: Writers, house: House, document: str, acknowledged: list[str]) -> None:
    client = PatientClient(house, "administrator")

    def create(number: int) -> None:
        code = f"{99_000 + number}"
        area = {"code": code, "designation": "xã", "name": f"Mới {number}", "parent": "22"}
        body = {
            "kind": "create",
            "effective_on": "2025-12-01",
            "document_id": document,
            "area": area,
        }
        client.post("/v1/area-changes", body, key=f"area-{number}")
        acknowledged.append(code)

    writers.add(create)


def fact_hashes(house: House) -> dict[str, str]:
    """Hash the rows of the fact tables by other means than the backup does."""
    found = {}
    for service, tables in FACTS.items():
        with psycopg.connect(plain_url(house.databases[service].owner)) as connection:
            for table in tables:
                rows = connection.execute(f"SELECT t::text FROM {table} t").fetchall()  # type: ignore[arg-type]
                text = "\n".join(sorted(row for (row,) in rows))
                found[f"{service}.{table}"] = hashlib.sha256(text.encode()).hexdigest()
    return found


def heads_of(house: House) -> dict[str, str]:
    """The cursor of a reader that has read everything, as it keeps it."""
    asked = {"limit": "1"}
    return {s: str(changes(house, s, asked).json()["head"]) for s in SOURCES}


def changes(house: House, service: str, asked: dict[str, str]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {house.token('administrator')}"}
    url = f"{house.urls[service]}/v1/{service}/changes"
    return httpx.get(url, params=asked, headers=headers, trust_env=False, timeout=30)


def newest_change(house: House) -> dict[str, int]:
    asked = "SELECT max(id) FROM change"
    return {service: fire.query(house, service, asked)[0][0] for service in SOURCES}


def manifest_of(file: Path) -> Manifest:
    with tarfile.open(file) as tar:
        return Manifest.read(backup_file.member(tar, backup_file.MANIFEST).read())


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """Live through a day of a house: work, a backup in its middle, more work, the end."""
    kept = tmp_path_factory.mktemp("backups")
    written = Written([], [], [])
    with House(tmp_path_factory.mktemp("lost")) as house:
        document = fire.register_document(house)
        province = fire.area_id(house, fire.PROVINCE)
        with Writers() as writers:
            for commune in fire.COMMUNES:
                fire.add_observer(writers, house, commune, written.observations)
            fire.add_payer(
                writers, house, province=province, document=document, acknowledged=written.transfers
            )
            add_surveyor(writers, house, document, written.areas)
            assert processes.wait_until(lambda: min(map(len, written)) > ENOUGH, 120)
            before_backup = written.copy()
            told = succeed(house.folder, "backup", str(kept / "under-fire"))
            assert "rows as of" in told
            after = written.copy()
            assert processes.wait_until(
                lambda: all(len(w) > len(a) for w, a in zip(written, after, strict=True)), 60
            )
        assert processes.wait_until(lambda: fire.has_caught_up(house), 120)
        succeed(house.folder, "backup", str(kept / "at-rest"))
        return Lost(
            under_fire=kept / "under-fire",
            at_rest=kept / "at-rest",
            before_backup=before_backup,
            heads=heads_of(house),
            newest_change=newest_change(house),
            fact_hashes=fact_hashes(house),
            digest=fire.digest(house),
        )


@pytest.fixture(scope="module")
def folder(lost: Lost, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a server made from the backup under fire alone."""
    place = tmp_path_factory.mktemp("new")
    told = succeed(place, "restore", str(lost.under_fire))
    assert "Restored as of" in told
    return place


def survey(folder: Path) -> dict[str, TableContent]:
    with (
        server_access.server_alone(folder) as server,
        contents.connect(server_access.database_url(server)) as connection,
    ):
        return contents.survey(connection)


def test_every_table_is_what_the_snapshot_held(lost: Lost, folder: Path) -> None:
    snapshot = manifest_of(lost.under_fire).tables
    restored = survey(folder)
    assert restored.keys() == snapshot.keys()
    differing = {table for table in snapshot if snapshot[table] != restored[table]}
    expected = {f"{s}.{table}" for s in layout.SERVICES for table in CHANGED_BY_THE_EPOCH}
    assert differing <= expected
    for service in layout.SERVICES:
        before, after = snapshot[f"{service}.change"], restored[f"{service}.change"]
        assert after.rows == before.rows + 1


@pytest.fixture(scope="module")
def house(folder: Path) -> Iterator[House]:
    with House(folder) as standing:
        yield standing


def test_the_restored_house_has_all_that_was_acknowledged(lost: Lost, house: House) -> None:
    assert processes.wait_until(lambda: fire.has_caught_up(house), 180)
    codes = {code for (code,) in fire.query(house, "criteria", "SELECT code FROM area_span")}
    assert set(lost.before_backup.areas) <= codes
    observed = fire.query(house, "criteria", "SELECT count(*) FROM observation")[0][0]
    assert observed >= len(lost.before_backup.observations)
    posted = fire.query(house, "funding", "SELECT 'tr' || transfer_id FROM decision")
    assert set(lost.before_backup.transfers) <= {transfer for (transfer,) in posted}


def test_the_ledger_adds_up_and_reporting_equals_its_sources(house: House) -> None:
    assert fire.query(house, "funding", "SELECT sum(amount_vnd) FROM entry") == [(0,)]
    assert fire.query(
        house,
        "funding",
        "SELECT sum(issued_vnd + available_vnd + advance_vnd + paid_vnd) FROM balance",
    ) == [(0,)]
    assert processes.wait_until(lambda: fire.has_caught_up(house), 180)
    fire.assert_reporting_equals_its_sources(house)


@pytest.mark.parametrize("service", SOURCES)
def test_a_cursor_of_the_lost_house_is_refused(lost: Lost, house: House, service: str) -> None:
    answer = changes(house, service, {"after": lost.heads[service]})
    assert (answer.status_code, answer.json()["code"]) == (409, "feed_restarted")
    assert heads_of(house)[service].split(":")[0] != lost.heads[service].split(":")[0]


def test_numbers_of_the_lost_time_are_not_given_again(lost: Lost, house: House) -> None:
    client = PatientClient(house, "officer")
    item = {
        "area": fire.COMMUNES[0],
        "measure": fire.MEASURE,
        "observed_on": "2024-12-31",
        "value": "12.34",
    }
    made = client.post(
        "/v1/observations", {"is_demonstration": True, "items": [item]}, key="after-the-restore"
    )
    assert made
    [(change, observation)] = fire.query(
        house,
        "criteria",
        "SELECT (SELECT max(id) FROM change), (SELECT max(id) FROM observation)",
    )
    assert change > LEAP > lost.newest_change["criteria"]
    assert observation > LEAP
    assert processes.wait_until(lambda: fire.has_caught_up(house), 60)
    gaps = fire.query(house, "criteria", "SELECT count(*) FROM feed_gap")
    assert gaps == [(0,)]


def test_the_audit_trail_tells_of_the_restore(lost: Lost, house: House) -> None:
    headers = {"Authorization": f"Bearer {house.token('administrator')}"}
    url = f"{house.urls['criteria']}/v1/criteria/audit"
    rows = httpx.get(url, params={"resource": "feed"}, headers=headers, trust_env=False).json()
    assert [row["action"] for row in rows["items"]] == ["restore"]
    body = fire.query(house, "criteria", "SELECT body FROM change WHERE resource = 'feed'")[0][0]
    assert body["former_epoch"] == lost.heads["criteria"].split(":")[0]


def test_the_doctor_finds_the_restored_house_well(house: House) -> None:
    house.wait_until_ready()
    assert processes.wait_until(lambda: fire.has_caught_up(house), 60)
    shown = succeed(house.folder, "doctor")
    for word in ("criteria", "funding", "reporting", "postgresql", "disk", "clock", "migrations"):
        assert word in shown


def test_nothing_is_restored_over_a_house_that_runs(lost: Lost, house: House) -> None:
    assert "runs here already" in refusal(house.folder, "restore", str(lost.at_rest))


def test_reporting_rebuilt_from_the_new_epoch_is_what_it_was(
    lost: Lost, house: House, folder: Path
) -> None:
    house.stop()
    assert "is not empty" in refusal(folder, "restore", str(lost.at_rest))
    succeed(folder, "restore", str(lost.at_rest), "--replace")
    with House(folder) as standing:
        assert processes.wait_until(lambda: has_new_epochs(standing), 180)
        assert processes.wait_until(lambda: fire.has_caught_up(standing), 180)
        # Nobody wrote since: a catalogue that was changed meanwhile would make facts of its own.
        own = "SELECT max(id) FROM change WHERE resource <> 'feed'"
        newest = {s: fire.query(standing, s, own)[0][0] for s in SOURCES}
        assert newest == lost.newest_change
        assert fire.digest(standing) == lost.digest
        assert fact_hashes(standing) == lost.fact_hashes


def has_new_epochs(house: House) -> bool:
    """Tell whether the readers have met the new epochs, so that what they hold is rebuilt."""
    read: dict[str, Any] = dict(
        fire.query(house, "reporting", "SELECT source, epoch FROM feed_cursor")
    )
    ours = {s: fire.query(house, s, "SELECT epoch FROM feed_state")[0][0] for s in SOURCES}
    return read == ours
