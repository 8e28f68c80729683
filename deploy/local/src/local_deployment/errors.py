"""What went wrong on this machine, told to the person who started the house."""


class LocalError(Exception):
    """A message that says what is wrong and what to do about it."""
