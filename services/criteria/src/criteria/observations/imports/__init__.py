"""Observations from files that people fill in: workbooks and CSV, each bad row with its reason."""
