"""Imports of observations from files."""

from pathlib import Path

from chungsuc import migrations

revision = "0005"
down_revision = "0004"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "imports.sql")
    grants = (SQL / "imports_grants.sql").read_text(encoding="utf-8")
    migrations.execute_text(grants.format(schema="criteria", runtime="criteria_runtime"))
