"""The copy of the registers, and the functions that walk the area tree on a date."""

from pathlib import Path

from chungsuc import migrations

revision = "0002"
down_revision = "0001"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "registers.sql")
