"""The real sets: arrays and the single-area path agree on random states of many areas."""

import random
from datetime import date

import numpy as np
import pytest
from criteria.assessments import arrays, rules
from criteria.assessments.arrays import SheetBlock, VerdictBlock, column_of
from criteria.assessments.model import QUALIFIERS, Value
from criteria.assessments.verdicts import LETTERS

from tests.criteria.rules import catalogue
from tests.criteria.rules.test_catalogue import ALL, PUBLISHED, REGIONS

JUDGING = [code for code in PUBLISHED if catalogue.criteria_set(code).designations]
AREAS = 60
DAYS = (date(2022, 12, 31), date(2023, 3, 1), date(2024, 1, 15), date(2024, 3, 1))


def _states(seed: int) -> tuple[list[dict[str, Value]], list[dict[str, str | None]]]:
    draw = random.Random(seed)
    values: list[dict[str, Value]] = []
    attributes: list[dict[str, str | None]] = []
    for _ in range(AREAS):
        own: dict[str, Value] = {}
        for code, measure in catalogue.measures().items():
            scaled = draw.choice([measure.minimum, measure.maximum, measure.maximum * 3 // 4])
            bounded = measure.type != "yes_no"
            qualifier = draw.choice(QUALIFIERS if bounded else QUALIFIERS[:2])
            if draw.random() < 0.9:
                own[code] = Value(scaled, qualifier, draw.choice(DAYS), 1)
        values.append(own)
        attributes.append(
            {
                "region": draw.choice([None, *REGIONS]),
                "specially_disadvantaged": draw.choice([None, "yes", "no"]),
                "school_count": draw.choice([None, "1", "3", "4", "12"]),
                "recognised.standard": draw.choice([None, "yes", "no"]),
            }
        )
    return values, attributes


def _block(values: list[dict[str, Value]], attributes: list[dict[str, str | None]]) -> SheetBlock:
    slots = 1 + max(measure.slot for measure in catalogue.measures().values())
    block = SheetBlock(
        area_ids=[str(row) for row in range(len(values))],
        values=np.full((len(values), slots), np.iinfo(np.int64).min, np.int64),
        observed=np.full((len(values), slots), np.iinfo(np.int32).min, np.int32),
        qualifiers=np.zeros((len(values), slots), np.uint8),
        attributes={name: column_of([own[name] for own in attributes]) for name in attributes[0]},
    )
    for row, own in enumerate(values):
        for code, value in own.items():
            place = (row, catalogue.measures()[code].slot)
            block.values[place] = value.scaled
            block.observed[place] = value.observed_on.toordinal()
            # The highest bit marks demonstration values and says nothing about firmness.
            block.qualifiers[place] = 0x80 | QUALIFIERS.index(value.qualifier)
    return block


def _letters(verdicts: VerdictBlock, row: int) -> str:
    return "".join(LETTERS[code] for code in verdicts.indicators[row])


@pytest.mark.parametrize("code", JUDGING)
@pytest.mark.parametrize("on", [date(2023, 8, 15), date(2024, 2, 29), date(2024, 9, 1)])
def test_the_country_agrees_with_each_area(code: str, on: date) -> None:
    values, attributes = _states(on.toordinal())
    criteria_set = catalogue.criteria_set(code)
    compiled = arrays.compile_set(criteria_set, catalogue.measures())
    verdicts = arrays.evaluate(compiled, _block(values, attributes), on)
    for row in range(AREAS):
        assessment = rules.judge(
            criteria_set,
            measures=catalogue.measures(),
            values=values[row],
            attributes=attributes[row],
            on=on,
        )
        assert assessment.indicator_letters == _letters(verdicts, row)
        assert assessment.criteria_met == verdicts.criteria_met[row]
        assert assessment.verdict == verdicts.verdicts[row]
        assert assessment.criteria_verdict == verdicts.criteria_verdicts[row]


def test_a_country_larger_than_a_block_is_judged_row_by_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, attributes = _states(7)
    compiled = arrays.compile_set(catalogue.criteria_set(ALL[1]), catalogue.measures())
    block, on = _block(values, attributes), date(2023, 8, 15)
    whole = arrays.evaluate(compiled, block, on)
    monkeypatch.setattr(arrays, "_BLOCK", 7)
    assert np.array_equal(arrays.evaluate(compiled, block, on).indicators, whole.indicators)


def test_no_areas_give_no_verdicts() -> None:
    values, attributes = _states(7)
    block = _block(values, attributes)
    empty = SheetBlock(
        [],
        block.values[:0],
        block.observed[:0],
        block.qualifiers[:0],
        {name: column_of([]) for name in block.attributes},
    )
    compiled = arrays.compile_set(catalogue.criteria_set(ALL[1]), catalogue.measures())
    assert arrays.evaluate(compiled, empty, date(2023, 8, 15)).indicators.shape == (0, 57)
