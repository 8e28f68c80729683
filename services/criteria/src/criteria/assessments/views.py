"""The verdict tree as the API shows it: the same inputs give the same bytes."""

from collections.abc import Mapping
from fractions import Fraction

from chungsuc.text import Text

from criteria.assessments import figures
from criteria.assessments.model import (
    Assessment,
    Evidence,
    IndicatorResult,
    RuleResult,
    ThresholdUse,
)
from criteria.assessments.schemas import (
    VERDICT_NAMES,
    ConditionOut,
    CriterionOut,
    EvidenceOut,
    GapOut,
    IndicatorOut,
    ProvenanceOut,
    RuleOut,
    ThresholdOut,
)
from criteria.assessments.verdicts import Verdict
from criteria.observations.repository import Source

_RANK = {Verdict.NOT_MET: 0, Verdict.MISSING: 1, Verdict.UNDETERMINED: 2}


Sources = Mapping[int, Source]


def criteria_of(assessment: Assessment, *, sources: Sources) -> list[CriterionOut]:
    """Write the criteria with their traces."""
    return [
        CriterionOut(
            number=criterion.number,
            name_vi=criterion.name_vi,
            name_en=criterion.name_en,
            verdict=VERDICT_NAMES[criterion.verdict],
            indicators=[_indicator(entry, sources) for entry in criterion.indicators],
        )
        for criterion in assessment.criteria
    ]


def conditions_of(assessment: Assessment, *, sources: Sources) -> list[ConditionOut]:
    """Write the prerequisites with their traces."""
    return [
        ConditionOut(
            code=condition.code,
            name_vi=condition.name_vi,
            name_en=condition.name_en,
            verdict=VERDICT_NAMES[condition.verdict],
            rule=_rule(condition.rule, sources),
        )
        for condition in assessment.conditions
    ]


def gaps_of(assessment: Assessment) -> list[GapOut]:
    """List what is not met: measured gaps by their share of the threshold, then the others."""
    found = [
        (_order(indicator), place, _gap(criterion.number, indicator))
        for place, (criterion, indicator) in enumerate(
            (criterion, indicator)
            for criterion in assessment.criteria
            for indicator in criterion.indicators
        )
        if not indicator.verdict.counts_as_met
    ]
    return [gap for _, _, gap in sorted(found, key=lambda entry: entry[:2])]


def _indicator(indicator: IndicatorResult, sources: Sources) -> IndicatorOut:
    return IndicatorOut(
        number=indicator.number,
        name_vi=indicator.name_vi,
        name_en=indicator.name_en,
        verdict=VERDICT_NAMES[indicator.verdict],
        legal_basis=indicator.legal_basis,
        version_from=indicator.version_from,
        rests_on_estimate=indicator.rests_on_estimate,
        rule=_rule(indicator.rule, sources),
    )


def _rule(rule: RuleResult, sources: Sources) -> RuleOut:
    return RuleOut(
        kind=rule.kind,
        verdict=VERDICT_NAMES[rule.verdict],
        reason_vi=rule.reason.vi,
        reason_en=rule.reason.en,
        evidence=_evidence(rule.evidence, sources) if rule.evidence else None,
        threshold=_threshold(rule.threshold) if rule.threshold else None,
        gap=rule.gap,
        parts=[_rule(part, sources) for part in rule.parts],
    )


def _evidence(evidence: Evidence, sources: Sources) -> EvidenceOut:
    value = evidence.value
    source = sources.get(value.observation_id) if value else None
    return EvidenceOut(
        measure=evidence.measure,
        value=evidence.value_text,
        qualifier=value.qualifier if value else None,
        observed_on=value.observed_on if value else None,
        observation_id=value.observation_id if value else None,
        document_id=source.document_id if source else None,
        counts=evidence.counts,
        is_demonstration=source.is_demonstration if source else False,
    )


def _threshold(use: ThresholdUse) -> ThresholdOut:
    return ThresholdOut(
        criteria_set=use.criteria_set,
        table=use.table,
        rows=list(use.rows),
        values=list(use.values),
        delegated_to=use.delegated_to,
        provenance=[
            ProvenanceOut(
                source=mark.source,
                confidence=mark.confidence,
                reference=mark.reference,
                note=mark.note,
            )
            for mark in use.provenance
        ],
    )


def _order(indicator: IndicatorResult) -> tuple[int, bool, Fraction]:
    share = _share_of(_widest(indicator.rule))
    return _RANK[indicator.verdict], share is None, share or Fraction(0)


def _gap(criterion: str, indicator: IndicatorResult) -> GapOut:
    widest = _widest(indicator.rule)
    share = _share_of(widest)
    shown = widest or indicator.rule
    reason: Text = shown.reason
    return GapOut(
        criterion=criterion,
        indicator=indicator.number,
        name_vi=indicator.name_vi,
        name_en=indicator.name_en,
        verdict=VERDICT_NAMES[indicator.verdict],
        gap=shown.gap,
        gap_percent=figures.rounded(share * 100, places=1) if share is not None else None,
        measure=shown.evidence.measure if shown.evidence else None,
        reason_vi=reason.vi,
        reason_en=reason.en,
    )


def _widest(rule: RuleResult) -> RuleResult | None:
    """Return the node of an unmet rule with the largest measured gap, if any has one."""
    nodes = [found for part in rule.parts if (found := _widest(part)) is not None]
    if rule.gap is not None and rule.verdict is Verdict.NOT_MET:
        nodes.append(rule)
    return max(nodes, key=lambda node: _share_of(node) or Fraction(0), default=None)


def _share_of(rule: RuleResult | None) -> Fraction | None:
    if rule is None or rule.gap is None or rule.threshold is None or not rule.threshold.values:
        return None
    threshold = abs(Fraction(rule.threshold.values[0]))
    return Fraction(rule.gap) / threshold if threshold else Fraction(rule.gap)
