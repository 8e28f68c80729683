"""Derived measures: exact ratios over cells, missing as soon as one cell is."""

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from criteria.assessments.model import Value
from criteria.criteria_sets import model, ratios, rules
from hypothesis import given
from hypothesis import strategies as st

from tests.criteria.rules import catalogue

POVERTY = "poverty-standard-2022-2026"
ON = date(2023, 8, 15)
POOR = catalogue.criteria_set(POVERTY).ratios[0]


def values(counts: list[int], *, qualifier: Any = "actual", on: date = ON) -> dict[str, Value]:
    return {
        code: Value(count, qualifier, on, place)
        for place, (code, count) in enumerate(zip(POOR.denominator, counts, strict=True))
    }


def sums(found: dict[str, Value]) -> ratios.Sums | None:
    return ratios.sums_of(POOR, found, measures=catalogue.measures(), on=ON)


COUNTS = st.lists(
    st.integers(0, 10**9), min_size=len(POOR.denominator), max_size=len(POOR.denominator)
)


@given(COUNTS)
def test_the_ratio_is_exact_and_rounded_once(counts: list[int]) -> None:
    found = sums(values(counts))
    assert found is not None
    assert found.denominator == sum(counts)
    printed = found.percent()
    if sum(counts) == 0:
        assert printed is None
    else:
        exact = Fraction(found.numerator * 100, found.denominator)
        assert printed is not None
        assert exact - Fraction(1, 200) < Fraction(printed) <= exact + Fraction(1, 200)


@pytest.mark.parametrize("code", POOR.denominator)
def test_a_missing_cell_is_never_zero(code: str) -> None:
    found = values([7] * len(POOR.denominator))
    del found[code]
    assert sums(found) is None


def test_a_bound_and_a_value_of_the_future_are_not_added_up() -> None:
    counts = [7] * len(POOR.denominator)
    assert sums(values(counts, qualifier="at_least")) is None
    assert sums(values(counts, on=ON + timedelta(days=1))) is None
    assert sums(values(counts, qualifier="estimate")) is not None


def test_a_standard_is_read_as_it_was_written() -> None:
    loaded = catalogue.criteria_set(POVERTY)
    assert model.parse(model.to_body(loaded)) == loaded


def _twice(ratio: dict[str, Any]) -> None:
    ratio["numerator"] *= 2


def _outside(ratio: dict[str, Any]) -> None:
    ratio["denominator"] = ratio["denominator"][1:]


def _unlike(ratio: dict[str, Any]) -> None:
    ratio["denominator"] = [*ratio["denominator"], "income_per_person"]


def _unknown(ratio: dict[str, Any]) -> None:
    ratio["denominator"] = [*ratio["denominator"], "nobody_counts_this"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_twice, "empty-or-double"),
        (_outside, "not-within-whole"),
        (_unlike, "cells-differ"),
        (_unknown, "unknown-measure"),
    ],
)
def test_a_ratio_that_cannot_be_is_found(
    change: Callable[[dict[str, Any]], None], code: str
) -> None:
    body = catalogue.body(POVERTY)
    change(body["ratios"][0])
    findings = rules.check(model.parse(body), catalogue.measures())
    assert code in {finding.code for finding in findings}


def test_a_set_with_nothing_in_it_is_no_standard() -> None:
    body = catalogue.body(POVERTY) | {"ratios": []}
    codes = {finding.code for finding in rules.check(model.parse(body), catalogue.measures())}
    assert codes == {"no-criteria", "no-designations"}


def test_a_set_that_only_derives_judges_nobody() -> None:
    body = catalogue.body(POVERTY) | {"designations": ["xã"]}
    codes = {finding.code for finding in rules.check(model.parse(body), catalogue.measures())}
    assert codes == {"no-criteria"}
