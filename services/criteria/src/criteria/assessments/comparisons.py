"""One value against one threshold, or against all thresholds that may apply."""

from collections.abc import Sequence
from typing import Literal

from criteria.assessments.model import Value
from criteria.assessments.verdicts import Verdict, all_of
from criteria.criteria_sets.tree import CompareKind
from criteria.measures.exact import Exact
from criteria.measures.model import Measure

_BOUNDS_FROM_BELOW = ("at_least", "above")
_BOUNDS_FROM_ABOVE = ("at_most", "below")


def scaled_threshold(number: Exact, *, measure: Measure) -> int:
    """The threshold on the measure's scale; one that does not fit was never checked."""
    scaled = number.scaled(measure.scale)
    if scaled is None:
        raise ValueError(f"threshold {number} has more places than measure {measure.code}")
    return scaled


def compare(kind: CompareKind, value: Value | None, *, thresholds: Sequence[int] | None) -> Verdict:
    """Met when the strictest threshold is met, not met when the loosest fails.

    Thresholds None: one of those that may apply is unknown or delegated. A bound decides only when
    it must: "over 99" meets 95 and says nothing about 99.5.
    """
    if kind == "equals":
        sides = ("at_least", "at_most")
        return all_of([_one_side(side, value, thresholds=thresholds) for side in sides])
    side = "at_most" if kind == "at_most" else "at_least"
    return _one_side(side, value, thresholds=thresholds)


def _one_side(
    side: Literal["at_least", "at_most"] | str,
    value: Value | None,
    *,
    thresholds: Sequence[int] | None,
) -> Verdict:
    if not thresholds:
        return Verdict.UNDETERMINED
    undecided = Verdict.MISSING if len(set(thresholds)) == 1 else Verdict.UNDETERMINED
    if value is None:
        return undecided
    # Fold "at most" onto "at least" by turning the number line round.
    sign = 1 if side == "at_least" else -1
    folded = [sign * threshold for threshold in thresholds]
    number = sign * value.scaled
    from_below, from_above = _BOUNDS_FROM_BELOW, _BOUNDS_FROM_ABOVE
    if sign < 0:
        from_below, from_above = from_above, from_below
    if number >= max(folded) and value.qualifier not in from_above:
        return Verdict.MET
    is_open_end = value.qualifier in from_above and value.qualifier in ("above", "below")
    fails = number < min(folded) or (is_open_end and number == min(folded))
    if fails and value.qualifier not in from_below:
        return Verdict.NOT_MET
    return undecided
