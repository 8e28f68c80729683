"""Copies of the registers, facts, and the functions that read them on a date."""

from pathlib import Path

from chungsuc.migrations import execute_file, execute_text

revision = "0002"
down_revision = "0001"

SQL = Path(__file__).parents[1] / "sql"
FILES = (
    "registers.sql",
    "facts.sql",
    "money_parts.sql",
    "area_tree.sql",
    "area_covers.sql",
    "money_areas.sql",
    "results_below.sql",
    "money_held.sql",
    "facts_digest.sql",
)


def upgrade() -> None:
    for name in FILES:
        execute_file(SQL / name)
    grants = (SQL / "grants.sql").read_text(encoding="utf-8")
    execute_text(grants.format(runtime="reporting_runtime"))
