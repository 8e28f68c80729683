"""One worksheet per criteria set: a row per area, a column per criterion, words and colours."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

import xlsxwriter

from criteria.assessments.verdicts import Verdict
from criteria.criteria_sets.model import CriteriaSet

FONT = "Times New Roman"
A4 = 9
UNKNOWN = "–"
DEMONSTRATION = (
    "SỐ LIỆU MINH HOẠ — không dùng làm báo cáo chính thức / "
    "DEMONSTRATION DATA — not for official reports"
)
# Short enough for a narrow column, and told apart without colour.
WORDS: dict[Verdict, tuple[str, str, str]] = {
    Verdict.MET: ("Đạt", "met", "#C6EFCE"),
    Verdict.NOT_MET: ("Chưa đạt", "not met", "#FFC7CE"),
    Verdict.NOT_APPLICABLE: ("Không áp dụng", "not applicable", "#E2EFDA"),
    Verdict.UNDETERMINED: ("Chưa xác định", "undetermined", "#FFEB9C"),
    Verdict.MISSING: ("Thiếu số liệu", "missing", "#D9D9D9"),
}
NOT_JUDGED = "Chưa đánh giá"
_FIXED = (
    ("Mã\nCode", 9.0),
    ("Đơn vị hành chính\nArea", 27.0),
    ("Tiêu chí đạt\nCriteria met", 9.0),
    ("Chỉ tiêu đạt\nIndicators met", 9.5),
    ("Kết quả\nVerdict", 13.0),
    ("Từ ngày\nSince", 11.0),
)
_CRITERION_WIDTH = 10.5
_HEADER_HEIGHT = 108
_BASE = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
_TABLE = {**_BASE, "border": 1, "border_color": "#A6A6A6"}
_HEADER = {**_TABLE, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DDE6F2"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {**_BASE, "bold": True, "font_size": 15},
    "subtitle": {**_BASE, "italic": True, "font_color": "#404040"},
    "plain": _BASE,
    "mark": {**_BASE, "bold": True, "font_color": "#FFFFFF", "bg_color": "#C00000"},
    "header": _HEADER,
    "criterion": {**_HEADER, "font_size": 9, "valign": "top"},
    "text": {**_TABLE, "num_format": "@"},
    "integer": {**_TABLE, "num_format": "#,##0"},
    "day": {**_TABLE, "num_format": "dd/mm/yyyy", "align": "center"},
    "word": {**_TABLE, "font_size": 9, "align": "center", "num_format": "@", "text_wrap": True},
}


def open_workbook(file: BinaryIO, *, folder: str) -> Any:
    """Return a workbook that keeps one row in memory at a time, its parts in a folder."""
    options = {"constant_memory": True, "strings_to_formulas": False, "tmpdir": folder}
    return xlsxwriter.Workbook(file, options)


class ResultSheet:
    """The results of one set; rows are written once, from the top down."""

    def __init__(self, workbook: Any, criteria_set: CriteriaSet, *, number: int) -> None:
        self.criteria_set = criteria_set
        # A name may have 31 characters: the number keeps two long codes apart.
        self.sheet = workbook.add_worksheet(f"{number} {criteria_set.code}"[:31])
        self.row = 0
        self._styles = {key: workbook.add_format(style) for key, style in _STYLES.items()}
        self._fills = {
            verdict: workbook.add_format({"bg_color": colour})
            for verdict, (_, _, colour) in WORDS.items()
        }
        self._legend = {
            verdict: workbook.add_format({**_BASE, "font_size": 9, "bg_color": colour})
            for verdict, (_, _, colour) in WORDS.items()
        }
        self._set_up_page()

    def write_head(self, *, place: str, as_of: date, version: str, is_demonstration: bool) -> None:
        """Write the title, the legend and the header, and keep them in sight."""
        chosen = self.criteria_set
        self._line(f"Kết quả đánh giá: {chosen.name_vi}", style="title")
        self._line(f"Results: {chosen.name_en}", style="subtitle")
        self._line(
            f"Địa bàn / Area: {place}   ·   Tính đến ngày / As of: {as_of:%d/%m/%Y}   ·   "
            f"Bộ tiêu chí / Set: {chosen.code}, {version}"
        )
        if is_demonstration:
            for column in range(self._width):
                self.sheet.write_blank(self.row, column, None, self._styles["mark"])
            self._line(DEMONSTRATION, style="mark")
        for place_number, (verdict, (vi, en, _)) in enumerate(WORDS.items()):
            first, last = ((1, 1), (2, 4), (5, 6), (7, 8), (9, 10))[place_number]
            for column in range(first, last + 1):
                self.sheet.write_blank(self.row, column, None, self._legend[verdict])
            self.sheet.write_string(self.row, first, f"{vi} / {en}", self._legend[verdict])
        self.row += 2
        self._write_header()

    def write_block(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write areas: counts as numbers, codes as text, a verdict as a word."""
        for row in rows:
            self._write_area(row)

    def finish(self) -> None:
        """Fill the cells by their words, in the program that shows them."""
        first, last = self._header_row + 1, max(self.row - 1, self._header_row + 1)
        for start, end in ((4, 4), (len(_FIXED), self._width - 1)):
            for verdict, (word, _, _) in WORDS.items():
                rule = {"type": "cell", "criteria": "==", "value": f'"{word}"'}
                self.sheet.conditional_format(
                    first, start, last, end, {**rule, "format": self._fills[verdict]}
                )
        self.sheet.autofilter(self._header_row, 0, last, self._width - 1)

    @property
    def _width(self) -> int:
        return len(_FIXED) + len(self.criteria_set.criteria)

    def _set_up_page(self) -> None:
        for column, (_, width) in enumerate(_FIXED):
            self.sheet.set_column(column, column, width)
        self.sheet.set_column(len(_FIXED), self._width - 1, _CRITERION_WIDTH)
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&L&8&F · &A&R&8&P / &N")
        self.sheet.hide_gridlines(2)

    def _line(self, content: str, *, style: str = "plain") -> None:
        self.sheet.write_string(self.row, 0, content, self._styles[style])
        self.row += 1

    def _write_header(self) -> None:
        self._header_row = self.row
        self.sheet.set_row(self.row, _HEADER_HEIGHT)
        for column, (name, _) in enumerate(_FIXED):
            self.sheet.write_string(self.row, column, name, self._styles["header"])
        for place, criterion in enumerate(self.criteria_set.criteria):
            name = f"{criterion.number}. {criterion.name_vi}\n{criterion.name_en}"
            column = len(_FIXED) + place
            self.sheet.write_string(self.row, column, name, self._styles["criterion"])
        self.row += 1
        self.sheet.freeze_panes(self.row, 2)
        self.sheet.repeat_rows(self._header_row)

    def _write_area(self, row: Mapping[str, Any]) -> None:
        styles, sheet, number = self._styles, self.sheet, self.row
        name = f"{row['designation']} {row['name']}".strip()
        sheet.write_string(number, 0, row["code"], styles["text"])
        sheet.write_string(number, 1, name, styles["text"])
        if row["verdict_code"] is None:
            for column in range(2, self._width):
                word = NOT_JUDGED if column == 4 else UNKNOWN
                sheet.write_string(number, column, word, styles["word"])
        else:
            sheet.write_number(number, 2, row["criteria_met"], styles["integer"])
            sheet.write_number(number, 3, row["indicators_met"], styles["integer"])
            verdict = WORDS[Verdict(row["verdict_code"])][0]
            sheet.write_string(number, 4, verdict, styles["word"])
            sheet.write_datetime(number, 5, row["effective_on"], styles["day"])
            for place, code in enumerate(bytes(row["criteria"])):
                word = WORDS[Verdict(code)][0]
                sheet.write_string(number, len(_FIXED) + place, word, styles["word"])
        self.row += 1
