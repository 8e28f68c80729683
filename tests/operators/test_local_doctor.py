"""What the doctor of the local house adds: the server below the services."""

from collections import namedtuple
from pathlib import Path

import psycopg
import pytest
from chungsuc.doctor import Level
from local_deployment import doctor, postgres
from local_deployment.errors import LocalError

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free_gib", "level"), [(50, Level.OK), (4.9, Level.WARNING), (0.9, Level.FAILURE)]
)
def test_a_disk_that_fills_is_told_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_gib: float, level: Level
) -> None:
    usage = Usage(100 * doctor.IN_GIB, 0, free_gib * doctor.IN_GIB)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    check = doctor.check_disk(tmp_path)
    assert check.level is level
    assert f"{free_gib:.1f} GiB" in check.told.en


def test_the_oldest_transaction_of_any_role_is_seen(postgres: postgres.Server) -> None:
    with (
        psycopg.connect(postgres.admin_url) as forgotten,
        psycopg.connect(postgres.admin_url) as looking,
    ):
        forgotten.execute("SELECT 1")
        forgotten.execute("SELECT pg_sleep(0.3)")
        check = doctor.check_sessions(looking)
        assert "(postgres)" in check.told.en
        assert float(check.told.en.split()[5]) >= 0.3
        assert doctor.check_connections(looking).level is Level.OK


def test_a_folder_without_a_house_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("LOCAL_FOLDER", str(tmp_path))
    with pytest.raises(LocalError, match="no database"):
        doctor.examine()
