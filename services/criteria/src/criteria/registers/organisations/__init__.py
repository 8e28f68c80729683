"""Departments, People's Committees, investors and others that act and report."""
