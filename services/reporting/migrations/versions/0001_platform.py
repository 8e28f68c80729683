"""The tables that every service has."""

from chungsuc.migrations import create_platform

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_platform(schema="reporting", runtime_role="reporting_runtime")
