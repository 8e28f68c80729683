"""The rebuild as long work: empties everything, then watches the readers fill it again."""

import asyncio
from typing import Any

from chungsuc.jobs import JobContext
from chungsuc.problems import Unavailable
from chungsuc.text import Text

from reporting.facts import repository, service

KIND = "rebuild"
LONGEST_SECONDS = 3600


async def rebuild(context: JobContext) -> dict[str, Any]:
    """Rebuild all facts from both feeds; the result is their digest. Safe to run again."""
    async with context.session_scope() as session:
        await service.begin_rebuild(session)
    for _ in range(LONGEST_SECONDS):
        await asyncio.sleep(1)
        if await _has_caught_up(context):
            async with context.session_scope() as session:
                return {"digest": await service.facts_digest(session)}
    raise Unavailable(
        Text("Sau một giờ vẫn chưa đọc xong các luồng", "The feeds were not read within an hour")
    )


async def _has_caught_up(context: JobContext) -> bool:
    async with context.session_scope() as session:
        done, total = await repository.count_read(session)
        has_caught_up = await repository.has_caught_up(session)
    await context.progress(done, total)
    return has_caught_up
