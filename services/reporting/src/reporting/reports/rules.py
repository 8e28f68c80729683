"""What the figures of an overview mean: exact arithmetic, rounded once, where it is printed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

EXACT_PLACES = 4
LETTERS = {
    "m": "met",
    "n": "not_met",
    "a": "not_applicable",
    "u": "undetermined",
    "x": "missing",
}


@dataclass(frozen=True)
class Band:
    """A range of criteria met, both ends included."""

    least: int
    most: int


@dataclass(frozen=True)
class Money:
    """Movements of some pockets, added up, in đồng."""

    plan_vnd: int
    extended_vnd: int
    unallocated_vnd: int
    advance_outstanding_vnd: int
    completed_vnd: int

    @property
    def allocated_vnd(self) -> int:
        """What has left the area that received it: passed down, or spent by it."""
        return self.plan_vnd - self.unallocated_vnd

    @property
    def disbursed_vnd(self) -> int:
        """D: advances outstanding and completed volume paid."""
        return self.advance_outstanding_vnd + self.completed_vnd

    def __add__(self, other: "Money") -> "Money":
        return Money(
            self.plan_vnd + other.plan_vnd,
            self.extended_vnd + other.extended_vnd,
            self.unallocated_vnd + other.unallocated_vnd,
            self.advance_outstanding_vnd + other.advance_outstanding_vnd,
            self.completed_vnd + other.completed_vnd,
        )


NO_MONEY = Money(0, 0, 0, 0, 0)


def print_rounded(value: Fraction, *, places: int) -> str:
    """Print an exact value half up with this many places."""
    scaled = value * 10**places
    doubled = abs(scaled.numerator) * 2 + scaled.denominator
    digits = doubled // (2 * scaled.denominator)
    number = Decimal(digits).scaleb(-places)
    return str(number.copy_sign(-1) if value < 0 and digits else number)


def rate(part: int | Fraction, *, whole: int | Fraction) -> str | None:
    """Return the percentage with one place; of nothing there is none."""
    if whole == 0:
        return None
    return print_rounded(Fraction(part) * 100 / Fraction(whole), places=1)


def mean(total: int, *, count: int) -> Fraction | None:
    """Return the exact mean from its parts; of nothing there is none."""
    return Fraction(total, count) if count else None


def count_bands(histogram: Mapping[int, int], *, bands: Sequence[Band]) -> list[int]:
    """Count areas per band of criteria met."""
    return [
        sum(n for met, n in histogram.items() if band.least <= met <= band.most) for band in bands
    ]


def tally(letters: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Name the verdict letters of one criterion and count them."""
    counts = dict.fromkeys(LETTERS.values(), 0)
    for letter, number in letters:
        counts[LETTERS[letter]] += number
    return counts
