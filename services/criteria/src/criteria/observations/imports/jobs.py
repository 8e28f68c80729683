"""The job of an import: read, then record block by block, each with its mark, in one commit.

A job that is run again after a crash skips the blocks that were committed: nothing counts twice.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chungsuc import access
from chungsuc.access import Grant, Principal
from chungsuc.clock import Clock
from chungsuc.jobs import Handler, JobContext
from chungsuc.problems import Forbidden
from chungsuc.text import Text
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.measures import repository as measures_repository
from criteria.observations import repository as observations_repository
from criteria.observations import service as observations
from criteria.observations.errors import ValuesRefused
from criteria.observations.imports import layouts, repository, tables
from criteria.observations.imports.layouts import Contents, Entry, Options, RowError
from criteria.observations.imports.service import KIND
from criteria.observations.schemas import ObservationsIn
from criteria.observations.service import WRITERS, Author
from criteria.registers.areas import cover
from criteria.registers.areas import repository as areas_repository

BLOCK_VALUES = 2_000
MAXIMUM_ERRORS = 10_000
_WHOLE = 0


def handlers(clock: Clock) -> Mapping[str, Handler]:
    """Return the jobs of imports by kind, for the worker of this service."""

    async def import_observations(context: JobContext) -> Mapping[str, Any]:
        return await run_import(context, clock=clock)

    return {KIND: import_observations}


async def run_import(context: JobContext, *, clock: Clock) -> Mapping[str, Any]:
    """Record what a file says: all or nothing, or every good value, as its sender chose."""
    async with context.session_scope() as session:
        file = await repository.get_file(session, context.job_id)
        measures = await measures_repository.list_measures(session)
    options = Options(file.observed_on, file.decimal_mark)
    lines = await asyncio.to_thread(
        tables.read_lines, bytes(file.content), media_type=file.media_type
    )
    contents = await asyncio.to_thread(
        layouts.read_contents, lines, measures=measures, options=options
    )
    contents.entries.sort(key=lambda entry: (entry.item.area, entry.line))
    recording = Recording(context, file, clock=clock)
    if file.mode == "atomic" or file.is_dry_run:
        await recording.record_whole(contents)
    else:
        await recording.record_blocks(contents)
    async with context.session_scope() as session:
        totals = await repository.get_totals(session, context.job_id)
    return {
        "outcome": _outcome(file, totals),
        "rows": contents.rows,
        "percent_cells": contents.percent_cells,
        "values_recorded": int(totals.recorded),
        "values_corrected": int(totals.corrected),
        "values_unchanged": int(totals.unchanged),
        "errors": totals.errors,
    }


def _outcome(file: Row[Any], totals: Row[Any]) -> str:
    if file.is_dry_run:
        return "checked"
    if not totals.errors:
        return "recorded"
    is_written = totals.recorded or totals.corrected or totals.unchanged
    return "partly_recorded" if is_written else "refused"


class Recording:
    """Recording the values of one file in its author's name."""

    def __init__(self, context: JobContext, file: Row[Any], *, clock: Clock) -> None:
        self.context = context
        self.file = file
        self.clock = clock
        self.job_id: uuid.UUID = context.job_id

    async def record_whole(self, contents: Contents) -> None:
        """Record everything in one transaction, or take it all back and keep the reasons."""
        async with self.context.session_scope() as session:
            if await repository.has_block(session, self.job_id, _WHOLE):
                return
            outcomes: Counter[str] = Counter()
            async with session.begin_nested() as attempt:
                errors = list(contents.errors)
                entries, refused = await self._permitted(session, contents.entries)
                errors += refused
                await _lock_all(session, entries)
                for start in range(0, len(entries), BLOCK_VALUES):
                    block = entries[start : start + BLOCK_VALUES]
                    more, refused = await self._record(session, block)
                    outcomes += more
                    errors += refused
                    await self.context.progress(start + len(block), len(entries))
                if errors or self.file.is_dry_run:
                    await attempt.rollback()
            if errors and self.file.mode == "atomic":
                outcomes.clear()
            await repository.add_block(
                session,
                self.job_id,
                _WHOLE,
                outcomes=outcomes,
                errors=errors[:MAXIMUM_ERRORS],
            )

    async def record_blocks(self, contents: Contents) -> None:
        """Record every good value, a block in each transaction."""
        async with self.context.session_scope() as session:
            entries, refused = await self._permitted(session, contents.entries)
            if not await repository.has_block(session, self.job_id, _WHOLE):
                errors = [*contents.errors, *refused][:MAXIMUM_ERRORS]
                await repository.add_block(
                    session, self.job_id, _WHOLE, outcomes=Counter(), errors=errors
                )
        starts = range(0, len(entries), BLOCK_VALUES)
        for number, start in enumerate(starts, start=_WHOLE + 1):
            block = entries[start : start + BLOCK_VALUES]
            async with self.context.session_scope() as session:
                if not await repository.has_block(session, self.job_id, number):
                    outcomes, errors = await self._record(session, block)
                    await repository.add_block(
                        session, self.job_id, number, outcomes=outcomes, errors=errors
                    )
            await self.context.progress(start + len(block), len(entries))

    async def _record(
        self, session: AsyncSession, entries: Sequence[Entry]
    ) -> tuple[Counter[str], list[RowError]]:
        """Record these values, leaving out those that are refused."""
        kept, errors = list(entries), list[RowError]()
        while kept:
            body = ObservationsIn(
                document_id=self.file.document_id,
                is_demonstration=self.file.is_demonstration,
                items=[entry.item for entry in kept],
            )
            try:
                async with session.begin_nested():
                    answer = await observations.add_observations(
                        session, body, author=self._author(session)
                    )
            except ValuesRefused as refused:
                bad = {int(error.pointer.split("/")[2]) for error in refused.errors}
                errors += [
                    _error(kept[int(e.pointer.split("/")[2])], e.code, e.detail)
                    for e in refused.errors
                ]
                kept = [entry for place, entry in enumerate(kept) if place not in bad]
            else:
                return Counter(item.outcome for item in answer.items), errors
        return Counter(), errors

    async def _permitted(
        self, session: AsyncSession, entries: Sequence[Entry]
    ) -> tuple[list[Entry], list[RowError]]:
        """Leave out areas that the author may not write in, and values given twice."""
        meant = await observations_repository.list_areas_of(session, _references(entries))
        author = self._author(session)
        kept, errors = list[Entry](), list[RowError]()
        seen: dict[tuple[object, ...], Entry] = {}
        for entry in entries:
            item = entry.item
            areas = meant[item.area, item.observed_on]
            living = sorted(area_id for area_id, lives in areas.items() if lives)
            first = seen.setdefault((*living, item.measure, item.observed_on), entry)
            if living and first is not entry:
                line = first.line
                detail = Text(f"trùng với dòng {line}", f"repeats line {line}")
                errors.append(_error(entry, "repeated-value", detail))
            elif living and not await _may_write(author, living[0], entry):
                detail = Text("không có quyền ở địa bàn này", "no grant over this area")
                errors.append(_error(entry, "forbidden", detail))
            else:
                kept.append(entry)
        return kept, errors

    def _author(self, session: AsyncSession) -> Author:
        session.info["actor"] = self.file.author
        grants = tuple(Grant(*grant) for grant in self.file.grants)
        principal = Principal(self.file.author, self.file.author, grants, "")
        return Author(principal, cover.covers_for(session), self.clock.today())


async def _may_write(author: Author, area_id: str, entry: Entry) -> bool:
    try:
        await access.require_grant(
            author.principal,
            roles=WRITERS,
            target=area_id,
            on=entry.item.observed_on,
            covers=author.covers,
        )
    except Forbidden:
        return False
    return True


async def _lock_all(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Lock every area at once, in id order: block by block two imports could deadlock."""
    await observations_repository.share_published_sets(session)
    meant = await observations_repository.list_areas_of(session, _references(entries))
    await areas_repository.lock_areas(
        session, {area_id for found in meant.values() for area_id in found}
    )


def _references(entries: Sequence[Entry]) -> list[tuple[str, Any]]:
    return sorted({(entry.item.area, entry.item.observed_on) for entry in entries})


def _error(entry: Entry, code: str, detail: Text) -> RowError:
    return RowError(entry.line, entry.column, entry.shown, code, detail)
