"""Backups of a server that somebody else runs, the epoch rule, and what a restore refuses."""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from chungsuc.database import plain_url
from local_deployment import backup, postgres, restore, roles, server_tools
from local_deployment.errors import LocalError

LEAP = 1_000_000_000
APPEND = "SELECT append_change('thing', %s, 1, '{}', 'add', 'me', '')"
Alter = Callable[[dict[str, Any]], None]


class Hosted(NamedTuple):
    """A server as a hosting company gives it: its administrator is no superuser."""

    server: postgres.OwnServer
    folder: Path
    file: Path
    epoch: str

    def use(self, monkeypatch: pytest.MonkeyPatch, database: str) -> str:
        """Work with one of its databases, as DATABASE_URL says; return the runtime role's URL."""
        url = hosted_url(self.server, database)
        with psycopg.connect(hosted_url(self.server, "postgres"), autocommit=True) as connection:
            roles.make_database(connection, database)
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("LOCAL_FOLDER", str(self.folder))
        passwords = roles.keep_passwords(self.folder / "role-passwords.json")
        return roles.urls_of(url, database, "criteria", passwords).runtime


def hosted_url(server: postgres.OwnServer, database: str) -> str:
    url = roles.with_database(server.admin_url, database)
    return roles.with_login(url, "hosted", "hosted")


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    folder = tmp_path_factory.mktemp("hosted")
    server = postgres.OwnServer(
        folder / "postgres",
        port=None,
        binaries=postgres.find_binaries(),
        settings={"shared_buffers": "32MB"},
    )
    server.start()
    try:
        with psycopg.connect(server.admin_url, autocommit=True) as connection:
            connection.execute("CREATE ROLE hosted LOGIN CREATEDB CREATEROLE PASSWORD 'hosted'")
        with pytest.MonkeyPatch.context() as patch:
            made = Hosted(server, folder, folder / "backup", epoch="")
            runtime = made.use(patch, "first")
            passwords = roles.keep_passwords(folder / "role-passwords.json")
            urls = roles.prepare(hosted_url(server, "first"), "first", passwords)
            restore.migrate(folder, urls)
            yield made._replace(epoch=back_up_amid_writes(runtime, made.file))
    finally:
        server.stop()


def back_up_amid_writes(runtime: str, file: Path) -> str:
    """Back up while 1 has just filled its gap, 3 is in flight, and 4 waits for its position."""
    with (
        psycopg.connect(plain_url(runtime)) as slow,
        psycopg.connect(plain_url(runtime)) as slower,
        psycopg.connect(plain_url(runtime), autocommit=True) as quick,
    ):
        slow.execute(APPEND, ["1"])
        quick.execute(APPEND, ["2"])
        quick.execute("SELECT sequence_changes()")
        slower.execute(APPEND, ["3"])
        slow.commit()
        quick.execute(APPEND, ["4"])
        assert backup.backup(file) == 0
        found = quick.execute("SELECT epoch::text FROM feed_state").fetchone()
    assert found
    return str(found[0])


