"""Figures over many areas, recomputed from the parts and rounded once."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from criteria.assessments.verdicts import Verdict

EXACT_PLACES = 4
PRINTED_PLACES = 1


@dataclass(frozen=True)
class Judged:
    """What one area brings to a figure; no verdict yet is `criteria_met` None."""

    area_id: str
    criteria_met: int | None
    indicators_met: int | None
    verdict_code: int | None
    criteria: bytes
    is_demonstration: bool


@dataclass(frozen=True)
class Summary:
    """The figures of one criteria set over the areas it judges."""

    areas_total: int
    areas_judged: int
    areas_met: int
    criteria_met_sum: int
    indicators_met_sum: int
    areas_by_criteria_met: tuple[int, ...]
    areas_meeting: tuple[int, ...]
    is_demonstration: bool

    def in_band(self, least: int, most: int) -> int:
        """Count the judged areas whose criteria met lie in a band, both ends included."""
        return sum(self.areas_by_criteria_met[least : most + 1])


def rounded(value: Fraction, *, places: int) -> str:
    """Write an exact ratio with so many places, half up, as a decimal string."""
    doubled = 2 * abs(value) * 10**places + 1
    whole = doubled.numerator // (2 * doubled.denominator)
    digits = str(whole).rjust(places + 1, "0")
    sign = "-" if value < 0 and whole else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def ratio(part: int, whole: int, *, places: int = EXACT_PLACES) -> str | None:
    """Write part / whole; of nothing there is no ratio."""
    return rounded(Fraction(part, whole), places=places) if whole else None


def percent(part: int, whole: int, *, places: int = PRINTED_PLACES) -> str | None:
    """Write part / whole in percent; of nothing there is no rate."""
    return rounded(Fraction(part * 100, whole), places=places) if whole else None


def summarise(rows: Sequence[Judged], *, criteria_total: int) -> Summary:
    """Sum up the areas that a set judges; those without a verdict stay in the denominator."""
    judged = [row for row in rows if row.criteria_met is not None]
    by_count = [0] * (criteria_total + 1)
    meeting = [0] * criteria_total
    for row in judged:
        by_count[row.criteria_met or 0] += 1
        for place, code in enumerate(row.criteria):
            meeting[place] += code >= Verdict.MET
    return Summary(
        areas_total=len(rows),
        areas_judged=len(judged),
        areas_met=sum((row.verdict_code or 0) >= Verdict.MET for row in judged),
        criteria_met_sum=sum(row.criteria_met or 0 for row in judged),
        indicators_met_sum=sum(row.indicators_met or 0 for row in judged),
        areas_by_criteria_met=tuple(by_count),
        areas_meeting=tuple(meeting),
        is_demonstration=any(row.is_demonstration for row in judged),
    )
