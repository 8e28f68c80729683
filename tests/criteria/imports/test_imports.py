"""Files of observations: good rows are recorded, each bad one is named, nothing is half-written."""

import io
import uuid
import zipfile
from datetime import date, datetime
from typing import Any

import httpx
import openpyxl
import pytest
from chungsuc.clock import FixedClock
from chungsuc.database import Database
from chungsuc.jobs import JobContext
from criteria.observations.imports import jobs, tables
from sqlalchemy import text

from tests.criteria import world
from tests.criteria.imports.conftest import IMPORTS, Send, post_file, run_job, workbook_of

DAY = "2023-06-30"
HEADER = "area_code,observed_on,road_share,plan_approved"


async def count_values(database: Database) -> int:
    async with database.read_scope() as session:
        return int(await session.scalar(text("SELECT count(*) FROM observation")) or 0)


async def value_of(client: httpx.AsyncClient, area: str, measure: str) -> Any:
    query = {"area": area, "measure": measure}
    items = (await client.get("/v1/observations", params=query)).json()["items"]
    return items[0]["value"] if items else None


async def test_a_filled_template_imports_without_edits_and_is_judged(
    office: httpx.AsyncClient, send: Send
) -> None:
    query = {"criteria_set": "xa-standard", "under": world.NORTH, "as_of": DAY}
    answer = await office.get("/v1/observations/templates", params=query)
    assert answer.status_code == 200, answer.text
    workbook = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = workbook.worksheets[0]
    codes = [cell.value for cell in sheet[4]]
    assert codes[:3] == ["area_code", "name", "observed_on"]
    assert [row[0].value for row in sheet.iter_rows(min_row=5)] == [
        world.CODES[area] for area in world.COMMUNES[:4]
    ]
    assert isinstance(sheet["C5"].value, datetime)
    filled: dict[str, Any] = {
        "plan_approved": "có",
        "road_share": 95,
        "water_share": 95.5,
        "school_level": 2,
        "income": 42.125,
    }
    for code, value in filled.items():
        sheet.cell(5, codes.index(code) + 1).value = value
    buffer = io.BytesIO()
    workbook.save(buffer)
    found = await send(buffer.getvalue())
    assert found["reasons"] == []
    assert (found["outcome"], found["values_recorded"], found["rows"]) == ("recorded", 5, 4)
    judged = await office.get(
        f"/v1/assessments/{world.COMMUNES[0]}",
        params={"criteria_set": "xa-standard", "as_of": "2023-12-31"},
    )
    assert judged.json()["criteria_met"] == 3
    assert await value_of(office, world.COMMUNES[0], "income") == "42.125"


async def test_long_rows_name_their_measure(office: httpx.AsyncClient, send: Send) -> None:
    rows = f"mã;số liệu;giá trị;ngày\n00100;road_share;89,99;30/06/2023\n00101;income;5;{DAY}\n"
    found = await send(rows)
    assert (found["outcome"], found["reasons"]) == ("recorded", [])
    assert await value_of(office, world.COMMUNES[0], "road_share") == "89.99"


async def test_one_bad_row_keeps_an_atomic_file_out_and_each_reason_names_its_cell(
    country: Database, send: Send
) -> None:
    rows = [
        HEADER,
        f"00100,{DAY},95,có",
        f"99999,{DAY},95,",
        f"00101,{DAY},101,maybe",
        "00102,2099-01-01,95,",
        f"00103,{DAY},=1+1,",
    ]
    found = await send("\n".join(rows))
    assert found["outcome"] == "refused"
    assert found["values_recorded"] == 0
    assert set(found["reasons"]) == {
        (3, "road_share", "unknown-area"),
        (4, "road_share", "out-of-range"),
        (4, "plan_approved", "not-yes-or-no"),
        (5, "road_share", "future-date"),
        (6, "road_share", "not-a-number"),
    }
    assert await count_values(country) == 0


async def test_a_partial_file_records_its_good_rows(country: Database, send: Send) -> None:
    rows = f"{HEADER}\n00100,{DAY},95,có\n99999,{DAY},95,\n00101,{DAY},oops,không\n"
    found = await send(rows, mode="partial")
    assert found["outcome"] == "partly_recorded"
    assert (found["values_recorded"], found["errors"]) == (3, 2)
    assert await count_values(country) == 3


