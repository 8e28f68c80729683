"""Files as rows of typed cells, within limits; what a cell means is not decided here."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from xml.etree.ElementTree import ParseError

import openpyxl
from chungsuc.text import Text
from openpyxl.utils.exceptions import InvalidFileException

from criteria.observations.imports.errors import FileRefused, FileTooLarge

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAXIMUM_BYTES = 20 * 2**20
MAXIMUM_UNPACKED_BYTES = 150 * 2**20
MAXIMUM_PARTS = 1_000
MAXIMUM_ROWS = 20_000
MAXIMUM_COLUMNS = 400

CellKind = Literal["blank", "text", "number", "percent", "boolean", "date", "formula", "error"]


@dataclass(frozen=True)
class Cell:
    """One cell: its text as a person would quote it, and its exact value where it is typed."""

    kind: CellKind
    text: str = ""
    number: Decimal | None = None
    day: date | None = None

    @property
    def is_blank(self) -> bool:
        return self.kind == "blank"


BLANK = Cell("blank")
# What a broken, cut or encrypted archive may raise.
_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError)
Line = tuple[int, Sequence[Cell]]


def check_workbook(content: bytes) -> None:
    """Refuse what is not a workbook, or unpacks to more than is taken, without unpacking it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAXIMUM_PARTS or (
                sum(part.file_size for part in parts) > MAXIMUM_UNPACKED_BYTES
            ):
                raise FileTooLarge(Text("nội dung nén quá lớn", "it unpacks to too much"))
            if "[Content_Types].xml" not in archive.namelist():
                raise _unreadable()
            for part in parts:
                _refuse_entities(archive, part)
    except _BROKEN as error:
        raise _unreadable() from error


def read_lines(content: bytes, *, media_type: str) -> list[Line]:
    """Return the rows of a CSV file or of a workbook's first worksheet, with their line numbers."""
    lines = _csv_lines(content) if media_type == CSV_TYPE else _workbook_lines(content)
    kept: list[Line] = []
    for number, cells in lines:
        if number > MAXIMUM_ROWS:
            raise FileTooLarge(
                Text(f"nhiều hơn {MAXIMUM_ROWS} dòng", f"more than {MAXIMUM_ROWS} rows")
            )
        filled = max((place for place, cell in enumerate(cells, 1) if not cell.is_blank), default=0)
        if filled > MAXIMUM_COLUMNS:
            raise FileTooLarge(
                Text(f"nhiều hơn {MAXIMUM_COLUMNS} cột", f"more than {MAXIMUM_COLUMNS} columns")
            )
        if filled:
            kept.append((number, cells[:filled]))
    return kept


def _refuse_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A workbook has no document type: one that has is an attack by entities."""
    if part.filename.endswith((".xml", ".rels")):
        with archive.open(part) as opened:
            if b"<!DOCTYPE" in opened.read(4096):
                raise _unreadable()


def _csv_lines(content: bytes) -> Iterator[Line]:
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(Text("hãy lưu CSV với mã UTF-8", "save the CSV file in UTF-8")) from error
    if "\x00" in decoded:
        raise FileRefused(Text("tệp có ký tự NUL", "the file holds a NUL character"))
    rows = csv.reader(io.StringIO(decoded, newline=""), delimiter=_delimiter(decoded))
    try:
        for row in rows:
            yield rows.line_num, [_text_cell(value) for value in row]
    except csv.Error as error:
        raise FileRefused(Text("CSV sai cấu trúc", "the CSV is malformed")) from error


def _delimiter(decoded: str) -> str:
    """Take the mark that parts the most fields in the first lines."""
    head = decoded[:5000]
    return max((",", ";", "\t"), key=head.count)


def _workbook_lines(content: bytes) -> Iterator[Line]:
    check_workbook(content)
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(), start=1):
            yield number, [_workbook_cell(cell) for cell in row]
    except (*_BROKEN, InvalidFileException, ParseError, KeyError, IndexError) as error:
        raise _unreadable() from error
    except (TypeError, AttributeError, OverflowError) as error:
        raise _unreadable() from error


def _workbook_cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return BLANK
    if cell.data_type == "f":
        return Cell("formula", str(value)[:100])
    if cell.data_type == "e":
        return Cell("error", str(value))
    if isinstance(value, bool):
        return Cell("boolean", "true" if value else "false")
    if isinstance(value, int | float):
        # The shortest text that gives the same double is what a person typed.
        number = Decimal(repr(value))
        kind: CellKind = "percent" if "%" in (cell.number_format or "") else "number"
        return Cell(kind, format(number.normalize(), "f"), number=number)
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return Cell("date", day.isoformat(), day=day)
    return _text_cell(str(value))


def _text_cell(value: str) -> Cell:
    stripped = value.strip()
    return Cell("text", stripped) if stripped else BLANK


def _unreadable() -> FileRefused:
    return FileRefused(Text("không phải sổ XLSX đọc được", "not a readable XLSX workbook"))
