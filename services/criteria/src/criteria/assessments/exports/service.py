"""The use case of exporting results: a country never lies in memory at once."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO, cast

from chungsuc.access import Principal
from chungsuc.database import Database
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging, service
from criteria.assessments import repository as assessments_repository
from criteria.assessments.exports import repository, workbook
from criteria.assessments.exports.workbook import ResultSheet
from criteria.criteria_sets.repository import JudgingSet
from criteria.measures import repository as measures_repository
from criteria.registers.areas.lookup import AreaRow

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_SECONDS = 300
_CHUNK_BYTES = 256 * 1024


async def export_assessments(
    database: Database,
    session: AsyncSession,
    codes: Sequence[str],
    *,
    under: str,
    as_of: date,
    area_kind: str | None,
    principal: Principal,
) -> StreamingResponse:
    """Return the verdicts of the areas under a node as a workbook, one worksheet per set.

    It is written to a file without a name, which is gone as soon as it has been sent.
    """
    node = await service.readable_area(session, under, as_of=as_of, principal=principal)
    sets = await service.judging_sets(session, codes, as_of=as_of)
    # The answer owns the file from here on and closes it.
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            await _write(database, file, sets, node=node, as_of=as_of, area_kind=area_kind)
    except BaseException:
        file.close()
        raise
    name = f"assessments-{node.code}-{as_of.isoformat()}.xlsx"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(file.seek(0, 2)),
    }
    return StreamingResponse(_chunks(file), headers=headers, media_type=XLSX_TYPE)


async def _write(
    database: Database,
    file: BinaryIO,
    sets: Sequence[JudgingSet],
    *,
    node: AreaRow,
    as_of: date,
    area_kind: str | None,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book = workbook.open_workbook(file, folder=folder)
        async with database.read_scope() as session:
            for number, judged_by in enumerate(sets, start=1):
                await _write_set(
                    session,
                    book,
                    judged_by,
                    number=number,
                    node=node,
                    as_of=as_of,
                    area_kind=area_kind,
                )
        await asyncio.to_thread(book.close)


async def _write_set(
    session: AsyncSession,
    book: object,
    judged_by: JudgingSet,
    *,
    number: int,
    node: AreaRow,
    as_of: date,
    area_kind: str | None,
) -> None:
    measures = await measures_repository.list_measures(session)
    compiled = await judging.compiled_set(session, judged_by, measures=measures)
    query = assessments_repository.judged_query(
        [judged_by], under=node.id, as_of=as_of, area_kind=area_kind
    )
    sheet = ResultSheet(book, compiled.criteria_set, number=number)
    sheet.write_head(
        place=service.reference(node).name,
        as_of=as_of,
        version=judged_by.version,
        is_demonstration=await repository.has_demonstration(session, query),
    )
    async for block in repository.stream_judged(session, query):
        await asyncio.to_thread(sheet.write_block, [dict(row) for row in block])
    sheet.finish()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
