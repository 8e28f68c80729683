"""Programmes, sources, capital kinds and the dated rules about them."""

from pathlib import Path

from chungsuc import migrations

revision = "0003"
down_revision = "0002"

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    migrations.execute_file(SQL / "programmes.sql")
