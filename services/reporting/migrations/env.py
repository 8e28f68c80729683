"""Migrations of the schema `reporting`."""

from chungsuc.migrations import run_environment

run_environment(schema="reporting")
