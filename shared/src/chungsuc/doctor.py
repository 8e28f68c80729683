"""What an operator asks first: `python -m chungsuc.doctor` in the environment of a service.

Needs DATABASE_URL alone. The service is known by its schema, whose name is also its package's.
"""

import asyncio
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from chungsuc import migrations, vitals
from chungsuc.clock import Clock, SystemClock
from chungsuc.database import Database
from chungsuc.settings import service_home
from chungsuc.text import Text
from chungsuc.vitals import Reader, Vitals

ANSWER_SECONDS = 10.0


class Level(IntEnum):
    """How bad it is; the worst of all decides the exit status."""

    OK = 0
    WARNING = 1
    FAILURE = 2


class Limits(NamedTuple):
    """From which value on something is a warning, and from which a failure."""

    warning: float
    failure: float

    def level_of(self, value: float) -> Level:
        """Judge a value of which less is better."""
        return Level((value >= self.warning) + (value >= self.failure))


class Check(NamedTuple):
    """One thing looked at."""

    name: str
    level: Level
    told: Text


# The sequencer looks ten times a second; `/readyz` calls it degraded after ten seconds.
FEED_LAG_SECONDS = Limits(5, 60)
SEQUENCER_IDLE_SECONDS = Limits(10, 60)
# Writers roll back all the time; gaps that stay mean a transaction that stays.
OPEN_GAPS = Limits(1_000, 50_000)
OLDEST_TRANSACTION_SECONDS = Limits(60, 900)
# A reader asks at least every ten seconds, news or not.
READER_SECONDS = Limits(60, 600)
READER_POSITIONS = 10_000
QUEUED_SECONDS = 300
CLOCK_SECONDS = Limits(1, 10)


class DoctorSettings(BaseSettings):
    """The doctor looks at the database only."""

    database_url: SecretStr = Field(description="PostgreSQL URL of the runtime role")


async def examine(database_url: str, *, clock: Clock) -> tuple[str, list[Check]]:
    """Look at one service's schema; return its name and what was found."""
    database = Database(database_url, pool_size=1)
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.read_scope() as session:
            service = str(await session.scalar(text("SELECT current_schema()")))
            asked_at = clock.now()
            found = await vitals.read(session)
            answered_at = clock.now()
            migrated = await check_migrations(session, service)
        middle = asked_at + (answered_at - asked_at) / 2
        drift_seconds = abs((found.seen_at - middle).total_seconds())
        return service, [*checks_of(found), check_clock(drift_seconds), migrated]
    except (SQLAlchemyError, OSError, TimeoutError) as fault:
        reason = " ".join(str(fault).split("\n")[0].split()) or type(fault).__name__
        told = Text(f"không đọc được: {reason}", f"cannot be read: {reason}")
        return "?", [Check("database", Level.FAILURE, told)]
    finally:
        await database.close()


def checks_of(found: Vitals) -> list[Check]:
    """Judge the vitals."""
    readers = [check_reader(reader) for reader in found.readers]
    return [check_feed(found), check_gaps(found), check_transaction(found), *readers, *_jobs(found)]


def check_feed(found: Vitals) -> Check:
    lag, idle = found.feed_lag_seconds, found.sequencer_idle_seconds
    level = max(FEED_LAG_SECONDS.level_of(lag), SEQUENCER_IDLE_SECONDS.level_of(idle))
    waiting = found.unsequenced_changes
    told = Text(
        f"{waiting} thay đổi chờ xếp thứ tự, lâu nhất {lag:.1f} giây; "
        f"bộ xếp thứ tự chạy cách đây {idle:.1f} giây",
        f"{waiting} changes wait for a position, the oldest {lag:.1f} s; "
        f"the sequencer looked {idle:.1f} s ago",
    )
    return Check("feed", level, told)


def check_gaps(found: Vitals) -> Check:
    gaps = found.open_gaps
    told = Text(f"{gaps} số thay đổi còn bỏ ngỏ", f"{gaps} change numbers are open")
    return Check("gaps", OPEN_GAPS.level_of(gaps), told)


