"""Rows of the facts laid out as the report shows them; pure, so a figure can be followed by eye."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from reporting.registers.repository import Area
from reporting.reports import lineage, rules
from reporting.reports.question import Question
from reporting.reports.repository import MoneyBelow, MoneyRow, SetCount
from reporting.reports.rules import Band, Money
from reporting.reports.schemas import (
    AreaReference,
    BandCount,
    ChildResults,
    ChildRow,
    CriteriaSetReference,
    CriterionShare,
    EndedMoney,
    KindMoney,
    Mean,
    MoneyFigures,
    MoneyResults,
    ProgrammeMoney,
    ProgrammeReference,
    SetResults,
    TargetResult,
    TotalMoney,
)


def area_reference(area: Area) -> AreaReference:
    """Name an area as it was."""
    return AreaReference(
        id=area.id,
        code=area.code,
        name=area.name,
        area_kind=area.area_kind,
        designation=area.designation,
    )


def set_results(
    question: Question, sets: Sequence[Any], *, counts: Sequence[SetCount], spreads: Sequence[Any]
) -> list[SetResults]:
    """Lay out each set that has verdicts here, and each national one even when it has none."""
    totals = {count.set_id: count for count in counts if count.child_id is None}
    return [
        _set_results(question, row, count=count, spreads=spreads)
        for row in sets
        if (count := totals[row.id]).assessed or _is_national(row)
    ]


def _is_national(row: Any) -> bool:
    return row.extends is None and not row.is_demonstration


def _set_results(
    question: Question, row: Any, *, count: SetCount, spreads: Sequence[Any]
) -> SetResults:
    own = [spread for spread in spreads if spread.set_id == row.id]
    histogram = {s.criteria_met: s.areas for s in own if s.place is None}
    letters: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for spread in own:
        if spread.place is not None:
            letters[spread.place].append((spread.letter, spread.areas))
    return SetResults(
        criteria_set=_set_reference(row),
        areas=count.areas,
        assessed=count.assessed,
        criteria_total=len(row.criteria),
        criteria_met_mean=_mean(count.criteria_met, count=count),
        indicators_met_mean=_mean(count.indicators_met, count=count),
        meeting_all=count.meeting_all,
        meeting_all_rate=rules.rate(count.meeting_all, whole=_known(count)),
        bands=_bands(row.bands, histogram=histogram, areas=_known(count)),
        criteria=[
            _criterion(criterion, letters=letters[place], areas=_known(count))
            for place, criterion in enumerate(row.criteria, start=1)
        ],
        is_demonstration=count.is_demonstration,
        lineage=lineage.assessments(question, criteria_set=row.code),
        summary=lineage.assessment_summary(question, criteria_set=row.code),
    )


def _set_reference(row: Any) -> CriteriaSetReference:
    return CriteriaSetReference(
        code=row.code,
        version=row.version,
        hash=row.hash,
        name_vi=row.name_vi,
        name_en=row.name_en,
        tier=row.tier,
        area_kind=row.area_kind,
        is_demonstration=row.is_demonstration,
    )


def _mean(total: int, *, count: SetCount) -> Mean:
    """The mean over all areas that the set judges; of none assessed nothing is said."""
    value = rules.mean(total, count=_known(count))
    return Mean(
        total=total,
        count=count.areas,
        value=None if value is None else rules.print_rounded(value, places=rules.EXACT_PLACES),
        printed=None if value is None else rules.print_rounded(value, places=1),
    )


def _known(count: SetCount) -> int:
    """The areas to divide by: missing is not zero, so none while nobody is assessed."""
    return count.areas if count.assessed else 0


def _bands(
    bands: Sequence[Mapping[str, Any]], *, histogram: Mapping[int, int], areas: int
) -> list[BandCount]:
    ranges = [Band(band["least"], band["most"]) for band in bands]
    counted = rules.count_bands(histogram, bands=ranges)
    return [
        BandCount(
            least=band["least"],
            most=band["most"],
            name_vi=band["name_vi"],
            name_en=band["name_en"],
            areas=number,
            rate=rules.rate(number, whole=areas),
        )
        for band, number in zip(bands, counted, strict=True)
    ]


def _criterion(
    criterion: Mapping[str, Any], *, letters: Sequence[tuple[str, int]], areas: int
) -> CriterionShare:
    counts = rules.tally(letters)
    return CriterionShare(
        number=str(criterion["number"]),
        name_vi=criterion["name_vi"],
        name_en=criterion["name_en"],
        **counts,
        rate=rules.rate(counts["met"] + counts["not_applicable"], whole=areas),
    )


def money_results(question: Question, held: MoneyBelow) -> MoneyResults:
    """Lay out the money by programme and kind, by kind, and in all."""
    kinds: dict[str, Money] = defaultdict(lambda: rules.NO_MONEY)
    for row in held.programmes:
        kinds[row.capital_kind] += row.money
    total = sum(kinds.values(), start=rules.NO_MONEY)
    return MoneyResults(
        budget_year=question.budget_year,
        programmes=[_programme(question, row) for row in held.programmes],
        by_capital_kind=[
            KindMoney(
                **_figures(money),
                capital_kind=kind,
                lineage=lineage.disbursements(question, by="programme", capital_kind=kind),
            )
            for kind, money in sorted(kinds.items())
        ],
        total=TotalMoney(
            **_figures(total),
            lineage=lineage.disbursements(question, by="programme,capital_kind"),
        ),
        of_ended_areas=EndedMoney(
            areas=held.ended_areas,
            plan_vnd=held.ended.plan_vnd,
            disbursed_vnd=held.ended.disbursed_vnd,
        ),
        is_demonstration=any(row.is_demonstration for row in held.programmes),
    )


def _programme(question: Question, row: MoneyRow) -> ProgrammeMoney:
    filters = {"programme": row.programme_id, "capital_kind": row.capital_kind}
    return ProgrammeMoney(
        **_figures(row.money),
        programme=ProgrammeReference(
            id=row.programme_id, code=row.code, name_vi=row.name_vi, name_en=row.name_en
        ),
        capital_kind=row.capital_kind,
        is_demonstration=row.is_demonstration,
        lineage=lineage.disbursements(question, by="area", **filters),
        transfers=lineage.transfers(
            question.area.id,
            as_of=question.as_of,
            budget_year=question.budget_year,
            **filters,
        ),
    )


def _figures(money: Money) -> dict[str, Any]:
    return MoneyFigures(
        plan_vnd=money.plan_vnd,
        extended_vnd=money.extended_vnd,
        allocated_vnd=money.allocated_vnd,
        unallocated_vnd=money.unallocated_vnd,
        allocated_rate=rules.rate(money.allocated_vnd, whole=money.plan_vnd),
        disbursed_vnd=money.disbursed_vnd,
        advance_outstanding_vnd=money.advance_outstanding_vnd,
        completed_vnd=money.completed_vnd,
        disbursed_rate=rules.rate(money.disbursed_vnd, whole=money.plan_vnd),
        rate_basis="plan",
    ).model_dump()


@dataclass(frozen=True)
class Actual:
    """A figure of this report, exact, and whether it rests on demonstration data."""

    value: Fraction
    is_demonstration: bool


def actuals(results: Sequence[SetResults], *, money: MoneyResults) -> dict[str, Actual]:
    """Return the exact figures of this report that a target may be measured by.

    Keys read `result` or `result/criteria set`.
    """
    found: dict[str, Actual] = {}
    for result in results:
        mean = result.criteria_met_mean
        if result.assessed:
            code = result.criteria_set.code
            figures = {
                "criteria_met_mean": Fraction(mean.total, mean.count),
                "areas_met_count": Fraction(result.meeting_all),
                "areas_met_percent": Fraction(100 * result.meeting_all, result.areas),
            }
            for name, value in figures.items():
                found[f"{name}/{code}"] = Actual(value, result.is_demonstration)
    if money.total.plan_vnd:
        rate = Fraction(100 * money.total.disbursed_vnd, money.total.plan_vnd)
        found["disbursed_rate"] = Actual(rate, money.is_demonstration)
    return found


def target_results(
    question: Question, rows: Sequence[Any], *, results: Sequence[SetResults], money: MoneyResults
) -> list[TargetResult]:
    """Lay out each document's target beside what was reached; a figure not at hand stays null."""
    found = actuals(results, money=money)
    return [_target(question, row, actual=found.get(_figure_of(row))) for row in rows]


