"""How much of a country is made."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from local_deployment.errors import LocalError

MEASURES = 100


@dataclass(frozen=True)
class Size:
    """Months that are observed, both included, and payments of the budget year 2025."""

    name: str
    first_month: date
    last_month: date
    payments: int

    def days(self) -> Iterator[date]:
        """Yield the last day of each month."""
        year, month = self.first_month.year, self.first_month.month
        while date(year, month, 1) <= self.last_month:
            yield date(year, month, calendar.monthrange(year, month)[1])
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)


SIZES = {
    "small": Size("small", date(2025, 11, 1), date(2025, 12, 1), payments=50_000),
    # Six months on the map of 10,035 communes, eight on that of 3,321; two million entries.
    "full": Size("full", date(2025, 1, 1), date(2026, 2, 1), payments=1_000_000),
}


def size_named(name: str) -> Size:
    """Return a size by its name."""
    if name not in SIZES:
        raise LocalError(f"SIZE must be one of {', '.join(SIZES)}, not {name!r}.")
    return SIZES[name]
