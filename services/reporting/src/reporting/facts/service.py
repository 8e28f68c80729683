"""Folding both feeds into facts, and forgetting all of it to read it again."""

from collections.abc import Mapping, Sequence

from chungsuc.changes import FeedItem
from chungsuc.changes.reader import rewind
from sqlalchemy.ext.asyncio import AsyncSession

from reporting.facts import repository
from reporting.registers import repository as registers
from reporting.registers.repository import Fold

CRITERIA_READER = "facts-of-criteria"
FUNDING_READER = "facts-of-funding"

# In the order of what refers to what: a batch may bring a pocket together with its money.
CRITERIA_FOLDS: Mapping[str, Fold] = {
    "area": registers.fold_areas,
    "organisation": registers.fold_organisations,
    "document": registers.fold_documents,
    "criteria_set": registers.fold_criteria_sets,
    "assessment": repository.fold_results,
    "target": repository.fold_targets,
}
FUNDING_FOLDS: Mapping[str, Fold] = {
    "programme": registers.fold_programmes,
    "pocket": registers.fold_pockets,
    "transfer": repository.fold_transfers,
}
# A set's id in the feed is its code, but each of its versions is a row of its own.
KEYS: Mapping[str, Sequence[str]] = {
    "criteria_set": ("code", "version"),
    "assessment": ("area_id", "criteria_set", "on"),
}
CRITERIA_TABLES = (
    "area_span",
    "area_succession",
    "organisation",
    "document",
    "criteria_set",
    "result_fact",
    "target_fact",
)
FUNDING_TABLES = ("money_fact", "posted_line", "posted_transfer", "pocket", "programme")


async def apply_criteria(session: AsyncSession, items: Sequence[FeedItem]) -> None:
    """Fold one batch of the feed of criteria; resources that reports do not need pass by."""
    await _fold(session, items, folds=CRITERIA_FOLDS)


async def apply_funding(session: AsyncSession, items: Sequence[FeedItem]) -> None:
    """Fold one batch of the feed of funding; resources that reports do not need pass by."""
    await _fold(session, items, folds=FUNDING_FOLDS)


async def _fold(
    session: AsyncSession, items: Sequence[FeedItem], *, folds: Mapping[str, Fold]
) -> None:
    for resource, fold in folds.items():
        key = KEYS.get(resource, ("resource_id",))
        if bodies := registers.latest_bodies(items, resource=resource, key=key):
            await fold(session, bodies)


async def reset_criteria(session: AsyncSession) -> None:
    """Forget everything that came from criteria."""
    await repository.forget(session, CRITERIA_TABLES)


async def reset_funding(session: AsyncSession) -> None:
    """Forget everything that came from funding."""
    await repository.forget(session, FUNDING_TABLES)


async def begin_rebuild(session: AsyncSession) -> None:
    """Forget all copies and facts and put both readers back to the beginning.

    The cursors are locked first, as the readers do, so no batch lands half in the old state.
    """
    await repository.lock_cursors(session)
    await reset_criteria(session)
    await reset_funding(session)
    for reader in (CRITERIA_READER, FUNDING_READER):
        await rewind(session, reader=reader)


async def facts_digest(session: AsyncSession) -> str:
    """Return one hash over all copies and facts: equal digests mean equal facts."""
    return await repository.digest(session)
