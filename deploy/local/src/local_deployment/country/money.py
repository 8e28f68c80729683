"""Who gets how much and when it is paid: pure functions of a seed, in đồng."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from local_deployment.country.values import SEED

PROGRAMMES = ("NTM-2125", "GNBV-2125", "DTTS-2125")
CAPITAL_KINDS = ("investment", "recurrent")
BUDGET_YEAR = 2025
PLANNED_ON = date(2025, 7, 15)
FIRST_PAYMENT, LAST_PAYMENT = date(2025, 7, 20), date(2026, 1, 31)
MILLION = 1_000_000

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Payments:
    """Payments in the order of their dates; `pockets` are places in the list of pockets."""

    pockets: Numbers
    amounts_vnd: Numbers
    days: Numbers


def payments(*, count: int, pockets: int) -> Payments:
    """Spread payments over pockets (few are large) and over the disbursement window."""
    draw = np.random.default_rng([SEED, 7])
    weights = draw.pareto(2.0, pockets) + 0.2
    chosen = draw.choice(pockets, count, p=weights / weights.sum())
    days = draw.integers(FIRST_PAYMENT.toordinal(), LAST_PAYMENT.toordinal() + 1, count)
    amounts = draw.integers(1, 400, count) * MILLION
    return Payments(chosen.astype(np.int64), amounts, np.sort(days))


def plans(paid: Payments, *, pockets: int) -> Numbers:
    """Return the plan of each pocket: what will be paid and a rest, so that no floor breaks."""
    totals = np.bincount(paid.pockets, weights=paid.amounts_vnd, minlength=pockets)
    rests = np.random.default_rng([SEED, 8]).uniform(0.05, 0.6, pockets)
    millions = np.ceil((totals * (1 + rests) + MILLION) / MILLION).astype(np.int64)
    return np.asarray(millions * MILLION, np.int64)
