"""Sending files, and running the job that reads them."""

import io
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import openpyxl
import pytest
from chungsuc.clock import FixedClock
from chungsuc.database import Database
from chungsuc.jobs import JobRunner
from criteria.observations.imports import jobs, tables

from tests.criteria import world

IMPORTS = "/v1/observations/imports"
Send = Callable[..., Awaitable[dict[str, Any]]]


def workbook_of(rows: Sequence[Sequence[Any]], **formats: str) -> bytes:
    """Make a workbook; `formats` give cells a number format: `B2="0%"`."""
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.worksheets[0].append(list(row))
    for place, number_format in formats.items():
        workbook.worksheets[0][place].number_format = number_format
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


async def post_file(client: httpx.AsyncClient, content: bytes, **query: Any) -> httpx.Response:
    is_workbook = content.startswith(b"PK")
    media_type = tables.XLSX_TYPE if is_workbook else tables.CSV_TYPE
    headers = {**world.fresh_key(), "Content-Type": query.pop("media_type", media_type)}
    return await client.post(IMPORTS, content=content, params=query, headers=headers)


async def run_job(database: Database, clock: FixedClock, job_id: str) -> None:
    await JobRunner(database, jobs.handlers(clock)).run_job(uuid.UUID(job_id))


@pytest.fixture
def send(office: httpx.AsyncClient, country: Database, clock: FixedClock) -> Send:
    """Send a file, run its job and return what came of it, its errors included."""

    async def import_file(
        content: bytes | str, *, client: httpx.AsyncClient = office, **query: Any
    ) -> dict[str, Any]:
        raw = content.encode() if isinstance(content, str) else content
        answer = await post_file(client, raw, **query)
        assert answer.status_code == 202, answer.text
        await run_job(country, clock, answer.json()["id"])
        place = f"{IMPORTS}/{answer.json()['id']}"
        shown: dict[str, Any] = (await client.get(place)).json()
        reasons = (await client.get(f"{place}/errors")).json()["items"]
        return {**shown, "reasons": [(r["line"], r["column"], r["code"]) for r in reasons]}

    return import_file
