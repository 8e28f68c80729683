"""The province overview as a workbook: Vietnamese first, English beside, every cell typed."""

import io
from collections.abc import Sequence
from decimal import Decimal

from reporting.exports import page
from reporting.exports.page import Cell, Page
from reporting.reports.schemas import (
    ChildRow,
    MoneyFigures,
    ProvinceOverview,
    SetResults,
    TargetResult,
)

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DONG_PER_MILLION = 1_000_000
DEMONSTRATION = (
    "SỐ LIỆU MINH HOẠ — không dùng làm báo cáo chính thức / "
    "DEMONSTRATION DATA — not for official reports"
)
_WIDTHS = (20, 46, 13, *[13.5] * 9)
_MONEY_HEADER = (
    "Vốn kế hoạch\nPlan",
    "Trong đó: kéo dài\nOf it: extended",
    "Đã phân bổ\nAllocated",
    "Chưa phân bổ\nUnallocated",
    "Tỷ lệ phân bổ (%)\nAllocated (%)",
    "Giải ngân\nDisbursed",
    "Tạm ứng chưa thu hồi\nAdvances",
    "Thanh toán KLHT\nCompleted",
    "Tỷ lệ giải ngân (%)\nDisbursed (%)",
)
_KINDS = {"investment": "Đầu tư\nInvestment", "recurrent": "Sự nghiệp\nRecurrent"}


def to_millions(vnd: int) -> int:
    """Round đồng to million đồng, half up (away from zero), once."""
    rounded = (abs(vnd) * 2 + DONG_PER_MILLION) // (2 * DONG_PER_MILLION)
    return -rounded if vnd < 0 else rounded


def write(report: ProvinceOverview) -> bytes:
    """Return the workbook of a report: the figures, their sources, and the criteria one by one."""
    buffer = io.BytesIO()
    with page.open_workbook(buffer) as workbook:
        _write_figures(Page(workbook, "Tổng quan", widths=_WIDTHS), report)
        _write_sources(Page(workbook, "Nguồn số liệu", widths=(24, 62, 18, 18, 22)), report)
        criteria = Page(workbook, "Tiêu chí", widths=(9, 62, *[14] * 6))
        _write_head(criteria, report)
        for result in report.results:
            _write_criteria(criteria, result)
    return buffer.getvalue()


def _write_head(sheet: Page, report: ProvinceOverview) -> None:
    area = report.area
    place = f"{area.designation} {area.name}".strip()
    sheet.line(f"{report.name_vi}: {place}", style="title")
    sheet.line(f"{report.name_en}: {area.name}", style="subtitle")
    sheet.line(
        f"Số liệu đến ngày / As of: {report.as_of:%d/%m/%Y}   ·   "
        f"Năm ngân sách / Budget year: {report.money.budget_year}   ·   "
        f"Mã địa bàn / Area code: {area.code}   ·   "
        f"Số xã / Communes: {report.coverage.communes}"
    )
    if report.is_demonstration:
        sheet.line(DEMONSTRATION, style="mark")
    sheet.freeze()
    sheet.skip()


def _write_figures(sheet: Page, report: ProvinceOverview) -> None:
    _write_head(sheet, report)
    sheet.line("I. Kết quả theo bộ tiêu chí / Results by criteria set", style="section")
    sheet.table(
        (
            "Mã\nCode",
            "Bộ tiêu chí\nCriteria set",
            "Số đơn vị\nAreas",
            "Đã đánh giá\nAssessed",
            "Tổng số tiêu chí\nCriteria",
            "Tiêu chí đạt b/q một đơn vị\nMean criteria met",
            "Chỉ tiêu đạt b/q một đơn vị\nMean indicators met",
            "Số đơn vị đạt tất cả\nMeeting all",
            "Tỷ lệ đơn vị đạt (%)\nMeeting all (%)",
        ),
        [_set_row(result) for result in report.results],
    )
    sheet.skip()
    _write_bands(sheet, report.results)
    _write_money(sheet, report)
    _write_targets(sheet, report.targets)
    _write_children(sheet, report.children)


