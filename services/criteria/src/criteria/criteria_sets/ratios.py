"""Derived measures: the check of a ratio, and its exact value from the cells of one table.

A standard of poverty is two sums of the same household counts; another standard is two other sums.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from criteria.assessments.figures import percent
from criteria.assessments.model import Value
from criteria.criteria_sets.findings import Finding
from criteria.criteria_sets.tree import CriteriaSet, Ratio
from criteria.measures.model import Measure, expires_on

PRINTED_PLACES = 2
_COUNTED = ("actual", "estimate")


class Sums(NamedTuple):
    """The two sums of a ratio, on the common scale of its cells."""

    numerator: int
    denominator: int

    def percent(self) -> str | None:
        """Write the ratio in percent, rounded once; of nothing there is none."""
        return percent(self.numerator, self.denominator, places=PRINTED_PLACES)


def sums_of(
    ratio: Ratio, values: Mapping[str, Value], *, measures: Mapping[str, Measure], on: date
) -> Sums | None:
    """Add up the cells; None as soon as one is missing, expired or only a bound: never zero."""
    for code in (*ratio.numerator, *ratio.denominator):
        if not counts(values.get(code), measure=measures[code], on=on):
            return None
    return Sums(
        sum(values[code].scaled for code in ratio.numerator),
        sum(values[code].scaled for code in ratio.denominator),
    )


def counts(value: Value | None, *, measure: Measure, on: date) -> bool:
    """Say whether a cell may be added up on a date."""
    if value is None or value.qualifier not in _COUNTED or value.observed_on > on:
        return False
    expiry = expires_on(measure, observed_on=value.observed_on)
    return expiry is None or on < expiry


def ratio_findings(criteria_set: CriteriaSet, measures: Mapping[str, Measure]) -> Iterator[Finding]:
    """Everything that stands against the ratios of a set."""
    times = Counter(ratio.code for ratio in criteria_set.ratios)
    for index, ratio in enumerate(criteria_set.ratios):
        pointer = f"/ratios/{index}"
        if times[ratio.code] > 1:
            vi, en = f"Mã “{ratio.code}” bị trùng.", f'The code "{ratio.code}" is taken.'
            yield Finding(f"{pointer}/code", "duplicate-number", vi, en)
        yield from _cell_findings(ratio, measures, pointer)


def _cell_findings(
    ratio: Ratio, measures: Mapping[str, Measure], pointer: str
) -> Iterator[Finding]:
    for name, codes in (("numerator", ratio.numerator), ("denominator", ratio.denominator)):
        if not codes or len(set(codes)) < len(codes):
            vi, en = "Cần các số liệu, mỗi số một lần.", "Needs measures, each of them once."
            yield Finding(f"{pointer}/{name}", "empty-or-double", vi, en)
        for code in codes:
            if code not in measures:
                vi, en = f"Không có số liệu “{code}”.", f'There is no measure "{code}".'
                yield Finding(f"{pointer}/{name}", "unknown-measure", vi, en)
    if not set(ratio.numerator) <= set(ratio.denominator):
        vi, en = "Tử số phải là một phần của mẫu số.", "The part must lie within the whole."
        yield Finding(f"{pointer}/numerator", "not-within-whole", vi, en)
    cells = [measures[code] for code in ratio.denominator if code in measures]
    if len({(cell.type, cell.unit, cell.scale) for cell in cells}) > 1 or any(
        cell.type != "number" for cell in cells
    ):
        vi = "Các ô phải là số cùng đơn vị, cùng số chữ số thập phân."
        en = "The cells must be numbers of one unit and one scale."
        yield Finding(f"{pointer}/denominator", "cells-differ", vi, en)
