"""States of many areas without a database, for the evaluation alone."""

from datetime import date
from typing import NamedTuple, Self

import numpy as np
from criteria.assessments import arrays
from criteria.assessments.arrays import (
    CompiledSet,
    SheetBlock,
    VerdictBlock,
    column_of,
    compile_set,
)
from criteria.criteria_sets.tree import CriteriaSet
from criteria.observations import sheets as stored_sheets
from local_deployment.country import values
from local_deployment.country.values import MeasureShape

from tests.criteria.rules import catalogue

ON = date(2025, 12, 31)
REGIONS = ("TDMNPB", "DBSH", "BTB", "DHNTB", "TN", "DNB", "DBSCL")
TODAY_AREAS, FORMER_AREAS = 3_321, 10_035


class Case(NamedTuple):
    """A set and the states that it judges."""

    compiled: CompiledSet
    sheets: SheetBlock


class Stored(NamedTuple):
    """The same states as the database holds them: packed sheets and attribute texts."""

    packed: list[bytes]
    texts: dict[str, list[str | None]]

    @classmethod
    def of(cls, case: Case) -> Self:
        block = case.sheets
        columns = zip(block.values, block.observed, block.qualifiers, strict=True)
        texts = {
            name: [column.categories[code] if code >= 0 else None for code in column.codes]
            for name, column in block.attributes.items()
        }
        return cls([b"".join(part.tobytes() for part in row) for row in columns], texts)

    def evaluate(self, case: Case) -> VerdictBlock:
        """Lay the states out, then judge them."""
        slots = int(case.sheets.values.shape[1])
        found = stored_sheets.unpack([ON] * len(self.packed), self.packed, slots=slots)
        laid_out = SheetBlock(
            case.sheets.area_ids,
            found.values,
            found.observed,
            found.flags,
            {name: column_of(values) for name, values in self.texts.items()},
        )
        return arrays.evaluate(case.compiled, laid_out, ON)


def criteria_set() -> CriteriaSet:
    return catalogue.criteria_set(catalogue.BASE_DEMO)


def case(areas: int, *, has_open_states: bool) -> Case:
    """Every value and attribute known, or one value in ten missing and bounds among the rest."""
    measures = catalogue.measures()
    shapes = [
        MeasureShape(m.code, m.slot, m.type, m.scale, m.minimum, m.maximum)
        for m in sorted(measures.values(), key=lambda m: m.slot)
    ]
    draw = np.random.default_rng(1)
    scaled = values.monthly_values(shapes, areas=areas, month=0)
    observed = np.full(scaled.shape, date(2025, 12, 1).toordinal(), np.int32)
    flags = np.full(scaled.shape, 0x80, np.uint8)
    regions: list[str | None] = [REGIONS[code] for code in draw.integers(0, len(REGIONS), areas)]
    if has_open_states:
        scaled[draw.random(scaled.shape) < 0.1] = values.MISSING
        bounded = draw.random(scaled.shape) < 0.05
        flags[bounded] |= draw.integers(1, 6, int(bounded.sum())).astype(np.uint8)
        regions = [None if draw.random() < 0.02 else region for region in regions]
    attributes = {
        "region": column_of(regions),
        "specially_disadvantaged": column_of(["no"] * areas),
        "school_count": column_of(["3"] * areas),
    }
    sheets = SheetBlock([str(row) for row in range(areas)], scaled, observed, flags, attributes)
    return Case(compile_set(criteria_set(), measures), sheets)
