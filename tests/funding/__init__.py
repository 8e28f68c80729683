"""Tests of funding on a real PostgreSQL."""
