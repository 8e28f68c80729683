"""Workbooks to fill in: the communes are there, the columns are named, the cells are checked."""

import asyncio
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import xlsxwriter
from chungsuc.access import Principal
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging
from criteria.assessments import service as assessments
from criteria.criteria_sets import tree
from criteria.criteria_sets.model import CriteriaSet
from criteria.measures import repository as measures_repository
from criteria.measures.model import Measure
from criteria.registers.areas import lookup
from criteria.registers.areas.lookup import AreaRow

FONT = "Times New Roman"
A4 = 9
_BASE = {"font_name": FONT, "font_size": 11, "valign": "vcenter"}
_TABLE = {**_BASE, "border": 1, "border_color": "#A6A6A6"}
_HEADER = {**_TABLE, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DDE6F2"}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {**_BASE, "bold": True, "font_size": 14},
    "note": {**_BASE, "italic": True, "font_color": "#404040"},
    "header": {**_HEADER, "font_size": 10},
    "code": {**_TABLE, "font_size": 8, "font_color": "#7F7F7F", "text_wrap": True},
    "text": {**_TABLE, "num_format": "@"},
    "wrapped": {**_TABLE, "num_format": "@", "text_wrap": True},
    "day": {**_TABLE, "num_format": "dd/mm/yyyy", "align": "center"},
}
_TYPES = {
    "share": "tỷ lệ / share",
    "number": "số / number",
    "yes_no": "có, không / yes, no",
    "level": "mức / level",
    "score": "điểm / score",
}
_FIRST_MEASURE = 3
_FIRST_ROW = 4


async def make_template(
    session: AsyncSession, code: str, *, under: str, as_of: date, principal: Principal
) -> bytes:
    """Return a workbook with the areas that a set judges and the measures that it reads."""
    node = await assessments.readable_area(session, under, as_of=as_of, principal=principal)
    (judged_by,) = await assessments.judging_sets(session, [code], as_of=as_of)
    measures = await measures_repository.list_measures(session)
    compiled = await judging.compiled_set(session, judged_by, measures=measures)
    below = await lookup.list_under(session, node.id, on=as_of, area_kind=judged_by.area_kind)
    areas = [area for area in below if area.designation in judged_by.designations]
    wanted = measures_of(compiled.criteria_set, on=as_of)
    return await asyncio.to_thread(
        write,
        compiled.criteria_set,
        [measures[measure] for measure in wanted],
        areas=areas,
        as_of=as_of,
    )


def measures_of(criteria_set: CriteriaSet, *, on: date) -> list[str]:
    """Return the measures that a set reads on a date, in reading order, each once."""
    versions = [indicator.version_on(on) for indicator in criteria_set.indicators]
    found = [code for version in versions if version for code in tree.measures_of(version.rule)]
    return list(dict.fromkeys(found))


def write(
    criteria_set: CriteriaSet,
    measures: Sequence[Measure],
    *,
    areas: Sequence[AreaRow],
    as_of: date,
) -> bytes:
    """Write the workbook: a row to fill in per area, and a sheet that explains the columns."""
    buffer = io.BytesIO()
    options = {"strings_to_formulas": False, "constant_memory": True}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        styles = {key: workbook.add_format(style) for key, style in _STYLES.items()}
        sheet = workbook.add_worksheet("Nhập số liệu")
        _write_head(sheet, criteria_set, measures, styles=styles)
        empty = [
            workbook.add_format({**_TABLE, "num_format": _number_format(measure)})
            for measure in measures
        ]
        for row, area in enumerate(areas, start=_FIRST_ROW):
            name = f"{area.designation} {area.name}".strip()
            sheet.write_string(row, 0, area.code, styles["text"])
            sheet.write_string(row, 1, name, styles["text"])
            sheet.write_datetime(row, 2, as_of, styles["day"])
            for column, style in enumerate(empty, start=_FIRST_MEASURE):
                sheet.write_blank(row, column, None, style)
        for column, measure in enumerate(measures, start=_FIRST_MEASURE):
            last = _FIRST_ROW + max(len(areas), 1) - 1
            sheet.data_validation(_FIRST_ROW, column, last, column, _validation(measure))
        _write_guide(workbook.add_worksheet("Số liệu"), measures, styles=styles)
    return buffer.getvalue()


def _write_head(
    sheet: Any, criteria_set: CriteriaSet, measures: Sequence[Measure], *, styles: dict[str, Any]
) -> None:
    title = f"Phiếu nhập số liệu: {criteria_set.name_vi} / {criteria_set.name_en}"
    sheet.write_string(0, 0, title, styles["title"])
    note = (
        "Điền các ô trống, để trống ô chưa có số liệu; không sửa dòng mã (dòng 4). / "
        "Fill in what is known, leave the rest empty; keep the row of codes (row 4)."
    )
    sheet.write_string(1, 0, note, styles["note"])
    named = ("Mã\nCode", "Đơn vị hành chính\nArea", "Ngày số liệu\nDate")
    names = [*named, *map(_heading, measures)]
    codes = ["area_code", "name", "observed_on", *(measure.code for measure in measures)]
    for row, height, words, style in ((2, 130, names, "header"), (3, 36, codes, "code")):
        sheet.set_row(row, height)
        for column, word in enumerate(words):
            sheet.write_string(row, column, word, styles[style])
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 28)
    sheet.set_column(2, 2, 12)
    sheet.set_column(_FIRST_MEASURE, _FIRST_MEASURE + max(len(measures) - 1, 0), 18)
    sheet.freeze_panes(_FIRST_ROW, _FIRST_MEASURE)
    sheet.repeat_rows(2, 3)
    sheet.repeat_columns(0, 1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_footer("&L&8&A&R&8&P / &N")


def _validation(measure: Measure) -> dict[str, Any]:
    if measure.type == "yes_no":
        return {"validate": "list", "source": ["có", "không"]}
    low, high = measure.text(measure.minimum), measure.text(measure.maximum)
    return {
        "validate": "integer" if measure.scale == 0 else "decimal",
        "criteria": "between",
        "minimum": float(low),
        "maximum": float(high),
        "error_title": "Số liệu không hợp lệ",
        "error_message": f"Từ {low} đến {high} {measure.unit}".strip(),
    }


def _number_format(measure: Measure) -> str:
    if measure.type == "yes_no":
        return "@"
    return "#,##0" + ("." + "#" * measure.scale if measure.scale else "")


def _heading(measure: Measure) -> str:
    unit = f" ({measure.unit})" if measure.unit else ""
    return f"{measure.name_vi}{unit}\n{measure.name_en}"


def _write_guide(sheet: Any, measures: Sequence[Measure], *, styles: dict[str, Any]) -> None:
    columns = (
        ("Mã số liệu\nCode", 34),
        ("Tên\nName (vi)", 60),
        ("Tên tiếng Anh\nName (en)", 60),
        ("Kiểu\nType", 20),
        ("Đơn vị\nUnit", 14),
        ("Từ\nMinimum", 12),
        ("Đến\nMaximum", 16),
    )
    for column, (name, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, styles["header"])
    for row, measure in enumerate(measures, start=1):
        low, high = measure.text(measure.minimum), measure.text(measure.maximum)
        said = (measure.code, measure.name_vi, measure.name_en, _TYPES[measure.type], measure.unit)
        for column, content in enumerate((*said, low, high)):
            sheet.write_string(row, column, content, styles["wrapped"])
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
