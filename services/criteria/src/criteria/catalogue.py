"""Load the project's catalogue: `python -m criteria.catalogue load`."""

import argparse
import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from pathlib import Path

from chungsuc.clock import SystemClock
from chungsuc.database import Database
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.criteria_sets import service as criteria_sets
from criteria.measures import service as measures
from criteria.registers.areas import loading as areas
from criteria.registers.documents import service as documents
from criteria.settings import Settings

LoadPart = Callable[..., Awaitable[int]]
ACTOR = "catalogue"
logger = logging.getLogger("criteria.catalogue")


def parts(*, today: date) -> list[tuple[str, LoadPart]]:
    """Return the parts in order: later ones refer to earlier ones."""
    return [
        ("documents", documents.load_catalogue),
        ("areas", partial(areas.load_catalogue, today=today)),
        ("measures", measures.load_catalogue),
        ("criteria sets", criteria_sets.load_catalogue),
    ]


async def load(database: Database, *, folder: Path, today: date) -> dict[str, int]:
    """Load each part in a transaction of its own; return how many facts were new in each."""
    loaded = {}
    for name, load_part in parts(today=today):
        async with database.session_scope() as session:
            loaded[name] = await _load_one(session, load_part, folder)
    return loaded


async def _load_one(session: AsyncSession, load_part: LoadPart, folder: Path) -> int:
    session.info["actor"] = ACTOR
    return await load_part(session, folder=folder)


async def _run(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value(), pool_size=1)
    started = time.monotonic()
    loaded = await load(database, folder=settings.catalogue_folder, today=SystemClock().today())
    await database.close()
    logger.info("catalogue loaded in %.1f s: %s", time.monotonic() - started, loaded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["load"])
    parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logger.setLevel(logging.INFO)
    asyncio.run(_run(Settings()))  # type: ignore[call-arg]


if __name__ == "__main__":
    main()
