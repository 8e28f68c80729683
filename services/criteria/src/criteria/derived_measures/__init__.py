"""Derived measures: exact ratios over observed cells, by every standard that is in force."""