def _figure_of(row: Any) -> str:
    return f"{row.result}/{row.criteria_set}" if row.criteria_set else str(row.result)


def _target(question: Question, row: Any, *, actual: Actual | None) -> TargetResult:
    document = " · ".join(part for part in (row.number, row.issuer, row.title) if part)
    places = 0 if row.result.endswith("_count") else 1
    return TargetResult(
        id=row.id,
        result=row.result,
        criteria_set=row.criteria_set or None,
        kind=row.kind,
        year=row.year,
        planned_value=format(row.planned_value.normalize(), "f"),
        denominator=row.denominator or None,
        actual_value=None
        if actual is None
        else rules.print_rounded(actual.value, places=rules.EXACT_PLACES),
        actual_printed=None if actual is None else rules.print_rounded(actual.value, places=places),
        attainment_rate=None
        if actual is None
        else rules.rate(actual.value, whole=Fraction(row.planned_value)),
        document_id=row.document_id,
        document=document or None,
        is_demonstration=row.is_demonstration or bool(actual and actual.is_demonstration),
        lineage=lineage.target(question, target_id=row.id),
    )


def child_rows(
    question: Question,
    areas: Sequence[Area],
    *,
    sets: Sequence[Any],
    counts: Sequence[SetCount],
    money: Mapping[str | None, Money],
) -> list[ChildRow]:
    """Lay out the areas right below, in the order given."""
    codes = {row.id: row.code for row in sets}
    below: dict[str, list[SetCount]] = defaultdict(list)
    for count in counts:
        if count.child_id is not None and count.assessed:
            below[count.child_id].append(count)
    return [
        ChildRow(
            area=area_reference(area),
            results=[_child_results(c, code=codes[c.set_id]) for c in below[area.id]],
            **_child_money(money.get(area.id, rules.NO_MONEY)),
            overview=lineage.overview(question.about(area)),
        )
        for area in areas
    ]


def _child_results(count: SetCount, *, code: str) -> ChildResults:
    return ChildResults(
        criteria_set=code,
        areas=count.areas,
        assessed=count.assessed,
        criteria_met_mean=_mean(count.criteria_met, count=count),
        meeting_all=count.meeting_all,
    )


def _child_money(money: Money) -> dict[str, Any]:
    return {
        "plan_vnd": money.plan_vnd,
        "disbursed_vnd": money.disbursed_vnd,
        "disbursed_rate": rules.rate(money.disbursed_vnd, whole=money.plan_vnd),
    }
