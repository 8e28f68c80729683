"""Alembic's entry for the schema of funding."""

from chungsuc import migrations

migrations.run_environment(schema="funding")