def check_transaction(found: Vitals) -> Check:
    seconds = found.oldest_transaction_seconds
    told = Text(
        f"giao dịch lâu nhất của dịch vụ: {seconds:.1f} giây",
        f"oldest transaction of this service: {seconds:.1f} s",
    )
    return Check("transactions", OLDEST_TRANSACTION_SECONDS.level_of(seconds), told)


def check_reader(reader: Reader) -> Check:
    name = f"reader {reader.reader}"
    seconds, behind = reader.seconds_since_applied, reader.positions_behind
    if seconds is None:
        told = Text(f"chưa đọc {reader.source} lần nào", f"has never read {reader.source}")
        return Check(name, Level.WARNING, told)
    level = READER_SECONDS.level_of(seconds)
    if reader.is_rebuilding:
        told = Text(f"đang đọc lại {reader.source} từ đầu", f"reads {reader.source} all over again")
        return Check(name, max(level, Level.WARNING), told)
    if behind >= READER_POSITIONS:
        level = max(level, Level.WARNING)
    told = Text(
        f"chậm {behind} vị trí so với {reader.source}, đọc cách đây {seconds:.1f} giây",
        f"{behind} positions behind {reader.source}, read {seconds:.1f} s ago",
    )
    return Check(name, level, told)


def check_clock(seconds: float) -> Check:
    told = Text(
        f"đồng hồ máy này và cơ sở dữ liệu lệch {seconds:.3f} giây",
        f"the clocks of this machine and the database differ by {seconds:.3f} s",
    )
    return Check("clock", CLOCK_SECONDS.level_of(seconds), told)


async def check_migrations(session: AsyncSession, service: str) -> Check:
    """Compare the schema's revision with the newest migration of the package of that name."""
    package = importlib.util.find_spec(service)
    if package is None or package.origin is None:
        told = Text(f"không có gói {service} ở đây", f"no package {service} here")
        return Check("migrations", Level.WARNING, told)
    newest = migrations.newest_revision(service_home(package.origin))
    try:
        reached = await session.scalar(text("SELECT max(version_num) FROM alembic_version"))
    except ProgrammingError:
        # Migrated by a version that did not yet let the runtime role look.
        reached = None
    if reached == newest:
        told = Text(f"đúng phiên bản {newest}", f"at {newest}, the newest")
        return Check("migrations", Level.OK, told)
    told = Text(
        f"lược đồ ở {reached}, mã cần {newest}: chạy python -m {service}.migrate",
        f"the schema is at {reached}, the code wants {newest}: run python -m {service}.migrate",
    )
    return Check("migrations", Level.FAILURE, told)


def _jobs(found: Vitals) -> list[Check]:
    stalled, queued = found.stalled_jobs, found.oldest_queued_seconds
    level = Level.OK
    if queued >= QUEUED_SECONDS:
        level = Level.WARNING
    if stalled:
        level = Level.FAILURE
    unfinished = found.jobs["queued"] + found.jobs["running"]
    told = Text(
        f"{unfinished} việc chưa xong, {stalled} việc không ai làm, chờ lâu nhất {queued:.0f} giây",
        f"{unfinished} unfinished, {stalled} that nobody does, the longest wait {queued:.0f} s",
    )
    return [Check("jobs", level, told)]


def table(title: str, checks: Sequence[Check]) -> str:
    """Return the checks, one line each: level, name, Vietnamese, English."""
    width = max(len(check.name) for check in checks)
    lines = [
        f"  {check.level.name.lower():7}  {check.name:{width}}  {check.told.vi} · {check.told.en}"
        for check in checks
    ]
    return "\n".join([title, *lines, ""])


def exit_status(checks: Iterable[Check]) -> int:
    """Return 1 when anything failed; a warning does not count."""
    return int(any(check.level is Level.FAILURE for check in checks))


def main() -> int:
    """Print what was found of the service of this environment."""
    url = DoctorSettings().database_url.get_secret_value()  # type: ignore[call-arg]
    service, checks = asyncio.run(examine(url, clock=SystemClock()))
    sys.stdout.write(table(service, checks))
    return exit_status(checks)


if __name__ == "__main__":
    sys.exit(main())
