"""The country of data is the same everywhere, and nothing in it breaks a floor or a scale."""

import json

import numpy as np
import pytest
from criteria.observations import rules
from local_deployment.country import binary_copy, money, values
from local_deployment.country.sizes import size_named
from local_deployment.country.values import MeasureShape
from local_deployment.errors import LocalError

from tests.criteria.rules import catalogue

SHAPES = [
    MeasureShape(m.code, m.slot, m.type, m.scale, m.minimum, m.maximum)
    for m in sorted(catalogue.measures().values(), key=lambda m: m.slot)
][:100]


def test_the_same_seed_gives_the_same_values() -> None:
    first, again = (values.monthly_values(SHAPES, areas=50, month=3) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, values.monthly_values(SHAPES, areas=50, month=4))


def test_every_value_is_within_its_bounds_and_written_as_criteria_writes_it() -> None:
    scaled = values.monthly_values(SHAPES, areas=30, month=0)
    for place, shape in enumerate(SHAPES):
        column = scaled[:, place]
        assert column.min() >= shape.minimum
        assert column.max() <= shape.maximum
        measure = catalogue.measures()[shape.code]
        written = [rules.written_value(int(value), measure=measure) for value in column]
        assert [json.loads(text) for text in values.value_texts(column, shape)] == written


def test_what_is_paid_from_a_pocket_was_planned_for_it() -> None:
    paid = money.payments(count=5_000, pockets=40)
    spent = np.bincount(paid.pockets, weights=paid.amounts_vnd, minlength=40)
    assert (money.plans(paid, pockets=40) > spent).all()
    assert paid.days.min() >= money.FIRST_PAYMENT.toordinal()
    assert paid.days.max() <= money.LAST_PAYMENT.toordinal()


def test_rows_are_laid_out_as_binary_copy_reads_them() -> None:
    columns = {"id": ("int8", np.array([1])), "name": ("text", b"ab"), "none": ("text", None)}
    row = b"\0\3" + b"\0\0\0\10" + b"\0" * 7 + b"\1" + b"\0\0\0\2ab" + b"\xff" * 4
    assert binary_copy.rows(columns, count=1) == binary_copy.HEADER + row + binary_copy.TRAILER


def test_the_full_size_covers_both_maps_and_two_million_entries() -> None:
    full = size_named("full")
    assert [day.isoformat() for day in full.days()][:7:6] == ["2025-01-31", "2025-07-31"]
    assert full.payments * 2 == 2_000_000
    with pytest.raises(LocalError, match="SIZE"):
        size_named("huge")
