"""A printable worksheet written from the top down: titles, notes and tables of typed cells."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter

Cell = str | int | Decimal | date | None
FONT = "Times New Roman"
UNKNOWN = "–"
A4 = 9

_BASE = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
_TABLE = {**_BASE, "border": 1, "border_color": "#A6A6A6"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {**_BASE, "bold": True, "font_size": 15},
    "subtitle": {**_BASE, "italic": True, "font_color": "#404040"},
    "plain": _BASE,
    "note": {**_BASE, "italic": True, "font_size": 10, "font_color": "#404040"},
    "mark": {**_BASE, "bold": True, "font_color": "#FFFFFF", "bg_color": "#C00000"},
    "section": {**_BASE, "bold": True, "font_size": 12, "font_color": "#1F3864"},
    "header": {
        **_TABLE,
        "bold": True,
        "align": "center",
        "text_wrap": True,
        "bg_color": "#DDE6F2",
    },
    "text": {**_TABLE, "text_wrap": True, "num_format": "@"},
    "unknown": {**_TABLE, "align": "right", "font_color": "#7F7F7F"},
    "integer": {**_TABLE, "num_format": "#,##0"},
    "decimal": {**_TABLE, "num_format": "#,##0.0###"},
    "day": {**_TABLE, "num_format": "dd/mm/yyyy", "align": "center"},
}
_TOTAL = {"bold": True, "bg_color": "#F2F2F2"}
_HEADER_LINE = 15.5
_TEXT_LINE = 15


def open_workbook(file: BinaryIO) -> Any:
    """Return a workbook that keeps one row in memory at a time."""
    return xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})


class Page:
    """One worksheet and the row that comes next; rows that were written cannot be changed."""

    def __init__(self, workbook: Any, name: str, *, widths: Sequence[float]) -> None:
        self.sheet = workbook.add_worksheet(name)
        self.widths = widths
        self.row = 0
        self._styles = {key: workbook.add_format(style) for key, style in _STYLES.items()}
        self._totals = {key: workbook.add_format(s | _TOTAL) for key, s in _STYLES.items()}
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&L&8&F · &A&R&8&P / &N")
        self.sheet.hide_gridlines(2)

    def line(self, content: str, *, style: str = "plain") -> None:
        """Write one line over the whole width."""
        for column in range(len(self.widths)):
            if style == "mark":
                self.sheet.write_blank(self.row, column, None, self._styles[style])
        self.sheet.write_string(self.row, 0, content, self._styles[style])
        self.row += 1

    def skip(self) -> None:
        """Leave one row empty."""
        self.row += 1

    def freeze(self) -> None:
        """Keep everything above the next row in sight, and repeat it on every printed page."""
        self.sheet.freeze_panes(self.row, 0)
        if self.row:
            self.sheet.repeat_rows(0, self.row - 1)

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        totals: Sequence[Sequence[Cell]] = (),
    ) -> None:
        """Write a header, its rows and totals; the type of a value is the type of its cell."""
        height = max(self._lines(content, place) for place, content in enumerate(header))
        self.sheet.set_row(self.row, height * _HEADER_LINE)
        for column, content in enumerate(header):
            self.sheet.write_string(self.row, column, content, self._styles["header"])
        self.row += 1
        for row in rows:
            self._write_row(row, styles=self._styles)
        for row in totals:
            self._write_row(row, styles=self._totals)

    def _write_row(self, row: Sequence[Cell], *, styles: Mapping[str, Any]) -> None:
        texts = [(place, cell) for place, cell in enumerate(row) if isinstance(cell, str)]
        height = max((self._lines(cell, place) for place, cell in texts), default=1)
        self.sheet.set_row(self.row, height * _TEXT_LINE)
        for column, cell in enumerate(row):
            self._write(column, cell, styles=styles)
        self.row += 1

    def _write(self, column: int, cell: Cell, *, styles: Mapping[str, Any]) -> None:
        place = self.row, column
        if cell is None:
            self.sheet.write_string(*place, UNKNOWN, styles["unknown"])
        elif isinstance(cell, str):
            self.sheet.write_string(*place, cell, styles["text"])
        elif isinstance(cell, date):
            self.sheet.write_datetime(*place, cell, styles["day"])
        else:
            style = "integer" if isinstance(cell, int) else "decimal"
            self.sheet.write_number(*place, float(cell), styles[style])

    def _lines(self, content: str, column: int) -> int:
        """Estimate how many lines a wrapped text takes in its column."""
        width = int(self.widths[column])
        return sum(1 + max(0, len(line) - 1) // width for line in content.split("\n"))
