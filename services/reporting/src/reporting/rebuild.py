"""Forgets all copies and facts; the worker's readers then fill them again from both feeds."""

import asyncio

from chungsuc.database import Database

from reporting.facts import service
from reporting.settings import RebuildSettings


async def rebuild() -> None:
    """Empty the facts and rewind the readers in one transaction."""
    database = Database(RebuildSettings().database_url.get_secret_value(), pool_size=1)  # type: ignore[call-arg]
    try:
        async with database.session_scope() as session:
            await service.begin_rebuild(session)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(rebuild())