def _set_row(result: SetResults) -> list[Cell]:
    return [
        result.criteria_set.code,
        _both(result.criteria_set.name_vi, result.criteria_set.name_en),
        result.areas,
        result.assessed,
        result.criteria_total,
        _decimal(result.criteria_met_mean.printed),
        _decimal(result.indicators_met_mean.printed),
        result.meeting_all,
        _decimal(result.meeting_all_rate),
    ]


def _write_bands(sheet: Page, results: Sequence[SetResults]) -> None:
    rows: list[list[Cell]] = [
        [
            result.criteria_set.code,
            _both(band.name_vi, band.name_en),
            band.least,
            band.most,
            band.areas,
            _decimal(band.rate),
        ]
        for result in results
        for band in result.bands
    ]
    if not rows:
        return
    sheet.line("II. Số đơn vị theo số tiêu chí đạt / Areas by criteria met", style="section")
    sheet.table(
        (
            "Mã\nCode",
            "Nhóm\nBand",
            "Từ\nFrom",
            "Đến\nTo",
            "Số đơn vị\nAreas",
            "Tỷ lệ (%)\nShare (%)",
        ),
        rows,
    )
    sheet.skip()


def _write_money(sheet: Page, report: ProvinceOverview) -> None:
    money = report.money
    sheet.line(
        f"III. Vốn năm {money.budget_year}, đơn vị: triệu đồng / "
        f"Capital of {money.budget_year}, in million đồng",
        style="section",
    )
    rows = [
        [
            entry.programme.code,
            _both(entry.programme.name_vi, entry.programme.name_en),
            _kind(entry.capital_kind),
            *_money_cells(entry),
        ]
        for entry in money.programmes
    ]
    kinds = [
        ["", "Cộng / Subtotal", _kind(k.capital_kind), *_money_cells(k)]
        for k in money.by_capital_kind
    ]
    total = ["", "TỔNG SỐ / TOTAL", "", *_money_cells(money.total)]
    sheet.table(
        ("Mã\nCode", "Chương trình\nProgramme", "Loại vốn\nCapital kind", *_MONEY_HEADER),
        rows,
        totals=[*kinds, total],
    )
    sheet.line(
        "Mỗi ô làm tròn một lần từ số đồng chính xác, nên dòng cộng có thể lệch tổng các dòng. / "
        "Each cell is rounded once from exact đồng: totals may differ from the sum of rows.",
        style="note",
    )
    sheet.skip()


def _money_cells(money: MoneyFigures) -> list[Cell]:
    return [
        to_millions(money.plan_vnd),
        to_millions(money.extended_vnd),
        to_millions(money.allocated_vnd),
        to_millions(money.unallocated_vnd),
        _decimal(money.allocated_rate),
        to_millions(money.disbursed_vnd),
        to_millions(money.advance_outstanding_vnd),
        to_millions(money.completed_vnd),
        _decimal(money.disbursed_rate),
    ]


def _write_targets(sheet: Page, targets: Sequence[TargetResult]) -> None:
    if not targets:
        return
    sheet.line("IV. Mục tiêu được giao / Targets", style="section")
    sheet.table(
        (
            "Kết quả\nResult",
            "Văn bản\nDocument",
            "Năm\nYear",
            "Kế hoạch\nPlan",
            "Thực hiện\nActual",
            "Tỷ lệ (%)\nReached (%)",
            "Bộ tiêu chí\nCriteria set",
        ),
        [
            [
                target.result,
                target.document,
                str(target.year),
                _decimal(target.planned_value),
                _decimal(target.actual_printed),
                _decimal(target.attainment_rate),
                target.criteria_set,
            ]
            for target in targets
        ],
    )
    sheet.skip()


