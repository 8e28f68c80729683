"""The sequencer: one loop per service that gives positions to what has become visible."""

import asyncio

from sqlalchemy import text

from chungsuc.database import Database

PASS_EVERY_SECONDS = 0.1


class Sequencer:
    """Runs passes for as long as its worker holds the election."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def run_pass(self) -> int:
        """Give positions to all changes visible now; return how many."""
        async with self.database.session_scope() as session:
            return int(await session.scalar(text("SELECT sequence_changes()")) or 0)

    async def run(self) -> None:
        """Run a pass every tenth of a second, at once again while there is much to do."""
        while True:
            if not await self.run_pass():
                await asyncio.sleep(PASS_EVERY_SECONDS)
