"""The SQL that the benchmarks of criteria compare with; tables named bench_* are theirs."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
Row = tuple[Any, ...]


def prepare(owner: Connection) -> None:
    owner.execute("DROP TABLE IF EXISTS bench_verdict")
    owner.execute("CREATE TABLE bench_verdict (LIKE verdict INCLUDING ALL)")


def forget_verdicts(owner: Connection, code: str) -> None:
    owner.execute("DELETE FROM verdict WHERE criteria_set = %s", [code])
    owner.execute("VACUUM verdict")


def bare_io(owner: Connection, code: str) -> None:
    """Read the sheets that the job reads and write the rows that it wrote, both as they are."""
    sink = io.BytesIO()
    with owner.cursor() as cursor:
        with cursor.copy(
            "COPY (SELECT s.area_id, s.effective_on, s.state FROM sheet s WHERE EXISTS ("
            "SELECT FROM area_span a WHERE a.area_id = s.area_id AND a.kind = 'commune' "
            "AND a.designation = 'xã')) TO STDOUT (FORMAT binary)"
        ) as copy:
            for data in copy:
                sink.write(data)
        verdicts = io.BytesIO()
        select = (
            f"COPY (SELECT * FROM verdict WHERE criteria_set = '{code}') TO STDOUT (FORMAT binary)"
        )
        with cursor.copy(select.encode()) as copy:
            for data in copy:
                verdicts.write(data)
        cursor.execute("TRUNCATE bench_verdict")
        with cursor.copy("COPY bench_verdict FROM STDIN (FORMAT binary)") as copy:
            copy.write(verdicts.getvalue())


def forget_observations(owner: Connection, author: str) -> None:
    """Take back what a benchmark recorded, so that the next run meets the same country."""
    owner.execute(
        "DELETE FROM sheet WHERE recorded_by IN ("
        "SELECT recorded_by FROM observation WHERE author = %s)",
        [author],
    )
    owner.execute("DELETE FROM observation WHERE author = %s", [author])


def some_value(owner: Connection) -> tuple[str, str, date]:
    """Return an area, a share of it that a set judges, and the day it was observed last."""
    row = owner.execute(
        "SELECT s.area_id, 'road_village_hardened_share', s.effective_on FROM sheet s "
        "JOIN area_span a USING (area_id) WHERE a.designation = 'xã' AND a.ends_on IS NULL "
        "AND s.effective_on = DATE '2025-12-31' ORDER BY s.area_id LIMIT 1"
    ).fetchone()
    assert row
    return row


def list_areas(owner: Connection, count: int) -> list[str]:
    rows = owner.execute(
        "SELECT area_id FROM area_span WHERE designation = 'xã' AND ends_on IS NULL "
        "AND superseded_by IS NULL ORDER BY area_id DESC LIMIT %s",
        [count],
    )
    return [row[0] for row in rows]


def list_share_measures(owner: Connection) -> list[str]:
    rows = owner.execute("SELECT code FROM measure WHERE type = 'share' ORDER BY slot LIMIT 50")
    return [row[0] for row in rows]


def prepare_long_rows(owner: Connection) -> None:
    """The usual schema: a row per area and measure, a row per threshold, a row per verdict."""
    owner.execute("DROP TABLE IF EXISTS bench_value, bench_threshold, bench_judged")
    owner.execute(
        "CREATE TABLE bench_value AS SELECT DISTINCT ON (area_id, slot) "
        "area_id, slot, scaled_value FROM observation "
        "ORDER BY area_id, slot, observed_on DESC, id DESC"
    )
    owner.execute("ALTER TABLE bench_value ADD PRIMARY KEY (area_id, slot)")
    owner.execute(
        "CREATE TABLE bench_threshold AS SELECT slot, region, CASE type WHEN 'yes_no' THEN 1 "
        "ELSE 7 * (maximum - minimum) / 10 END AS threshold "
        "FROM measure CROSS JOIN (SELECT DISTINCT value AS region FROM area_attribute "
        "WHERE name = 'region') r WHERE slot < 85"
    )
    owner.execute("ALTER TABLE bench_threshold ADD PRIMARY KEY (slot, region)")
    owner.execute(
        "CREATE TABLE bench_judged (area_id text, slot smallint, is_met boolean, "
        "PRIMARY KEY (area_id, slot))"
    )
    owner.execute("ANALYZE bench_value, bench_threshold")


def judge_in_sql(owner: Connection) -> None:
    """Judge every area of today by one comparison per indicator, and store a row for each."""
    owner.execute("TRUNCATE bench_judged")
    owner.execute(
        "INSERT INTO bench_judged SELECT v.area_id, v.slot, v.scaled_value >= t.threshold "
        "FROM bench_value v JOIN area_attribute a ON a.area_id = v.area_id AND a.name = 'region' "
        "AND a.superseded_by IS NULL AND a.ends_on IS NULL "
        "JOIN bench_threshold t ON t.slot = v.slot AND t.region = a.value"
    )
    owner.execute(
        "SELECT area_id, count(*) FILTER (WHERE is_met), bool_and(is_met) FROM bench_judged "
        "GROUP BY area_id"
    ).fetchall()


@dataclass
class LongRows:
    """A table of long keyed rows, the yardstick of an import."""

    owner: Connection

    def __post_init__(self) -> None:
        self.owner.execute("DROP TABLE IF EXISTS bench_long")
        self.owner.execute(
            "CREATE TABLE bench_long (area_id text, measure text, observed_on date, value numeric, "
            "PRIMARY KEY (area_id, measure, observed_on))"
        )

    def copy(self, rows: Sequence[Row]) -> None:
        self._copy("bench_long", rows)

    def upsert(self, rows: Sequence[Row]) -> None:
        with self.owner.transaction():
            self.owner.execute("CREATE UNLOGGED TABLE bench_stage (LIKE bench_long)")
            self._copy("bench_stage", rows)
            self.owner.execute(
                "INSERT INTO bench_long SELECT * FROM bench_stage "
                "ON CONFLICT (area_id, measure, observed_on) DO UPDATE SET value = excluded.value"
            )
            self.owner.execute("DROP TABLE bench_stage")

    def _copy(self, table: str, rows: Sequence[Row]) -> None:
        with (
            self.owner.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)
