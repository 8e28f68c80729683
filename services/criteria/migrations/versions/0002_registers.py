"""Areas over two times, organisations and documents."""

from pathlib import Path

from chungsuc import migrations

revision = "0002"
down_revision = "0001"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "registers.sql")
    migrations.execute_file(SQL / "registers_triggers.sql")
    grants = (SQL / "registers_grants.sql").read_text(encoding="utf-8")
    migrations.execute_text(grants.format(schema="criteria", runtime="criteria_runtime"))
