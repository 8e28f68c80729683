"""Criteria sets, verdicts and targets."""

from pathlib import Path

from chungsuc import migrations

revision = "0004"
down_revision = "0003"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "assessments.sql")
    grants = (SQL / "assessments_grants.sql").read_text(encoding="utf-8")
    migrations.execute_text(grants.format(schema="criteria", runtime="criteria_runtime"))
