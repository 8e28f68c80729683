"""Planned results, each with the document that set it, against what was reached."""
