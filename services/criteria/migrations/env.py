"""Alembic's entry for the schema of criteria."""

from chungsuc import migrations

migrations.run_environment(schema="criteria")