@pytest.mark.parametrize("mode", ["atomic", "partial"])
async def test_a_dry_run_tells_all_and_writes_nothing(
    country: Database, send: Send, mode: str
) -> None:
    found = await send(f"{HEADER}\n00100,{DAY},95,có\n", mode=mode, dry_run=True)
    assert (found["outcome"], found["values_recorded"]) == ("checked", 2)
    assert await count_values(country) == 0


@pytest.mark.parametrize("mode", ["atomic", "partial"])
async def test_a_job_that_runs_again_after_a_crash_doubles_nothing(
    office: httpx.AsyncClient, country: Database, clock: FixedClock, mode: str
) -> None:
    content = f"{HEADER}\n00100,{DAY},95,có\n".encode()
    job_id = (await post_file(office, content, mode=mode)).json()["id"]
    context = JobContext(country, uuid.UUID(job_id), {})
    first = await jobs.run_import(context, clock=clock)
    again = await jobs.run_import(context, clock=clock)
    assert first == again
    assert again["values_recorded"] == 2
    assert await count_values(country) == 2


async def test_the_same_request_twice_is_one_import(office: httpx.AsyncClient) -> None:
    headers = {**world.fresh_key(), "Content-Type": tables.CSV_TYPE}
    content = f"{HEADER}\n00100,{DAY},95,có\n".encode()
    first = await office.post(IMPORTS, content=content, headers=headers)
    again = await office.post(IMPORTS, content=content, headers=headers)
    other = await office.post(IMPORTS, content=content + b"\n", headers=headers)
    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 422


async def test_percent_cells_are_taken_as_percent_and_told(
    office: httpx.AsyncClient, send: Send
) -> None:
    rows: list[list[Any]] = [["area_code", "observed_on", "road_share"], ["00100", DAY, 0.95]]
    found = await send(workbook_of(rows, C2="0%"))
    assert (found["outcome"], found["percent_cells"]) == ("recorded", 1)
    assert await value_of(office, world.COMMUNES[0], "road_share") == "95"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=1+1", "formula"),
        ("1.234", "ambiguous-number"),
        ("1,234", "ambiguous-number"),
        ("abc", "not-a-number"),
        (date(2023, 1, 1), "date-as-number"),
        (True, "not-a-number"),
        (0.12345, "too-many-places"),
        ("5%", "percent-of-other-unit"),
    ],
)
async def test_a_cell_that_is_no_exact_number_is_refused(send: Send, cell: Any, code: str) -> None:
    rows = [["area_code", "observed_on", "income"], ["00100", DAY, cell]]
    found = await send(workbook_of(rows))
    assert found["reasons"] == [(2, "income", code)]


@pytest.mark.parametrize(
    ("written", "mark", "value"),
    [
        ("12,5", None, "12.5"),
        ("12.5", None, "12.5"),
        ("1.234,5", None, "1234.5"),
        ("1,234.5", None, "1234.5"),
        ("1.234.567", None, "1234567"),
        ("1.234", "point", "1.234"),
        ("1.234", "comma", "1234"),
        ("0,125", None, "0.125"),
    ],
)
async def test_numbers_as_text_are_read_exactly(
    office: httpx.AsyncClient, send: Send, written: str, mark: str | None, value: str
) -> None:
    query = {"decimal_mark": mark} if mark else {}
    found = await send(f"area_code\tobserved_on\tincome\n00100\t{DAY}\t{written}\n", **query)
    assert found["reasons"] == []
    assert await value_of(office, world.COMMUNES[0], "income") == value


async def test_an_ambiguous_number_and_a_code_without_zeros_are_never_guessed(send: Send) -> None:
    rows: list[list[Any]] = [
        ["area_code", "observed_on", "income"],
        [100, DAY, 5],
        ["00101", None, 5],
    ]
    found = await send(workbook_of(rows))
    assert found["reasons"] == [
        (2, "area_code", "code-is-a-number"),
        (3, "observed_on", "date-missing"),
    ]


