"""Whether a node of the tree covers an area on a date: what grants are checked with."""

from datetime import date
from functools import partial

from chungsuc.access import NATION, Covers
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers.areas import lookup, read_repository

_CACHE = "covers"


def covers_for(session: AsyncSession) -> Covers:
    """Return `covers` bound to a session, as `access.require_grant` takes it."""
    return partial(covers, session)


async def covers(session: AsyncSession, node: str, target: str, on: date) -> bool:
    """Say whether the target lies at or below the node on the date.

    A node that has ended by then passes to a successor only over `whole` lineage. A node is an id:
    a code would cover whoever bears it next. Answers are kept for the life of the session.
    """
    cache: dict[tuple[str, str, date], bool] = session.info.setdefault(_CACHE, {})
    key = (node, target, on)
    if key not in cache:
        cache[key] = await _covers(session, node, target, on)
    return cache[key]


async def _covers(session: AsyncSession, node: str, target: str, on: date) -> bool:
    ancestors = (await read_repository.list_ancestors(session, [target], on=on)).get(target)
    if ancestors is None:
        return False
    if node == NATION or node in ancestors:
        return True
    reaches = await lookup.reach_on(session, node, on=on, is_forward=True)
    return any(r.extent == "whole" and r.area_id in ancestors for r in reaches)
