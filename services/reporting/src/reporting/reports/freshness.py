"""Read your write: waiting a little for named changes to arrive in the facts."""

import asyncio
import re
from collections.abc import Sequence
from typing import NamedTuple

from chungsuc.database import Database
from chungsuc.http import HTTPError
from chungsuc.problems import FieldError, Invalid, Unavailable
from chungsuc.text import Text

from reporting.clients import sources
from reporting.clients.sources import Sources
from reporting.reports import repository

WAIT_SECONDS = 2.0
POLL_SECONDS = 0.05
_CHANGE = re.compile(r"^(criteria|funding):([1-9][0-9]{0,17})$")


class NamedChange(NamedTuple):
    """A change as the `Change-Id` of a write named it."""

    source: str
    id: int


def parse_changes(named: Sequence[str]) -> list[NamedChange]:
    """Read `service:change id` values, or answer 422."""
    changes = []
    for value in named:
        found = _CHANGE.match(value)
        if found is None:
            reason = Text("gửi đúng giá trị Change-Id đã nhận", "send a Change-Id as received")
            raise Invalid(reason, errors=[FieldError("fresh_after", "not-a-change", reason)])
        changes.append(NamedChange(found[1], int(found[2])))
    return changes


async def wait_for(
    database: Database, changes: Sequence[NamedChange], *, clients: Sources, token: str
) -> bool:
    """Say whether all these changes are in the facts, waiting at most two seconds for them."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    positions: dict[NamedChange, int] = {}
    while True:
        for change in changes:
            if change not in positions:
                place = await _find_place(change, clients=clients, token=token, until=deadline)
                positions |= {change: place} if place is not None else {}
        if len(positions) == len(set(changes)) and await _are_seen(database, positions):
            return True
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)


async def _are_seen(database: Database, positions: dict[NamedChange, int]) -> bool:
    async with database.read_scope() as session:
        seen = {row.source: row.position for row in await repository.list_cursors(session)}
    return all(position <= seen.get(c.source, 0) for c, position in positions.items())


async def _find_place(
    change: NamedChange, *, clients: Sources, token: str, until: float
) -> int | None:
    client = clients[change.source]
    try:
        async with asyncio.timeout_at(until):
            return await sources.find_position(
                client, source=change.source, change_id=change.id, token=token
            )
    except (HTTPError, Unavailable, TimeoutError):
        return None
