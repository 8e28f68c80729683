"""Use cases of imports: taking a file, and showing what came of it."""

import asyncio
import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from chungsuc import access, jobs, pagination, streams
from chungsuc.access import NATION, Principal
from chungsuc.database import Database
from chungsuc.jobs import Job
from chungsuc.pagination import Page, PageRequest
from chungsuc.problems import FieldError, Invalid
from chungsuc.text import Text
from fastapi.responses import StreamingResponse
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.observations.imports import repository, tables
from criteria.observations.imports.cells import DecimalMark
from criteria.observations.imports.errors import FileRefused, FileTypeUnknown, ImportNotFound
from criteria.observations.imports.repository import NewImport
from criteria.observations.imports.schemas import ImportErrorOut, ImportOut, Mode
from criteria.observations.service import WRITERS
from criteria.registers.documents import repository as documents_repository

KIND = "import_observations"
ERROR_COLUMNS = ("line", "column", "value", "code", "reason_vi", "reason_en")


@dataclass(frozen=True)
class Request:
    """What the sender said beside the file."""

    media_type: str
    mode: Mode
    is_dry_run: bool
    observed_on: date | None
    decimal_mark: DecimalMark | None
    document_id: str | None
    is_demonstration: bool


async def start_import(
    session: AsyncSession, content: bytes, asked: Request, *, principal: Principal, now: datetime
) -> Job:
    """Keep a file and start reading it, in one transaction.

    Errors: 415 and 422 for a file that cannot be one, 413 for one that unpacks to too much.
    """
    access.require_role(principal, WRITERS)
    await asyncio.to_thread(_check_file, content, asked.media_type)
    if asked.document_id and not await documents_repository.find(session, asked.document_id):
        detail = Text("không có văn bản này", "no such document")
        raise Invalid(detail, errors=[FieldError("document_id", "unknown-document", detail)])
    job = await jobs.start(session, kind=KIND, arguments={}, created_by=principal.subject)
    wanted = NewImport(
        content=content,
        content_hash=hashlib.sha256(content).hexdigest(),
        author=principal.subject,
        **vars(asked),
    )
    await repository.add_import(session, job.id, wanted, grants=principal.grants, recorded_at=now)
    return job


async def get_import(
    session: AsyncSession, import_id: uuid.UUID, *, principal: Principal
) -> ImportOut:
    """Return an import that the caller sent, or any to an administrator of the nation."""
    row = await _get_visible(session, import_id, principal=principal)
    result = row.result or {}
    shown = {name: result.get(name) for name in ImportOut.model_fields if name not in row._mapping}
    return ImportOut.model_validate({**dict(row._mapping), **shown})


async def list_errors(
    session: AsyncSession, import_id: uuid.UUID, *, page: PageRequest, principal: Principal
) -> Page[ImportErrorOut]:
    """Return the reasons against rows, in the order of the file."""
    await _get_visible(session, import_id, principal=principal)
    rows = await repository.list_errors(
        session, import_id, after=_after(page), limit=page.limit + 1
    )
    items, following = pagination.page_of(
        rows, limit=page.limit, key=lambda row: [row.line, row.block, row.place]
    )
    return Page(
        items=[ImportErrorOut.model_validate(dict(row._mapping)) for row in items], next=following
    )


async def stream_errors(
    database: Database,
    session: AsyncSession,
    import_id: uuid.UUID,
    *,
    form: Literal["ndjson", "csv"],
    principal: Principal,
) -> StreamingResponse:
    """Return all reasons at once, to be mended in a spreadsheet."""
    await _get_visible(session, import_id, principal=principal)
    statement, values = repository.errors_query(import_id)
    return streams.stream(database, statement, values, form=form, columns=ERROR_COLUMNS)


def _check_file(content: bytes, media_type: str) -> None:
    if not content:
        raise FileRefused(Text("tệp rỗng", "the file is empty"))
    if media_type == tables.XLSX_TYPE:
        tables.check_workbook(content)
    elif media_type != tables.CSV_TYPE:
        raise FileTypeUnknown


async def _get_visible(
    session: AsyncSession, import_id: uuid.UUID, *, principal: Principal
) -> Row[tuple[object, ...]]:
    row = await repository.find_shown(session, import_id)
    is_administrator = any(
        grant.role == "administrator" and grant.area == NATION for grant in principal.grants
    )
    if row is None or (row.author != principal.subject and not is_administrator):
        raise ImportNotFound
    return row


def _after(page: PageRequest) -> tuple[int, int, int] | None:
    if page.cursor is None:
        return None
    is_key = all(type(part) is int and abs(part) < 2**31 for part in page.cursor)
    if len(page.cursor) != 3 or not is_key:
        raise pagination.foreign_cursor()
    line, block, place = page.cursor
    return line, block, place
