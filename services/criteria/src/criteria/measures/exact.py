"""Exact decimal numbers as integers: no verdict ever passes through a binary float."""

import re
from typing import NamedTuple

MAXIMUM_PLACES = 6
# Half of the signed 64-bit range: signs can be folded and neighbours taken without overflow.
MAXIMUM_SCALED = 2**62 - 1

_DECIMAL = re.compile(r"^(-?)(\d{1,18})(?:\.(\d{1,18}))?$")


class Exact(NamedTuple):
    """The number digits / 10**places, without trailing zeros after the point."""

    digits: int
    places: int

    def scaled(self, scale: int) -> int | None:
        """The number times 10**scale, or None where that is not an integer."""
        if self.places > scale:
            return None
        return self.digits * int(10 ** (scale - self.places))

    def __str__(self) -> str:
        return scaled_text(self.digits, scale=self.places)


def exact(value: object) -> Exact | None:
    """Read an integer or a decimal string; anything else, a float included, gives None."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    match = _DECIMAL.match(str(value))
    if match is None or not str(value).isascii():
        return None
    sign, whole, fraction = match.group(1), match.group(2), (match.group(3) or "").rstrip("0")
    digits = int(whole + fraction)
    return Exact(-digits if sign else digits, len(fraction))


def scaled_text(scaled: int, *, scale: int) -> str:
    """Write scaled / 10**scale as a plain decimal string without trailing zeros."""
    sign = "-" if scaled < 0 else ""
    padded = str(abs(scaled)).rjust(scale + 1, "0")
    whole, fraction = (padded[:-scale], padded[-scale:]) if scale else (padded, "")
    fraction = fraction.rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
