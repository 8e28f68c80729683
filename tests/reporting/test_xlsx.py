"""The province overview as a workbook, opened again as a spreadsheet program would."""

import io

import httpx
import openpyxl
import pytest
from chungsuc.database import Database
from openpyxl import Workbook
from reporting.exports import overview

from tests.reporting.conftest import OpenReporting
from tests.reporting.feeds import Sources
from tests.reporting.test_overview import OVERVIEW, add_dien_bien, add_lai_chau


async def workbook_of(client: httpx.AsyncClient, **query: str) -> Workbook:
    answer = await client.get(OVERVIEW, params={"format": "xlsx", **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == overview.XLSX_TYPE
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def rows_of(workbook: Workbook, name: str) -> list[tuple[object, ...]]:
    return list(workbook[name].iter_rows(values_only=True))


@pytest.mark.parametrize(
    ("vnd", "millions"),
    [
        (0, 0),
        (499_999, 0),
        (500_000, 1),
        (1_499_999, 1),
        (-500_000, -1),
        (-499_999, 0),
        (9 * 10**15, 9 * 10**9),
    ],
)
def test_money_is_rounded_half_up_once(vnd: int, millions: int) -> None:
    assert overview.to_millions(vnd) == millions


async def test_results_are_typed_cells(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    async with open_reporting("auditor@vn") as client:
        workbook = await workbook_of(client, area="12", as_of="2023-12-31")
    assert workbook.sheetnames == ["Tổng quan", "Nguồn số liệu", "Tiêu chí"]
    rows = rows_of(workbook, "Tổng quan")
    assert rows[0][0] == "Tổng quan chương trình mục tiêu quốc gia trên địa bàn tỉnh: tỉnh Lai Châu"
    assert "MINH HOẠ" in str(rows[3][0])
    result = next(row for row in rows if row[0] == "ntm-xa-2021-2025")
    assert result[2:9] == (94, 94, 19, 13.9, 41.8, 39, 41.5)
    target = next(row for row in rows if row[2] == "2025")
    assert target[3:6] == (17.3, 13.9, 80.6)
    district = next(row for row in rows if row[1] == "huyện Huyện 0")
    assert district[0] == "120"
    criteria = {row[0]: row for row in rows_of(workbook, "Tiêu chí")}
    assert criteria["19"][2] == 39
    page = workbook["Tổng quan"]
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert page.freeze_panes is not None


async def test_money_is_in_million_dong_with_legal_number_formats(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_dien_bien(sources)
    await sources.read_all(database)
    async with open_reporting("auditor@vn") as client:
        query = {"area": "11", "as_of": "2024-12-31", "budget_year": "2024"}
        workbook = await workbook_of(client, **query)
        report = (await client.get(OVERVIEW, params=query)).json()
    page = workbook["Tổng quan"]
    total = next(row for row in page.iter_rows() if row[1].value == "TỔNG SỐ / TOTAL")
    assert total[3].value == overview.to_millions(report["money"]["total"]["plan_vnd"])
    assert total[3].number_format == "#,##0"
    assert total[7].number_format.startswith("#,##0.0")
    sources_page = {row[0]: row[1] for row in rows_of(workbook, "Nguồn số liệu")}
    assert sources_page["funding"] == report["sources"]["funding"]["cursor"]


async def test_accept_asks_for_the_workbook_too_and_each_format_has_its_own_tag(
    database: Database, sources: Sources, open_reporting: OpenReporting
) -> None:
    add_lai_chau(sources.criteria)
    await sources.read_all(database)
    async with open_reporting("auditor@vn") as client:
        query = {"area": "12", "as_of": "2023-12-31"}
        plain = await client.get(OVERVIEW, params=query)
        sheet = await client.get(OVERVIEW, params=query, headers={"Accept": overview.XLSX_TYPE})
        same = await client.get(
            OVERVIEW,
            params=query,
            headers={"Accept": overview.XLSX_TYPE, "If-None-Match": sheet.headers["etag"]},
        )
    assert plain.headers["content-type"] == "application/json"
    assert sheet.content.startswith(b"PK")
    assert sheet.headers["etag"] != plain.headers["etag"]
    assert same.status_code == 304
    assert 'filename="province-overview-12-2023-12-31.xlsx"' in sheet.headers["content-disposition"]