def _write_children(sheet: Page, children: Sequence[ChildRow]) -> None:
    if not children:
        return
    sheet.line(
        "V. Theo địa bàn, vốn tính bằng triệu đồng / By area, capital in million đồng",
        style="section",
    )
    sheet.table(
        (
            "Mã\nCode",
            "Địa bàn\nArea",
            "Vốn kế hoạch\nPlan",
            "Giải ngân\nDisbursed",
            "Tỷ lệ giải ngân (%)\nDisbursed (%)",
            "Bộ tiêu chí\nCriteria set",
            "Số đơn vị\nAreas",
            "Đã đánh giá\nAssessed",
            "Tiêu chí đạt b/q\nMean met",
            "Số đơn vị đạt tất cả\nMeeting all",
        ),
        [row for child in children for row in _child_rows(child)],
    )


def _child_rows(child: ChildRow) -> list[list[Cell]]:
    """One row per set; the money stands in the first of them, so that a column can be summed."""
    name = f"{child.area.designation} {child.area.name}".strip()
    money: list[Cell] = [
        to_millions(child.plan_vnd),
        to_millions(child.disbursed_vnd),
        _decimal(child.disbursed_rate),
    ]
    results: list[list[Cell]] = [
        [
            r.criteria_set,
            r.areas,
            r.assessed,
            _decimal(r.criteria_met_mean.printed),
            r.meeting_all,
        ]
        for r in child.results
    ] or [[None] * 5]
    return [
        [child.area.code, name, *(money if place == 0 else [""] * 3), *result]
        for place, result in enumerate(results)
    ]


def _write_criteria(sheet: Page, result: SetResults) -> None:
    name = _both(result.criteria_set.name_vi, result.criteria_set.name_en).replace("\n", " / ")
    sheet.line(f"{result.criteria_set.code} — {name}", style="section")
    sheet.table(
        (
            "Số\nNo.",
            "Tiêu chí\nCriterion",
            "Đạt\nMet",
            "Không áp dụng\nNot applicable",
            "Chưa đạt\nNot met",
            "Chưa xác định\nUndetermined",
            "Thiếu số liệu\nMissing",
            "Tỷ lệ đạt (%)\nMet (%)",
        ),
        [
            [
                criterion.number,
                _both(criterion.name_vi, criterion.name_en),
                criterion.met,
                criterion.not_applicable,
                criterion.not_met,
                criterion.undetermined,
                criterion.missing,
                _decimal(criterion.rate),
            ]
            for criterion in result.criteria
        ],
    )
    sheet.skip()


def _write_sources(sheet: Page, report: ProvinceOverview) -> None:
    _write_head(sheet, report)
    sheet.line("Nguồn và mốc đọc / Sources and cursors", style="section")
    sheet.table(
        (
            "Nguồn\nSource",
            "Mốc đọc\nCursor",
            "Thay đổi chưa đọc\nChanges behind",
            "Giây từ lần đọc\nSeconds since read",
        ),
        [
            [
                name,
                state.cursor,
                state.positions_behind,
                None
                if state.seconds_since_read is None
                else Decimal(str(state.seconds_since_read)),
            ]
            for name, state in sorted(report.sources.items())
        ],
    )
    sheet.skip()
    sheet.line("Đường dẫn kiểm chứng / Where the figures come from", style="section")
    rows: list[list[Cell]] = [
        [result.criteria_set.code, result.lineage, result.criteria_set.version]
        for result in report.results
    ]
    rows.append([f"Vốn / Capital {report.money.budget_year}", report.money.total.lineage, ""])
    sheet.table(("Phần\nPart", "Đường dẫn API\nAPI path", "Phiên bản\nVersion"), rows)


def _both(vi: str, en: str) -> str:
    return f"{vi}\n{en}" if en and en != vi else vi


def _kind(code: str) -> str:
    return _KINDS.get(code, code)


def _decimal(printed: str | None) -> Decimal | None:
    return None if printed is None else Decimal(printed)
