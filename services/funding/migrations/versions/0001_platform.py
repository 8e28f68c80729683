"""The tables that every service has: change feed, idempotency, jobs, cursors."""

from chungsuc import migrations

revision = "0001"
down_revision = None


def upgrade() -> None:
    migrations.create_platform(schema="funding", runtime_role="funding_runtime")
