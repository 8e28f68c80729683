"""The copy of the registers of criteria, and who covers whom on a date."""
