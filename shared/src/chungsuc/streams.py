"""Whole-country downloads: rows go out in blocks, from a snapshot of their own.

The request's session is closed before the first row is sent, so a stream opens one itself.
"""

import csv
import io
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Executable, text

from chungsuc.database import Database

Format = Literal["json", "ndjson", "csv"]
Row = Mapping[str, Any]
NDJSON_TYPE = "application/x-ndjson"
CSV_TYPE = "text/csv; charset=utf-8"
BLOCK_ROWS = 1000
STATEMENT_TIMEOUT = "60s"
LONGEST_SECONDS = 300

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def wanted_format(request: Request) -> Format:
    """Read from Accept whether the caller wants a page or a whole list."""
    accept = request.headers.get("accept", "")
    if NDJSON_TYPE in accept:
        return "ndjson"
    return "csv" if "text/csv" in accept else "json"


def stream(
    database: Database,
    statement: Executable,
    parameters: Mapping[str, Any],
    *,
    form: Literal["ndjson", "csv"],
    columns: Sequence[str],
    shape: Callable[[Row], Row] = dict,
) -> StreamingResponse:
    """Send every row of a statement, in these columns, as NDJSON or CSV.

    A stream that lasts longer than five minutes is cut, which its client sees as a broken answer.
    """
    encode = _ndjson_block if form == "ndjson" else _csv_block

    async def blocks() -> AsyncIterator[bytes]:
        until = time.monotonic() + LONGEST_SECONDS
        if form == "csv":
            yield _csv_lines([columns])
        async with database.read_scope() as session:
            await session.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
            rows = await session.stream(
                statement, dict(parameters), execution_options={"yield_per": BLOCK_ROWS}
            )
            async for block in rows.mappings().partitions(BLOCK_ROWS):
                if time.monotonic() > until:
                    raise TimeoutError("the stream lasted too long")
                yield encode([shape(dict(row)) for row in block], columns)

    media_type = NDJSON_TYPE if form == "ndjson" else CSV_TYPE
    return StreamingResponse(blocks(), media_type=media_type)


def _ndjson_block(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    lines = (
        json.dumps({name: row[name] for name in columns}, ensure_ascii=False, default=str)
        for row in rows
    )
    return ("\n".join(lines) + "\n").encode()


def _csv_block(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    return _csv_lines([[_cell(row[name]) for name in columns] for row in rows])


def _csv_lines(lines: Sequence[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(lines)
    return buffer.getvalue().encode()


def _cell(value: object) -> object:
    """Keep spreadsheet programs from running what a cell holds."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
