"""Threshold tables read for one area: which row decides, and what can be said when that is open.

Where a needed attribute is unknown, every row that may apply is kept: a value that passes the
strictest of them is met, one that fails the loosest is not met, and only the rest is undetermined.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from criteria.criteria_sets.tree import (
    YEAR,
    Attribute,
    Choice,
    CriteriaSet,
    Known,
    Row,
    Span,
    ThresholdTable,
)
from criteria.measures.exact import Exact

Point = Mapping[str, str | int]
Candidates = frozenset[str | int]

_LARGEST = 10**9
_OPEN_ENDED_YEARS = 30


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table says: the rows that may apply, and their thresholds if all are known."""

    rows: tuple[int, ...]
    thresholds: tuple[Exact, ...] | None

    @property
    def is_settled(self) -> bool:
        """One single threshold applies."""
        return self.thresholds is not None and len(self.thresholds) == 1


def dimensions_of(table: ThresholdTable) -> tuple[str, ...]:
    """The dimensions that any row of the table looks at, in name order."""
    return tuple(sorted({part.dimension for row in table.rows for part in row.conditions}))


def numbers_of(tables: Iterable[ThresholdTable], dimension: str) -> tuple[int, ...]:
    """One number out of each stretch on which no row of these tables changes its answer."""
    starts = {0}
    for table in tables:
        for row in table.rows:
            for part in row.conditions:
                if part.dimension == dimension and isinstance(part, Span):
                    starts.add(part.at_least or 0)
                    if part.at_most is not None and part.at_most < _LARGEST:
                        starts.add(part.at_most + 1)
    return tuple(sorted(starts))


def row_applies(row: Row, point: Point) -> bool:
    """Whether all conditions of the row hold at a point that names every dimension."""
    return all(_holds(part, point[part.dimension]) for part in row.conditions)


def _holds(part: Choice | Span, value: str | int) -> bool:
    if isinstance(part, Choice):
        return value in part.values
    return isinstance(value, int) and part.holds(value)


def read_point(table: ThresholdTable, point: Point) -> int | None:
    """The index of the first row that applies at a point, if any."""
    return next((i for i, row in enumerate(table.rows) if row_applies(row, point)), None)


def read_table(table: ThresholdTable, candidates: Mapping[str, Candidates]) -> Reading:
    """Read the table where each dimension may still have several values."""
    names = dimensions_of(table)
    rows: dict[int, None] = {}
    thresholds: set[Exact] = set()
    is_open = False
    for values in product(*(sorted(candidates[name], key=str) for name in names)):
        index = read_point(table, dict(zip(names, values, strict=True)))
        cell = None if index is None else table.rows[index].cell
        if index is not None:
            rows[index] = None
        if isinstance(cell, Known):
            thresholds.add(cell.number)
        else:
            is_open = True
    return Reading(tuple(sorted(rows)), None if is_open else tuple(sorted(thresholds, key=_order)))


def _order(number: Exact) -> tuple[int, int]:
    return number.digits * 10 ** (18 - number.places), number.places


def candidates_of(
    criteria_set: CriteriaSet,
    *,
    attributes: Mapping[str, str | None],
    year: int,
    numbers: Mapping[str, tuple[int, ...]],
) -> dict[str, Candidates]:
    """The values each dimension may have for an area, overrides applied; unknown means all."""
    candidates: dict[str, Candidates] = {YEAR: frozenset({year})}
    for attribute in criteria_set.attributes:
        known = known_value(attribute, attributes.get(attribute.name))
        if known is not None:
            candidates[attribute.name] = frozenset({known})
        else:
            values = numbers.get(attribute.name, (0,)) if attribute.is_number else attribute.values
            candidates[attribute.name] = frozenset(values)
    own = dict(candidates)
    for override in criteria_set.overrides:
        choices = own[override.attribute]
        if choices == {override.value}:
            candidates[override.dimension] = frozenset({override.use})
        elif override.value in choices:
            candidates[override.dimension] |= {override.use}
    return candidates


def known_value(attribute: Attribute, text: str | None) -> str | int | None:
    """An attribute's value as the set knows it; anything the set does not list is unknown."""
    if text is None:
        return None
    if not attribute.is_number:
        return text if text in attribute.values else None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def table_numbers(
    criteria_set: CriteriaSet, tables: Iterable[ThresholdTable]
) -> dict[str, tuple[int, ...]]:
    """`numbers_of` for every numeric attribute of the set."""
    known_tables = tuple(tables)
    return {
        attribute.name: numbers_of(known_tables, attribute.name)
        for attribute in criteria_set.attributes
        if attribute.is_number
    }


def axis_of(
    criteria_set: CriteriaSet, tables: Iterable[ThresholdTable], name: str
) -> tuple[str | int, ...]:
    """Every value of a dimension that these tables must cover."""
    if name == YEAR:
        first = criteria_set.from_on.year
        last = criteria_set.to_on.year if criteria_set.to_on else first + _OPEN_ENDED_YEARS
        return tuple(range(first, last + 1))
    attribute = criteria_set.attribute(name)
    if attribute is None or attribute.is_number:
        return numbers_of(tables, name)
    return attribute.values
