"""COPY inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession


async def copy_rows(
    session: AsyncSession, *, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert these rows in one go."""
    raw = await (await session.connection()).get_raw_connection()
    connection: Any = raw.driver_connection
    async with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            await copy.write_row(row)
