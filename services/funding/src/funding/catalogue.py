"""The catalogue as files: read strictly and flattened to rows of its tables."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from chungsuc.text import Code, ShortText
from pydantic import BaseModel, ConfigDict, Field

LONG_AGO = date(1900, 1, 1)


class Row(BaseModel):
    """A row of the catalogue: an unknown field is a mistake, not a remark."""

    model_config = ConfigDict(extra="forbid")


class ProgrammeRow(Row):
    """A programme or component with all below it."""

    code: Code
    name_vi: ShortText
    name_en: ShortText
    kind: Code
    legal_basis: list[ShortText] = []
    is_complete: bool = True
    valid_from: date | None = Field(default=None, alias="from")
    valid_to: date | None = Field(default=None, alias="to")
    children: list["ProgrammeRow"] = []


class CapitalKindRow(Row):
    """A kind of budget capital."""

    code: Code
    name_vi: ShortText
    name_en: ShortText
    law_vi: ShortText
    has_medium_term_plan: bool


class FundingSourceRow(Row):
    """Where money comes from; only one with an issuing budget has pockets."""

    code: Code
    name_vi: ShortText
    name_en: ShortText
    source_group: Code
    is_on_budget: bool
    is_through_treasury: bool
    is_counterpart: bool = False
    is_in_kind: bool = False
    issuing_area_kind: Code | None = None
    valid_from: date = Field(default=LONG_AGO, alias="from")
    valid_to: date | None = Field(default=None, alias="to")


class DayOfYear(Row):
    """A day counted from a budget year."""

    year_offset: int
    month: int
    day: int


class WindowRuleRow(Row):
    """Between which days money of a budget year may move."""

    capital_kind: Code
    movement: Code
    first_budget_year: int
    last_budget_year: int | None = None
    opens: DayOfYear
    closes: DayOfYear
    legal_basis: ShortText


class PeriodRow(Row):
    """A period of medium-term plans."""

    first_year: int
    last_year: int


class Catalogue(Row):
    """All files together."""

    programmes: list[ProgrammeRow]
    capital_kinds: list[CapitalKindRow]
    funding_sources: list[FundingSourceRow]
    medium_term_periods: list[PeriodRow]
    window_rules: list[WindowRuleRow]


def read(folder: Path) -> Catalogue:
    """Return the catalogue of a folder; a mistake in a file is named with its place."""
    content: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        content |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return Catalogue.model_validate(content)


def rows_of(catalogue: Catalogue) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table, places counted in the order of the files."""
    programmes = [row for root in catalogue.programmes for row in _programmes(root)]
    return {
        "programmes": _placed(programmes),
        "capital_kinds": _placed([row.model_dump() for row in catalogue.capital_kinds]),
        "funding_sources": _placed([row.model_dump() for row in catalogue.funding_sources]),
        "medium_term_periods": [row.model_dump() for row in catalogue.medium_term_periods],
        "window_rules": [_window(row) for row in catalogue.window_rules],
    }


def _programmes(
    row: ProgrammeRow, *, parent: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a node, then all below it; dates that a node leaves out are its parent's."""
    node = row.model_dump(exclude={"children"}) | {
        "id": row.code,
        "parent_id": parent["id"] if parent else None,
        "root_id": parent["root_id"] if parent else row.code,
        "revision": 1,
    }
    if parent:
        node["valid_from"] = row.valid_from or parent["valid_from"]
        node["valid_to"] = row.valid_to or parent["valid_to"]
    yield node
    for child in row.children:
        yield from _programmes(child, parent=node)


def _placed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"position": position} for position, row in enumerate(rows, start=1)]


def _window(row: WindowRuleRow) -> dict[str, Any]:
    flat = row.model_dump(exclude={"opens", "closes"})
    for edge, day in (("opens", row.opens), ("closes", row.closes)):
        flat |= {f"{edge}_{part}": value for part, value in day.model_dump().items()}
    return flat
