"""The five verdicts and their strong three-valued algebra.

The codes are ordered so that `all of` is a minimum: a definite not_met wins, then undetermined,
then missing; not_applicable counts as met. The array evaluator uses the same codes.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Literal, cast

VerdictCode = Literal["met", "not_met", "not_applicable", "undetermined", "missing"]


class Verdict(IntEnum):
    """A verdict; the code is what is stored, the letter is what the feed says."""

    NOT_MET = 0
    UNDETERMINED = 1
    MISSING = 2
    MET = 3
    NOT_APPLICABLE = 4

    @property
    def letter(self) -> str:
        return LETTERS[self]

    @property
    def code(self) -> VerdictCode:
        """The name the API uses, such as `not_met`."""
        return cast(VerdictCode, self.name.lower())

    @property
    def counts_as_met(self) -> bool:
        return self >= Verdict.MET


LETTERS = "nuxma"
"""The letter of each code: n not_met, u undetermined, x missing, m met, a not_applicable."""


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Not met as soon as one is not met, else undetermined, else missing, else met."""
    return min(verdicts, default=Verdict.NOT_APPLICABLE)


def k_of_n(k: int, verdicts: Sequence[Verdict]) -> Verdict:
    """Decided as soon as the open ones cannot change it; open ones make it undetermined first."""
    if all(verdict is Verdict.NOT_APPLICABLE for verdict in verdicts):
        return Verdict.NOT_APPLICABLE
    sure = sum(verdict.counts_as_met for verdict in verdicts)
    open_ones = [v for v in verdicts if v in (Verdict.UNDETERMINED, Verdict.MISSING)]
    if sure >= k:
        return Verdict.MET
    if sure + len(open_ones) < k:
        return Verdict.NOT_MET
    return min(open_ones)


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Met as soon as one is met."""
    return k_of_n(1, verdicts)


def if_present(presence: Verdict, inner: Verdict) -> Verdict:
    """Not applicable where the thing is absent; an open presence does not matter to a met rule."""
    if presence is Verdict.NOT_MET:
        return Verdict.NOT_APPLICABLE
    if presence is Verdict.MET or inner.counts_as_met:
        return inner
    return Verdict.UNDETERMINED if Verdict.UNDETERMINED in (presence, inner) else Verdict.MISSING
