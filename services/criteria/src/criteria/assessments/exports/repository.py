"""The SQL of exported results."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

BLOCK_ROWS = 1000
_LIMIT = "SET LOCAL statement_timeout = '60s'"
_ANY_MARK = "SELECT coalesce(bool_or(j.is_demonstration), false) FROM ({judged}) j"

Query = tuple[TextClause, Mapping[str, Any]]


async def has_demonstration(session: AsyncSession, query: Query) -> bool:
    """Say whether any verdict of a list rests on demonstration data."""
    statement, values = query
    await session.execute(text(_LIMIT))
    found = await session.scalar(text(_ANY_MARK.format(judged=statement.text)), dict(values))
    return bool(found)


async def stream_judged(session: AsyncSession, query: Query) -> AsyncIterator[Sequence[RowMapping]]:
    """Give the rows of a list block by block."""
    statement, values = query
    rows = await session.stream(
        statement, dict(values), execution_options={"yield_per": BLOCK_ROWS}
    )
    async for block in rows.mappings().partitions(BLOCK_ROWS):
        yield block
