"""The registers as the feed of criteria brings them: the last state of each row in a batch."""

from collections.abc import Sequence

from chungsuc.changes import FeedItem
from sqlalchemy.ext.asyncio import AsyncSession

from funding.registers import repository

RESOURCES = ("area", "organisation", "document")


async def apply(session: AsyncSession, items: Sequence[FeedItem]) -> None:
    """Apply one batch in the reader's transaction."""
    for resource in RESOURCES:
        last = {item.resource_id: item.body for item in items if item.resource == resource}
        await repository.store(session, resource=resource, bodies=list(last.values()))


async def reset(session: AsyncSession) -> None:
    """Prepare to read the feed again from its beginning."""
    await repository.empty(session)
