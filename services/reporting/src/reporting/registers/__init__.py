"""Copies of the registers of criteria and funding: names, the tree on a date, who covers what."""
