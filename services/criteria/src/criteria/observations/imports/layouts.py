"""From a table to values: which row is the header, what each column means, what each row says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from chungsuc.text import Text, search_key
from pydantic import ValidationError

from criteria.measures.model import Measure, Refusal
from criteria.observations.imports import cells
from criteria.observations.imports.cells import DecimalMark
from criteria.observations.imports.tables import BLANK, Cell, Line
from criteria.observations.schemas import ObservationIn

HEADER_WITHIN_LINES = 30
MAXIMUM_VALUES = 200_000
_LONGEST_SHOWN = 100
_NAMES: dict[str, tuple[str, ...]] = {
    "area": (
        *("area", "area_code", "area code", "code", "ma", "ma xa", "ma dia ban"),
        *("ma don vi hanh chinh", "ma dvhc", "area_id"),
    ),
    "observed_on": ("observed_on", "date", "ngay", "ngay ghi nhan", "ngay so lieu"),
    "measure": ("measure", "ma so lieu", "so lieu"),
    "value": ("value", "gia tri"),
    "qualifier": ("qualifier", "tinh chat"),
    "reason": ("reason", "ly do", "ly do sua"),
    "ignored": (
        *("name", "ten", "ten xa", "don vi hanh chinh", "xa", "tinh", "huyen", "stt", "tt", "no"),
        *("ghi chu", "note", "unit", "don vi", "don vi tinh"),
    ),
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names}


class RowError(NamedTuple):
    """One reason against one cell, row or column."""

    line: int
    column: str
    value: str
    code: str
    detail: Text


class Entry(NamedTuple):
    """One value as it is to be recorded, and where in the file it stands."""

    line: int
    column: str
    shown: str
    item: ObservationIn


@dataclass
class Contents:
    """All that a file says: values, reasons against the others, and what was told besides."""

    entries: list[Entry] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0
    percent_cells: int = 0


@dataclass(frozen=True)
class Options:
    """What the sender said beside the file."""

    observed_on: date | None
    decimal_mark: DecimalMark | None


@dataclass(frozen=True)
class _Header:
    line: int
    names: Sequence[str]
    roles: Mapping[str, int]
    measures: Mapping[int, Measure]

    @property
    def is_long(self) -> bool:
        return "measure" in self.roles and "value" in self.roles


def read_contents(
    lines: Sequence[Line], *, measures: Mapping[str, Measure], options: Options
) -> Contents:
    """Return the values of a table and every reason against what cannot be taken."""
    contents = Contents()
    meanings = _meanings(measures)
    header = _find_header(lines, meanings)
    if header is None:
        detail = Text(
            "không thấy dòng tiêu đề có cột mã và cột số liệu",
            "no header row with a code column and a measure",
        )
        contents.errors.append(RowError(0, "", "", "no-header", detail))
        return contents
    contents.errors += _header_errors(lines, header, meanings)
    for number, row in lines:
        if number > header.line:
            contents.rows += 1
            _read_row(_Row(number, row, header), contents, meanings=meanings, options=options)
        if len(contents.entries) > MAXIMUM_VALUES:
            detail = Text(f"quá {MAXIMUM_VALUES} giá trị", f"more than {MAXIMUM_VALUES} values")
            contents.errors.append(RowError(number, "", "", "too-many-values", detail))
            break
    if not contents.entries and not contents.errors:
        detail = Text("tệp không có giá trị nào", "the file holds no value")
        contents.errors.append(RowError(header.line, "", "", "no-values", detail))
    return contents


class _Row:
    """One row below the header."""

    def __init__(self, line: int, row: Sequence[Cell], header: _Header) -> None:
        self.line, self.cells, self.header = line, row, header

    def at(self, column: int | None) -> Cell:
        if column is None or column >= len(self.cells):
            return BLANK
        return self.cells[column]

    def of(self, role: str) -> Cell:
        return self.at(self.header.roles.get(role))

    def error(self, column: int | None, cell: Cell, refusal: Refusal) -> RowError:
        name = "" if column is None else self.header.names[column]
        return RowError(self.line, name, cell.text[:_LONGEST_SHOWN], *refusal)


def _meanings(measures: Mapping[str, Measure]) -> dict[str, Measure | None]:
    """Every name a measure goes by; one that two measures share means neither (None)."""
    found: dict[str, Measure | None] = {}
    for measure in measures.values():
        for name in {search_key(measure.name_vi), search_key(measure.name_en)}:
            found[name] = None if name in found else measure
    return found | {search_key(code): measure for code, measure in measures.items()}


def _find_header(lines: Sequence[Line], meanings: Mapping[str, Measure | None]) -> _Header | None:
    """Take the row that names the most columns: a template names them twice, once by code."""
    read = [_header(line, row, meanings) for line, row in lines[:HEADER_WITHIN_LINES]]
    fit = [h for h in read if "area" in h.roles and (h.measures or h.is_long)]
    return max(fit, key=lambda h: len(h.measures) + len(h.roles), default=None)


def _header(line: int, row: Sequence[Cell], meanings: Mapping[str, Measure | None]) -> _Header:
    roles: dict[str, int] = {}
    measures: dict[int, Measure] = {}
    for column, cell in enumerate(row):
        key = search_key(cell.text)
        measure = meanings.get(key)
        if key in _ROLES:
            roles.setdefault(_ROLES[key], column)
        elif measure is not None and measure not in measures.values():
            measures[column] = measure
    names = [cell.text[:_LONGEST_SHOWN] for cell in row]
    return _Header(line, names, roles, measures)


def _header_errors(
    lines: Sequence[Line], header: _Header, meanings: Mapping[str, Measure | None]
) -> list[RowError]:
    """Name each column that says nothing: leaving it out silently would lose its values."""
    row = next(row for line, row in lines if line == header.line)
    errors = []
    for column, cell in enumerate(row):
        key = search_key(cell.text)
        if cell.is_blank or column in header.measures or key in _ROLES:
            continue
        code, detail = "unknown-column", Text("cột không rõ là gì", "what is this column?")
        if meanings.get(key) is not None:
            code, detail = "repeated-column", Text("cột lặp lại", "the column is repeated")
        elif key in meanings:
            detail = Text("tên chỉ nhiều số liệu: dùng mã", "several measures: use a code")
        errors.append(RowError(header.line, header.names[column], cell.text[:100], code, detail))
    return errors


def _read_row(
    row: _Row,
    contents: Contents,
    *,
    meanings: Mapping[str, Measure | None],
    options: Options,
) -> None:
    header = row.header
    columns = dict(header.measures)
    if header.is_long:
        named = row.of("measure")
        measure = meanings.get(search_key(named.text))
        if measure is None:
            refusal = Refusal("unknown-measure", Text("chưa có số liệu này", "no such measure"))
            contents.errors.append(row.error(header.roles["measure"], named, refusal))
            return
        columns = {header.roles["value"]: measure}
    filled = {column: measure for column, measure in columns.items() if not row.at(column).is_blank}
    if not filled:
        return
    area, day = _area_and_day(row, contents, options=options)
    for column, measure in filled.items():
        cell = row.at(column)
        read = cells.read_value(cell, measure=measure, decimal_mark=options.decimal_mark)
        if isinstance(read, Refusal):
            contents.errors.append(row.error(column, cell, read))
        elif area is not None and day is not None:
            contents.percent_cells += read.is_percent
            _add(row, contents, column, item=(area, measure.code, day, read.value))


def _area_and_day(
    row: _Row, contents: Contents, *, options: Options
) -> tuple[str | None, date | None]:
    roles = row.header.roles
    area = (
        cells.read_reference(row.of("area"))
        if not row.of("area").is_blank
        else Refusal("area-missing", Text("thiếu mã địa bàn", "the area's code is missing"))
    )
    day: date | Refusal | None = options.observed_on
    if not row.of("observed_on").is_blank:
        day = cells.read_day(row.of("observed_on"))
    if day is None:
        day = Refusal("date-missing", Text("thiếu ngày số liệu", "the date is missing"))
    if isinstance(area, Refusal):
        contents.errors.append(row.error(roles["area"], row.of("area"), area))
    if isinstance(day, Refusal):
        column = roles.get("observed_on")
        contents.errors.append(row.error(column, row.of("observed_on"), day))
    return (
        None if isinstance(area, Refusal) else area,
        None if isinstance(day, Refusal) else day,
    )


def _add(
    row: _Row, contents: Contents, column: int, *, item: tuple[str, str, date, str | bool]
) -> None:
    area, measure, day, value = item
    shown = row.at(column).text[:_LONGEST_SHOWN]
    fields = {"area": area, "measure": measure, "observed_on": day, "value": value}
    for role in ("qualifier", "reason"):
        if not row.of(role).is_blank:
            fields[role] = row.of(role).text
    try:
        made = ObservationIn.model_validate(fields)
    except ValidationError as error:
        wrong = ", ".join(str(part["loc"][0]) for part in error.errors())
        refusal = Refusal("malformed", Text(f"sai trường {wrong}", f"malformed: {wrong}"))
        contents.errors.append(row.error(column, row.at(column), refusal))
        return
    contents.entries.append(Entry(row.line, row.header.names[column], shown, made))
