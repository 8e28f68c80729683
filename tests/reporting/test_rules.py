"""Exact arithmetic, rounded once, where it is printed."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting.reports import rules
from reporting.reports.rules import Band


@given(value=st.decimals(-(10**9), 10**9, places=8), places=st.integers(0, 6))
def test_printing_rounds_half_up_like_decimal(value: Decimal, places: int) -> None:
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert Decimal(rules.print_rounded(Fraction(value), places=places)) == rounded


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (Fraction(1310, 94), "13.9"),
        (Fraction(1, 20), "0.1"),
        (Fraction(-1, 20), "-0.1"),
        (Fraction(-1, 1000), "0.0"),
        (Fraction(899999, 10000), "90.0"),
        (Fraction(19), "19.0"),
        (Fraction(10**15), f"{10**15}.0"),
    ],
)
def test_a_value_is_printed_with_one_place(value: Fraction, printed: str) -> None:
    assert rules.print_rounded(value, places=1) == printed


def test_attainment_is_taken_from_the_exact_mean_not_from_the_printed_one() -> None:
    assert rules.rate(Fraction(1310, 94), whole=Fraction("17.3")) == "80.6"
    assert rules.rate(Fraction("13.9"), whole=Fraction("17.3")) == "80.3"


def test_of_nothing_there_is_no_rate_and_no_mean() -> None:
    assert rules.rate(5, whole=0) is None
    assert rules.mean(0, count=0) is None


def test_bands_hold_both_their_ends() -> None:
    bands = [Band(19, 19), Band(15, 18), Band(10, 14), Band(5, 9), Band(0, 4)]
    histogram = {19: 1, 18: 2, 15: 3, 14: 4, 5: 5, 4: 6, 0: 7}
    assert rules.count_bands(histogram, bands=bands) == [1, 5, 4, 5, 13]


def test_a_recovered_advance_leaves_d_as_it_was() -> None:
    before = rules.Money(100, 0, 40, advance_outstanding_vnd=30, completed_vnd=0)
    after = rules.Money(100, 0, 40, advance_outstanding_vnd=0, completed_vnd=30)
    assert before.disbursed_vnd == after.disbursed_vnd == 30
    assert before.allocated_vnd == 60
