"""Attainment: the exact result against the plan, rounded once."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from criteria.assessments import figures
from criteria.assessments.figures import Summary

Result = Literal["criteria_met_mean", "areas_met_count", "areas_met_percent"]


@dataclass(frozen=True)
class Reached:
    """A result as a ratio of its parts."""

    parts_sum: int
    actual: Fraction | None

    def attainment_percent(self, planned: Decimal) -> str | None:
        """Return actual / plan in percent; of a plan of 0 there is none."""
        if self.actual is None or planned == 0:
            return None
        return figures.rounded(self.actual * 100 / Fraction(planned), places=1)

    def is_reached(self, planned: Decimal) -> bool | None:
        """Say whether the exact result is at least the plan."""
        return None if self.actual is None else self.actual >= Fraction(planned)


def reached(result: Result, summary: Summary) -> Reached:
    """Return the result from the parts; areas not judged yet stay in the denominator."""
    areas = summary.areas_total
    if result == "areas_met_count":
        return Reached(summary.areas_met, Fraction(summary.areas_met))
    if result == "areas_met_percent":
        share = Fraction(summary.areas_met * 100, areas) if areas else None
        return Reached(summary.areas_met, share)
    mean = Fraction(summary.criteria_met_sum, areas) if areas else None
    return Reached(summary.criteria_met_sum, mean)


def judged_on(*, year: int, today: date, valid_to: date | None) -> date:
    """Return the latest date that says something about a target: never after its year."""
    return min(day for day in (date(year, 12, 31), today, valid_to) if day)
