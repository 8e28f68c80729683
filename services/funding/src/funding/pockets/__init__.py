"""Pockets and their balances, as of a date and as known at a moment."""
