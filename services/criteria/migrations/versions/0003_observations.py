"""Measures, observations and their carried-forward sheets."""

from pathlib import Path

from chungsuc import migrations

revision = "0003"
down_revision = "0002"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "observations.sql")
    grants = (SQL / "observations_grants.sql").read_text(encoding="utf-8")
    migrations.execute_text(grants.format(schema="criteria", runtime="criteria_runtime"))
