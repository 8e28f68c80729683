"""One engine per process, and the one place where an ORM transaction commits.

`session_scope` is a commit site of the house (the other is the ledger's posting statement). FastAPI
closes it before the answer leaves (`scope="function"`): a failed commit is never answered as done.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine


def driver_url(url: str) -> str:
    """Name the psycopg driver in a plain PostgreSQL URL."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def plain_url(url: str) -> str:
    """Return the URL as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """The connections of one process to its schema."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.engine = create_async_engine(
            driver_url(url), pool_size=pool_size, max_overflow=0, pool_pre_ping=True
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self.autocommit_pool = self._make_pool(pool_size)

    def _make_pool(self, size: int) -> AsyncConnectionPool[Any]:
        return AsyncConnectionPool(
            plain_url(self.url),
            min_size=0,
            max_size=size,
            open=False,
            check=AsyncConnectionPool.check_connection,
            kwargs={"autocommit": True},
        )

    async def open(self) -> None:
        """Open the raw pool; one that was closed before is made anew."""
        if self.autocommit_pool.closed:
            self.autocommit_pool = self._make_pool(self.autocommit_pool.max_size)
        await self.autocommit_pool.open()

    async def close(self) -> None:
        await self.autocommit_pool.close()
        await self.engine.dispose()

    @asynccontextmanager
    async def session_scope(self) -> AsyncIterator[AsyncSession]:
        """Give a transaction that commits when the block ends well."""
        async with self._sessions() as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def read_scope(self) -> AsyncIterator[AsyncSession]:
        """Give a read-only snapshot: every statement in it sees the same moment."""
        async with self.engine.connect() as connection:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            async with AsyncSession(connection, expire_on_commit=False) as session:
                yield session


async def write_session(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.session_scope() as session:
        session.info["request"] = request
        yield session


async def read_session(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.read_scope() as session:
        yield session


WriteSession = Annotated[AsyncSession, Depends(write_session, scope="function")]
ReadSession = Annotated[AsyncSession, Depends(read_session, scope="function")]
