"""Forgetting all copies and facts, so that the readers fill them again from both feeds."""
