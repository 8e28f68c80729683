"""What is observed: pure functions of a seed, an order of areas and a number of months."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20_250_701
YES_NO = "yes_no"
MISSING = int(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class MeasureShape:
    """What must be known of a measure to make values of it; bounds are scaled integers."""

    code: str
    slot: int
    type: str
    scale: int
    minimum: int
    maximum: int


def monthly_values(
    measures: Sequence[MeasureShape], *, areas: int, month: int
) -> NDArray[np.int64]:
    """Return exact scaled values, [areas, measures], of one month counted from the first.

    An area has a level, a measure a difficulty; months raise the level a little, so that most
    values stay or grow and some verdicts change from month to month.
    """
    steady = np.random.default_rng(SEED)
    levels = steady.beta(5, 2, areas)[:, None]
    ease = steady.uniform(-0.15, 0.25, (1, len(measures)))
    own = steady.normal(0, 0.12, (areas, len(measures)))
    passing = np.random.default_rng([SEED, month]).normal(0, 0.01, own.shape)
    reached = np.clip(levels + ease + own + passing + 0.004 * month, 0, 1)
    values = np.empty(own.shape, np.int64)
    for place, measure in enumerate(measures):
        values[:, place] = _values_of(measure, reached[:, place])
    return values


def _values_of(measure: MeasureShape, reached: NDArray[np.float64]) -> NDArray[np.int64]:
    if measure.type == YES_NO:
        return np.asarray(reached > 0.35, np.int64)
    # Numbers without a real upper bound (income, counts) stay within what is plausible.
    top = min(measure.maximum, measure.minimum + 100 * 10**measure.scale)
    scaled = measure.minimum + np.rint(reached * (top - measure.minimum))
    return np.asarray(scaled, np.int64)


def value_texts(values: NDArray[np.int64], measure: MeasureShape) -> list[str]:
    """Write values as JSON writes them: true and false, or a decimal string."""
    if measure.type == YES_NO:
        return ["true" if value else "false" for value in values.tolist()]
    if measure.scale == 0:
        return [f'"{value}"' for value in values.tolist()]
    unit = 10**measure.scale
    return [
        f'"{value // unit}.{value % unit:0{measure.scale}d}"'.rstrip('"').rstrip("0").rstrip(".")
        + '"'
        for value in values.tolist()
    ]
