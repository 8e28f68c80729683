"""Projects, accepted volume, medium-term plans and the limits that they set."""

from pathlib import Path

from chungsuc import migrations

revision = "0004"
down_revision = "0003"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "projects.sql")
