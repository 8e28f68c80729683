"""Use cases of measures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from chungsuc import changes
from chungsuc.changes import Change
from chungsuc.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.measures import model, repository
from criteria.measures.errors import MeasureChanged
from criteria.measures.model import Measure
from criteria.measures.schemas import MeasureOut

CATALOGUE_FILE = "measures.yaml"


async def load_catalogue(session: AsyncSession, *, folder: Path) -> int:
    """Bring the catalogue's measures into the database and say how many changed.

    Loading the same file again changes nothing. A measure's type, scale, slot and validity
    stay for ever, since stored values are read and judged by them.
    """
    wanted = model.parse_measures(yaml.safe_load((folder / CATALOGUE_FILE).read_text("utf-8")))
    stored = await repository.list_measures(session)
    changed = [measure for code, measure in wanted.items() if stored.get(code) != measure]
    _refuse_new_meanings(changed, stored=stored)
    await record_measures(session, changed)
    return len(changed)


async def record_measures(session: AsyncSession, changed: Sequence[Measure]) -> None:
    """Store these measures and tell the feed."""
    if not changed:
        return
    revisions = await repository.store_measures(session, changed)
    await changes.append(
        session,
        [Change("measure", m.code, revisions[m.code], change_body(m)) for m in changed],
        action="measures.load_catalogue",
    )


async def list_measures(session: AsyncSession) -> list[MeasureOut]:
    """Return the catalogue in code order."""
    return [describe(measure) for measure in (await repository.list_measures(session)).values()]


def describe(measure: Measure) -> MeasureOut:
    """Write a measure as the API shows it."""
    return MeasureOut(
        code=measure.code,
        name_vi=measure.name_vi,
        name_en=measure.name_en,
        type=measure.type,
        unit=measure.unit,
        scale=measure.scale,
        minimum=measure.text(measure.minimum),
        maximum=measure.text(measure.maximum),
        breakdown=measure.breakdown,
        validity=measure.validity,
    )


def change_body(measure: Measure) -> dict[str, Any]:
    """Return the measure as the feed tells it, whole."""
    return {**describe(measure).model_dump(), "slot": measure.slot}


def _refuse_new_meanings(changed: list[Measure], *, stored: Mapping[str, Measure]) -> None:
    for measure in changed:
        before = stored.get(measure.code, measure)
        fixed = (before.type, before.scale, before.slot, before.validity)
        if fixed != (measure.type, measure.scale, measure.slot, measure.validity):
            raise MeasureChanged(Text(measure.code, measure.code))
