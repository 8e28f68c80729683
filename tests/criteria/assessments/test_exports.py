"""Commune results as a workbook, opened again as a spreadsheet program would."""

import io
from typing import Any

import httpx
import openpyxl
from criteria.assessments.exports.service import XLSX_TYPE

from tests.criteria import world

SET = world.STANDARD["code"]
QUERY = {"criteria_set": SET, "under": world.NORTH, "as_of": "2023-12-31"}


async def rows_of(client: httpx.AsyncClient, **query: Any) -> list[tuple[Any, ...]]:
    answer = await client.get("/v1/assessments", params={**QUERY, "format": "xlsx", **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == XLSX_TYPE
    workbook = openpyxl.load_workbook(io.BytesIO(answer.content))
    return list(workbook.worksheets[0].iter_rows(values_only=True))


async def test_each_commune_is_a_row_and_each_criterion_a_word(
    office: httpx.AsyncClient, record: Any
) -> None:
    await record(world.all_met(world.COMMUNES[0], "2023-06-30"))
    await record([world.value(world.COMMUNES[1], "plan_approved", "2023-06-30", False)])
    rows = await rows_of(office)
    found = {row[0]: row for row in rows if str(row[0]).startswith("001")}
    assert list(found) == [world.CODES[area] for area in world.COMMUNES[:4]]
    assert found["00100"][2:5] == (3, 5, "Đạt")
    assert found["00100"][6:9] == ("Đạt", "Đạt", "Đạt")
    assert found["00101"][4] == "Chưa đạt"
    assert found["00101"][6:9] == ("Chưa đạt", "Thiếu số liệu", "Thiếu số liệu")
    assert found["00102"][2:5] == ("–", "–", "Chưa đánh giá")
    assert not any("MINH HOẠ" in str(row[0]) for row in rows)


async def test_demonstration_values_mark_the_sheet(office: httpx.AsyncClient, record: Any) -> None:
    await record(world.all_met(world.COMMUNES[0], "2023-06-30"), is_demonstration=True)
    rows = await rows_of(office)
    assert any("MINH HOẠ" in str(row[0]) for row in rows)


async def test_accept_asks_for_it_too_and_only_for_what_the_caller_may_read(
    client_for: Any,
) -> None:
    async with client_for("auditor@asouth") as client:
        accept = {"Accept": XLSX_TYPE}
        refused = await client.get("/v1/assessments", params=QUERY, headers=accept)
        given = await client.get(
            "/v1/assessments", params={**QUERY, "under": world.SOUTH}, headers=accept
        )
    assert refused.status_code == 403
    assert given.content.startswith(b"PK")
