"""Hypothesis strategies: small valid criteria sets, and areas whose values lie near thresholds."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from criteria.assessments.arrays import SheetBlock, column_of
from criteria.assessments.model import QUALIFIERS, Value
from criteria.measures.model import Measure, parse_measures
from hypothesis import strategies as st

from tests.criteria.rules.reference import Area, Observed

Body = dict[str, Any]

REGIONS = ("R1", "R2", "R3")
YEARS = (2022, 2023, 2024, 2025)
AMENDED = "2024-03-01"
_THRESHOLDS = ("0", "10", "50", "89.99", "90", "100")
_NUMBERS = ("0", "9.99", "10", "50", "50.01", "89.98", "89.99", "90", "99.99", "100")
DAYS = (
    date(2021, 12, 31),
    date(2022, 3, 8),
    date(2023, 8, 31),
    date(2023, 12, 31),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2025, 6, 30),
)


def _measure(slot: int, code: str, kind: str, validity: str, **more: object) -> Body:
    names = {"code": code, "name_vi": code, "name_en": code}
    return names | {"type": kind, "validity": validity, "slot": slot} | more


MEASURES: Mapping[str, Measure] = parse_measures(
    [
        _measure(0, "share_a", "share", "until_replaced"),
        _measure(1, "share_b", "share", "year_of_review"),
        _measure(2, "number_a", "number", "months:6", scale=2, maximum=1000),
        _measure(3, "level_a", "level", "until_replaced", scale=2, maximum=100),
        _measure(4, "score_a", "score", "year_of_review", scale=2),
        _measure(5, "yes_a", "yes_no", "until_replaced"),
        _measure(6, "yes_b", "yes_no", "year_of_review"),
        _measure(7, "yes_c", "yes_no", "months:1"),
        _measure(10, "sexed_a", "share", "until_replaced", breakdown="sex"),
    ]
)
SLOTS = 13
_NUMERIC = ("share_a", "share_b", "number_a", "score_a", "level_a")
_STATEMENTS = ("yes_a", "yes_b", "yes_c")

_cells: st.SearchStrategy[Body] = st.one_of(
    st.sampled_from([{"value": value} for value in _THRESHOLDS]),
    st.sampled_from([{"unknown": True}, {"delegated_to": "province"}]),
)
_known_cells: st.SearchStrategy[Body] = st.sampled_from([{"value": value} for value in _THRESHOLDS])
_partitions: dict[str, list[list[Any]]] = {
    "region": [[["R1", "R2", "R3"]], [["R1"], ["R2", "R3"]], [["R1"], ["R2"], ["R3"]]],
    "year": [[{"at_most": 2023}, {"at_least": 2024}], [2022, {"at_least": 2023}]],
    "schools": [[{"at_most": 3}, {"at_least": 4}], [{"at_most": 0}, {"at_least": 1}]],
}


@st.composite
def tables(draw: st.DrawFn) -> list[Body]:
    """A table that covers every combination exactly once."""
    names = draw(st.lists(st.sampled_from(sorted(_partitions)), unique=True, max_size=2))
    cells = draw(st.sampled_from([_cells, _known_cells]))
    rows: list[Body] = [{}]
    for name in names:
        parts = draw(st.sampled_from(_partitions[name]))
        rows = [{**row, name: part} for row in rows for part in parts]
    return [{**row, **draw(cells)} for row in rows]


def _comparison(kind: str) -> st.SearchStrategy[Body]:
    codes = ("level_a",) if kind == "level_at_least" else _NUMERIC
    content = st.fixed_dictionaries({"measure": st.sampled_from(codes), "threshold": tables()})
    return st.fixed_dictionaries({kind: content})


leaves: st.SearchStrategy[Body] = st.one_of(
    *(_comparison(kind) for kind in ("at_least", "at_most", "equals", "level_at_least")),
    *(
        st.fixed_dictionaries({kind: st.sampled_from(_STATEMENTS)})
        for kind in ("yes", "no", "attested")
    ),
    st.fixed_dictionaries(
        {
            "both_sexes": st.one_of(
                *(
                    st.fixed_dictionaries({"measure": st.just("sexed_a"), side: tables()})
                    for side in ("at_least", "at_most")
                )
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "score_sheet": st.fixed_dictionaries(
                {
                    "measure": st.just("score_a"),
                    "threshold": tables(),
                    "mandatory": st.lists(st.sampled_from(_STATEMENTS), max_size=2, unique=True),
                }
            )
        }
    ),
    st.just({"recognition_held": "standard"}),
    st.just({"undecided": {"unknown": True, "measures": ["share_a"]}}),
)


def _k_of_n(rules: list[Body]) -> st.SearchStrategy[Body]:
    count = st.integers(1, len(rules))
    return count.map(lambda k: {"k_of_n": {"k": k, "of": rules}})


def _choices(inner: st.SearchStrategy[Body]) -> st.SearchStrategy[Body]:
    several = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        several.map(lambda rules: {"all_of": rules}),
        several.map(lambda rules: {"any_of": rules}),
        several.flatmap(_k_of_n),
    )


def _applicable(inner: st.SearchStrategy[Body]) -> st.SearchStrategy[Body]:
    presence = st.fixed_dictionaries({"measure": st.sampled_from(_STATEMENTS), "rule": inner})
    return st.one_of(
        st.fixed_dictionaries({"if_present": presence}),
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"all_of": rules}),
    )


rules: st.SearchStrategy[Body] = st.recursive(
    st.recursive(leaves, _choices, max_leaves=5), _applicable, max_leaves=3
)


@st.composite
def sets(draw: st.DrawFn) -> Body:
    """The body of a valid set with one to three criteria."""
    criteria = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        indicators = [
            _indicator(f"{number}.{place}", draw(st.lists(rules, min_size=1, max_size=2)))
            for place in range(1, draw(st.integers(1, 3)) + 1)
        ]
        names = {"number": str(number), "name_vi": "tiêu chí", "name_en": "criterion"}
        criteria.append({**names, "indicators": indicators})
    override = {"when": {"poor": "yes"}, "use": {"region": "R1"}, "source": "published"}
    body = empty_set()
    body["criteria"] = criteria
    body["counts"] = {
        "criteria": len(criteria),
        "indicators": sum(len(criterion["indicators"]) for criterion in criteria),
    }
    body["overrides"] = [override] if draw(st.booleans()) else []
    return body


def empty_set() -> Body:
    """All of a set but its criteria."""
    return {
        "code": "generated",
        "version": "1",
        "name_vi": "bộ",
        "name_en": "set",
        "legal_basis": ["test"],
        "tier": "advanced",
        "area_kind": "commune",
        "designations": ["xã"],
        "from": "2022-01-01",
        "to": "2025-12-31",
        "attributes": [
            {"name": "region", "values": list(REGIONS)},
            {"name": "poor", "values": ["yes", "no"]},
            {"name": "schools", "number": True},
        ],
    }


def _indicator(number: str, versions: list[Body]) -> Body:
    days = ("2022-01-01", AMENDED)
    return {
        "number": number,
        "name_vi": "chỉ tiêu",
        "name_en": "indicator",
        "versions": [
            {"from": day, "rule": rule, "source": "published"}
            for day, rule in zip(days, versions, strict=False)
        ],
    }


@st.composite
def areas(draw: st.DrawFn) -> Area:
    """An area with some values and attributes, others missing or unknown."""
    values: dict[str, Observed] = {}
    for code, measure in MEASURES.items():
        if draw(st.integers(0, 4)) == 0:
            continue
        is_statement = measure.type == "yes_no"
        number = draw(st.sampled_from(("0", "1") if is_statement else _NUMBERS))
        kinds = ("actual", "estimate") if is_statement else QUALIFIERS
        qualifier = draw(st.sampled_from(("actual", "actual", *kinds)))
        values[code] = Observed(Decimal(number), qualifier, draw(st.sampled_from(DAYS)))
    attributes = {
        "region": draw(st.sampled_from((None, *REGIONS))),
        "poor": draw(st.sampled_from((None, "yes", "no"))),
        "schools": draw(st.sampled_from((None, "0", "3", "4", "17"))),
        "recognised.standard": draw(st.sampled_from((None, "yes", "no"))),
    }
    return Area(values, attributes)


def as_values(area: Area) -> dict[str, Value]:
    """The area's values as `judge` takes them."""
    return {
        code: Value(
            int(observed.value.scaleb(MEASURES[code].scale)),
            observed.qualifier,  # type: ignore[arg-type]
            observed.observed_on,
            place,
        )
        for place, (code, observed) in enumerate(area.values.items())
    }


def as_block(block: list[Area]) -> SheetBlock:
    """The areas as `evaluate` takes them."""
    values = np.full((len(block), SLOTS), np.iinfo(np.int64).min, np.int64)
    observed = np.full((len(block), SLOTS), np.iinfo(np.int32).min, np.int32)
    qualifiers = np.zeros((len(block), SLOTS), np.uint8)
    for row, area in enumerate(block):
        for code, value in as_values(area).items():
            slot = MEASURES[code].slot
            values[row, slot] = value.scaled
            observed[row, slot] = value.observed_on.toordinal()
            qualifiers[row, slot] = QUALIFIERS.index(value.qualifier)
    names = ("region", "poor", "schools", "recognised.standard")
    columns = {name: column_of([area.attributes[name] for area in block]) for name in names}
    return SheetBlock(
        [str(row) for row in range(len(block))], values, observed, qualifiers, columns
    )