def rows_of(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[arg-type]


def altered(file: Path, copy: Path, alter: Alter) -> Path:
    """Copy a backup with another manifest."""
    with tarfile.open(file) as former, tarfile.open(copy, "w") as later:
        for member in former:
            content = former.extractfile(member)
            assert content
            data = content.read()
            if member.name == "manifest.json":
                told = json.loads(data)
                alter(told)
                data = json.dumps(told).encode()
                member.size = len(data)
            later.addfile(member, io.BytesIO(data))
    return copy


def test_a_restore_places_what_was_seen_and_begins_an_epoch(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = hosted.use(monkeypatch, "second")
    assert restore.restore(hosted.file, is_replacing=False) == 0
    placed = rows_of(
        runtime,
        "SELECT p.position, c.id, c.resource FROM change c "
        "LEFT JOIN change_position p ON p.change_id = c.id ORDER BY p.position",
    )
    told_at = placed[-1][1]
    assert placed == [
        (1, 2, "thing"),
        (2, 1, "thing"),
        (3, 4, "thing"),
        (4, told_at, "feed"),
    ]
    assert told_at > LEAP
    assert rows_of(runtime, "SELECT * FROM feed_gap") == []
    [(epoch, body)] = rows_of(
        runtime,
        "SELECT epoch::text, (SELECT body FROM change WHERE resource = 'feed') FROM feed_state",
    )
    assert epoch != hosted.epoch
    assert body == {"former_epoch": hosted.epoch, "former_position": 3}


def test_the_feed_goes_on_without_gaps_after_a_restore(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = hosted.use(monkeypatch, "third")
    restore.restore(hosted.file, is_replacing=False)
    with psycopg.connect(plain_url(runtime), autocommit=True) as connection:
        connection.execute(APPEND, ["5"])
        connection.execute("SELECT sequence_changes()")
    assert rows_of(runtime, "SELECT max(position), min(position) FROM change_position") == [(5, 1)]
    assert rows_of(runtime, "SELECT count(*) FROM feed_gap") == [(0,)]


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (lambda m: m.update(format=9), "not a backup"),
        (lambda m: m.pop("tables"), "not a backup"),
        (lambda m: m.update(archive_sha256="0" * 64), "is damaged"),
        (lambda m: m.update(server_version=99), "same version or a newer one"),
        (lambda m: m["services"]["funding"].__setitem__(0, "9999"), "does not know"),
        (
            lambda m: m["tables"]["criteria.change"].__setitem__(1, "7"),
            "not as backed up: criteria.change",
        ),
    ],
)
def test_a_file_that_does_not_agree_with_itself_is_refused(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, alter: Alter, told: str
) -> None:
    hosted.use(monkeypatch, "refused")
    file = altered(hosted.file, tmp_path / "altered", alter)
    with pytest.raises(LocalError, match=told):
        restore.restore(file, is_replacing=True)


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_a_file_that_was_cut_short_is_refused(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: float
) -> None:
    hosted.use(monkeypatch, "cut")
    whole = hosted.file.read_bytes().rstrip(b"\0")
    (tmp_path / "cut").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(LocalError, match=r"is not a backup|is damaged"):
        restore.restore(tmp_path / "cut", is_replacing=False)


def test_a_missing_file_is_named(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted.use(monkeypatch, "cut")
    with pytest.raises(LocalError, match="no-such-file does not exist"):
        restore.restore(Path("no-such-file"), is_replacing=False)


def test_a_database_with_anything_in_it_is_left_alone_unless_told(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = hosted.use(monkeypatch, "first")
    with pytest.raises(LocalError, match="is not empty"):
        restore.restore(hosted.file, is_replacing=False)
    assert rows_of(runtime, "SELECT epoch::text FROM feed_state") == [(hosted.epoch,)]


def test_a_database_that_services_use_is_not_replaced(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = hosted.use(monkeypatch, "first")
    with (
        psycopg.connect(plain_url(runtime)),
        pytest.raises(LocalError, match=r"criteria_runtime.*stop them first"),
    ):
        restore.restore(hosted.file, is_replacing=True)


def test_a_restore_broken_off_before_the_new_epoch_lets_no_service_start(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted.use(monkeypatch, "broken")

    def lose_power(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(restore, "begin_epochs", lose_power)
        restore.restore(hosted.file, is_replacing=False)
    passwords = roles.keep_passwords(hosted.folder / "role-passwords.json")
    urls = roles.prepare(hosted_url(hosted.server, "broken"), "broken", passwords)
    with pytest.raises(LocalError, match="already exists"):
        restore.migrate(hosted.folder, urls)
    with pytest.raises(LocalError, match="restore was broken off"):
        backup.backup(hosted.folder / "of-the-broken")
    assert restore.restore(hosted.file, is_replacing=True) == 0


def test_a_backup_is_private_and_replaces_none(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted.use(monkeypatch, "first")
    assert hosted.file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(LocalError, match="never replaces another"):
        backup.backup(hosted.file)


def test_a_backup_that_fails_leaves_nothing(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hosted.use(monkeypatch, "vacant")
    with pytest.raises(LocalError, match="nothing to back up"):
        backup.backup(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_without_the_server_s_own_tools_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(LocalError, match=r"PostgreSQL 99[\s\S]*PG_BINDIR"):
        server_tools.find_tools(99)


def test_the_house_must_be_there_to_be_backed_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("LOCAL_FOLDER", str(tmp_path))
    with pytest.raises(LocalError, match="no database"):
        backup.backup(tmp_path / "backup")
