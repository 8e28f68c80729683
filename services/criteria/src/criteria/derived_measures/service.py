"""Use cases of derived measures: one table of cells, as many standards as are in force."""

import json
from collections.abc import Mapping
from typing import Any

from chungsuc.access import Principal
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging, service, trees
from criteria.assessments.model import Value
from criteria.assessments.schemas import SetReference
from criteria.criteria_sets import model, ratios
from criteria.criteria_sets import repository as sets_repository
from criteria.criteria_sets.model import CriteriaSet, Ratio
from criteria.dependencies import Moment
from criteria.derived_measures.schemas import CellOut, DerivedMeasureOut, DerivedMeasuresOut
from criteria.measures.model import Measure
from criteria.observations import repository as observations_repository
from criteria.observations.repository import Source

Values = Mapping[str, Value]


async def get_derived_measures(
    session: AsyncSession, area: str, *, moment: Moment, principal: Principal
) -> DerivedMeasuresOut:
    """Return every derived measure of an area with the cells that it is made of."""
    as_of, known_at = moment.as_of, moment.known_at
    found = await service.readable_area(
        session, area, as_of=as_of, principal=principal, known_at=known_at
    )
    rows = await sets_repository.list_deriving(session, as_of=as_of, position=known_at)
    measures = await trees.measures_known_at(session, known_at)
    sheet = await observations_repository.find_sheet(
        session, found.id, on=as_of, position=known_at, slots=judging.slots_of(measures)
    )
    sets = [(row, model.parse(json.loads(row.resolved))) for row in rows]
    codes = {code for _, one in sets for ratio in one.ratios for code in ratio.denominator}
    cells = [measures[code] for code in sorted(codes)]
    values = trees.values_on(sheet, cells) if sheet else {}
    sources = await observations_repository.list_sources(
        session, found.id, [value.observation_id for value in values.values()]
    )
    return DerivedMeasuresOut(
        area=service.reference(found),
        as_of=as_of,
        known_at=known_at,
        items=[
            _derived(row, one, ratio, values, sources=sources, measures=measures, moment=moment)
            for row, one in sets
            for ratio in one.ratios
        ],
    )


def _derived(
    row: Row[Any],
    criteria_set: CriteriaSet,
    ratio: Ratio,
    values: Values,
    *,
    sources: Mapping[int, Source],
    measures: Mapping[str, Measure],
    moment: Moment,
) -> DerivedMeasureOut:
    sums = ratios.sums_of(ratio, values, measures=measures, on=moment.as_of)
    scale = measures[ratio.denominator[0]]
    used = [values[code].observation_id for code in ratio.denominator if code in values]
    return DerivedMeasureOut(
        code=ratio.code,
        name_vi=ratio.name_vi,
        name_en=ratio.name_en,
        criteria_set=SetReference(code=row.code, version=row.version, hash=row.hash),
        numerator=scale.text(sums.numerator) if sums else None,
        denominator=scale.text(sums.denominator) if sums else None,
        percent=sums.percent() if sums else None,
        is_demonstration=criteria_set.is_demonstration
        or any(sources[number].is_demonstration for number in used if number in sources),
        cells=[
            _cell(measures[code], ratio, values.get(code), sources=sources, moment=moment)
            for code in ratio.denominator
        ],
    )


def _cell(
    measure: Measure,
    ratio: Ratio,
    value: Value | None,
    *,
    sources: Mapping[int, Source],
    moment: Moment,
) -> CellOut:
    source = sources.get(value.observation_id) if value else None
    return CellOut(
        measure=measure.code,
        name_vi=measure.name_vi,
        name_en=measure.name_en,
        is_in_numerator=measure.code in ratio.numerator,
        value=measure.text(value.scaled) if value else None,
        counts=ratios.counts(value, measure=measure, on=moment.as_of),
        observed_on=value.observed_on if value else None,
        observation_id=value.observation_id if value else None,
        document_id=source.document_id if source else None,
    )