async def test_repeated_values_and_unknown_columns_are_named(send: Send) -> None:
    rows = f"{HEADER},mystery\n00100,{DAY},95,,x\n{world.COMMUNES[0]},{DAY},96,,\n"
    found = await send(rows)
    assert set(found["reasons"]) == {
        (1, "mystery", "unknown-column"),
        (3, "road_share", "repeated-value"),
    }


async def test_an_area_of_others_is_refused_row_by_row(client_for: Any, send: Send) -> None:
    async with client_for("commune_officer@acommune0") as client:
        rows = f"{HEADER}\n00100,{DAY},95,\n00101,{DAY},95,\n"
        found = await send(rows, client=client, mode="partial")
    assert (found["values_recorded"], found["reasons"]) == (1, [(3, "road_share", "forbidden")])


async def test_an_import_is_seen_by_its_author_alone(
    client_for: Any, office: httpx.AsyncClient
) -> None:
    job_id = (await post_file(office, f"{HEADER}\n".encode())).json()["id"]
    async with client_for("auditor@vn", subject="stranger") as client:
        assert (await client.get(f"{IMPORTS}/{job_id}")).status_code == 404
        assert (await client.get(f"{IMPORTS}/{job_id}/errors")).status_code == 404
        assert (await post_file(client, b"x")).status_code == 403


async def test_errors_are_a_file_too(
    office: httpx.AsyncClient, country: Database, clock: FixedClock
) -> None:
    answer = await post_file(office, f"{HEADER}\n99999,{DAY},95,\n".encode())
    await run_job(country, clock, answer.json()["id"])
    place = f"{IMPORTS}/{answer.json()['id']}/errors"
    lines = (await office.get(place, headers={"Accept": "text/csv"})).text.splitlines()
    assert lines[0] == "line,column,value,code,reason_vi,reason_en"
    assert lines[1].startswith("2,road_share,95,unknown-area,")


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(160):
                part.write(b" " * 2**20)
    return buffer.getvalue()


def entity_attack() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", '<!DOCTYPE t [<!ENTITY a "a">]><Types/>')
    return buffer.getvalue()


def corrupted() -> bytes:
    """A workbook whose packed parts were overwritten, its directory intact."""
    content = bytearray(workbook_of([["area_code", "income"], ["00100", 5]]))
    start = content.find(b"PK\x03\x04") + 60
    content[start : start + 40] = b"\xff" * 40
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"", tables.CSV_TYPE, 422, "file-refused"),
        (b"not a workbook", tables.XLSX_TYPE, 422, "file-refused"),
        (b"PK\x03\x04 cut short", tables.XLSX_TYPE, 422, "file-refused"),
        (corrupted(), tables.XLSX_TYPE, 422, "file-refused"),
        (bomb(), tables.XLSX_TYPE, 413, "file-too-large"),
        (entity_attack(), tables.XLSX_TYPE, 422, "file-refused"),
        (b"x" * (tables.MAXIMUM_BYTES + 1), tables.CSV_TYPE, 413, "file-too-large"),
        (b"{}", "application/json", 415, "file-type-unknown"),
    ],
    ids=["empty", "text", "cut", "corrupted", "bomb", "entities", "large", "json"],
)
async def test_a_file_that_cannot_be_one_is_refused_at_once(
    office: httpx.AsyncClient, content: bytes, media_type: str, status: int, code: str
) -> None:
    answer = await post_file(office, content, media_type=media_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("một,hai\n1,2\n".encode("utf-16"), "file-refused"),
        (b"area_code,road_share\n\x00", "file-refused"),
        ("\n".join(["area_code,road_share"] * 20_001).encode(), "file-too-large"),
        (("area_code" + ",a" * 500).encode(), "file-too-large"),
    ],
    ids=["utf-16", "nul", "rows", "columns"],
)
async def test_a_file_that_cannot_be_read_fails_as_a_whole(
    send: Send, content: bytes, code: str
) -> None:
    found = await send(content)
    assert (found["state"], found["problem"]["code"]) == ("failed", code)


@pytest.mark.parametrize(
    ("content", "code"), [("a,b\n1,2\n", "no-header"), (f"{HEADER}\n", "no-values")]
)
async def test_a_file_without_header_or_values_says_so(send: Send, content: str, code: str) -> None:
    found = await send(content)
    assert [reason[2] for reason in found["reasons"]] == [code]
