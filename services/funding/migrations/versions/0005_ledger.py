"""Pockets, transfers, entries, balances, and the functions that alone may move money."""

from pathlib import Path

from chungsuc import migrations

revision = "0005"
down_revision = "0004"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "ledger_tables.sql")
    migrations.execute_file(SQL / "ledger_lines.sql")
    migrations.execute_file(SQL / "ledger_post.sql")
    migrations.execute_file(SQL / "ledger_decide.sql")
    migrations.execute_file(SQL / "grants.sql")
