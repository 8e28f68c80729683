"""Use cases that judge one area anew: the verdict tree with its trace, and what is missing.

Nothing of a tree is stored. It is a function of the sheet, the set by its hash, the attributes of
the area and the date, each as known at a feed position: asked again with that position, it gives
the same bytes whatever was corrected or merged since.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from chungsuc.access import Principal
from chungsuc.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.assessments import judging, rules, service, views
from criteria.assessments.errors import AreaNotJudged
from criteria.assessments.model import QUALIFIERS, Assessment, Value
from criteria.assessments.schemas import VERDICT_NAMES, AssessmentOut, GapsOut
from criteria.criteria_sets.model import CriteriaSet, measures_of
from criteria.criteria_sets.repository import JudgingSet
from criteria.dependencies import Moment
from criteria.measures import repository as measures_repository
from criteria.measures.model import Measure
from criteria.observations import repository as observations_repository
from criteria.observations.repository import Source
from criteria.observations.sheets import MISSING, QUALIFIER, Sheets
from criteria.registers.areas.lookup import AreaRow


@dataclass(frozen=True)
class Judgement:
    """One area judged by one set, and all that the answer is made of."""

    area: AreaRow
    judged_by: JudgingSet
    assessment: Assessment
    is_judged: bool
    sources: dict[int, Source]

    @property
    def is_demonstration(self) -> bool:
        marks = (source.is_demonstration for source in self.sources.values())
        return self.assessment.is_demonstration or any(marks)


async def get_assessment(
    session: AsyncSession, area: str, code: str, *, moment: Moment, principal: Principal
) -> AssessmentOut:
    """Return the verdict tree of an area with its full trace."""
    found = await _judge(session, area, code, moment=moment, principal=principal)
    assessment = found.assessment
    return AssessmentOut(
        area=service.reference(found.area),
        criteria_set=service.set_reference(found.judged_by),
        as_of=moment.as_of,
        known_at=moment.known_at,
        is_judged=found.is_judged,
        is_demonstration=found.is_demonstration,
        rests_on_estimate=assessment.rests_on_estimate,
        criteria_met=assessment.criteria_met,
        criteria_total=len(assessment.criteria),
        indicators_met=assessment.indicators_met,
        indicators_total=len(assessment.indicators),
        verdict=VERDICT_NAMES[assessment.verdict],
        criteria_verdict=VERDICT_NAMES[assessment.criteria_verdict],
        criteria=views.criteria_of(assessment, sources=found.sources),
        conditions=views.conditions_of(assessment, sources=found.sources),
    )


async def get_assessment_gaps(
    session: AsyncSession, area: str, code: str, *, moment: Moment, principal: Principal
) -> GapsOut:
    """Return what an area lacks, nearest first."""
    found = await _judge(session, area, code, moment=moment, principal=principal)
    return GapsOut(
        area=service.reference(found.area),
        criteria_set=service.set_reference(found.judged_by),
        as_of=moment.as_of,
        known_at=moment.known_at,
        is_demonstration=found.is_demonstration,
        gaps=views.gaps_of(found.assessment),
    )


async def _judge(
    session: AsyncSession, area: str, code: str, *, moment: Moment, principal: Principal
) -> Judgement:
    as_of, known_at = moment.as_of, moment.known_at
    found = await service.readable_area(
        session, area, as_of=as_of, principal=principal, known_at=known_at
    )
    judged_by = await service.published_set(session, code, known_at=known_at)
    service.require_in_force(judged_by, as_of=as_of)
    _require_judged(found, judged_by)
    measures = await measures_known_at(session, known_at)
    compiled = await judging.compiled_set(session, judged_by, measures=measures)
    sheet = await observations_repository.find_sheet(
        session, found.id, on=as_of, position=known_at, slots=judging.slots_of(measures)
    )
    values = _values(sheet, compiled.criteria_set, measures) if sheet else {}
    assessment = rules.judge(
        compiled.criteria_set,
        measures=measures,
        values=values,
        attributes={**found.attributes},
        on=as_of,
    )
    ids = [value.observation_id for value in values.values()]
    sources = await observations_repository.list_sources(session, found.id, ids)
    return Judgement(found, judged_by, assessment, sheet is not None, sources)


async def measures_known_at(session: AsyncSession, known_at: int | None) -> dict[str, Measure]:
    """Return the measures as named then: their names stand in the reasons."""
    if known_at is None:
        return await measures_repository.list_measures(session)
    return await measures_repository.list_measures_known_at(session, known_at)


def _require_judged(area: AreaRow, judged_by: JudgingSet) -> None:
    if area.area_kind != judged_by.area_kind or area.designation not in judged_by.designations:
        names = ", ".join(judged_by.designations)
        raise AreaNotJudged(
            Text(f"{judged_by.code} áp dụng cho: {names}", f"{judged_by.code} judges: {names}")
        )


def _values(
    sheet: Sheets, criteria_set: CriteriaSet, measures: dict[str, Measure]
) -> dict[str, Value]:
    """Return what the set looks at on a sheet."""
    rules_of_set = [v.rule for entry in criteria_set.indicators for v in entry.versions]
    rules_of_set += [condition.rule for condition in criteria_set.conditions]
    return values_on(sheet, [measures[code] for r in rules_of_set for code in measures_of(r)])


def values_on(sheet: Sheets, measures: Iterable[Measure]) -> dict[str, Value]:
    """Return the values of these measures on a sheet, with the observations they come from."""
    values: dict[str, Value] = {}
    for measure in measures:
        scaled = int(sheet.values[0, measure.slot])
        if scaled != MISSING:
            values[measure.code] = Value(
                scaled=scaled,
                qualifier=QUALIFIERS[int(sheet.flags[0, measure.slot]) & QUALIFIER],
                observed_on=date.fromordinal(int(sheet.observed[0, measure.slot])),
                observation_id=int(sheet.observations[0, measure.slot]),
            )
    return values
