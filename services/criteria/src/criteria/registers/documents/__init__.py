"""Legal acts that the rest of the system refers to."""
