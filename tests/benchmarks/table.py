"""The one table of a run: every line compares two things that were measured in turn."""

import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

HEADING = "| name | ours | peer or limit | ratio | figure to reach | reached? |"


class Line(NamedTuple):
    """One comparison; `is_reached` None: shown without a figure."""

    name: str
    ours: str
    peer: str
    ratio: str
    figure: str
    is_reached: bool | None

    def text(self) -> str:
        reached = {True: "yes", False: "NO", None: "–"}[self.is_reached]
        cells = (self.name, self.ours, self.peer, self.ratio, self.figure, reached)
        return f"| {' | '.join(cells)} |"


@dataclass
class Table:
    """Lines in the order in which they were measured, and what could not be."""

    lines: list[Line] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def times(
        self, name: str, *, ours: float, peer: float, peer_name: str, at_most: float | None
    ) -> None:
        """Compare seconds: the ratio is ours of the peer's, small is good."""
        ratio = ours / peer
        figure = "–" if at_most is None else f"<= {at_most:g}"
        reached = None if at_most is None else ratio <= at_most
        self._add(
            Line(name, span(ours), f"{span(peer)} {peer_name}", _ratio(ratio), figure, reached)
        )

    def faster(
        self, name: str, *, ours: float, peer: float, peer_name: str, at_least: float | None
    ) -> None:
        """Compare seconds: the ratio says how many times quicker ours is."""
        ratio = peer / ours
        figure = "–" if at_least is None else f">= {at_least:g}"
        reached = None if at_least is None else ratio >= at_least
        self._add(
            Line(name, span(ours), f"{span(peer)} {peer_name}", _ratio(ratio), figure, reached)
        )

    def rates(
        self,
        name: str,
        *,
        ours: float,
        peer: float,
        peer_name: str,
        at_least: float | None,
        unit: str = "/s",
    ) -> None:
        """Compare rates: the ratio is ours of the peer's, large is good."""
        ratio = ours / peer
        figure = "–" if at_least is None else f">= {at_least:g}"
        reached = None if at_least is None else ratio >= at_least
        self._add(
            Line(
                name,
                f"{ours:,.0f}{unit}",
                f"{peer:,.0f}{unit} {peer_name}",
                _ratio(ratio),
                figure,
                reached,
            )
        )

    def limit(self, name: str, *, ours: float, limit: float, note: str = "") -> None:
        """Hold seconds against a limit of seconds."""
        ours_text = f"{span(ours)} {note}".strip()
        ratio = _ratio(ours / limit)
        self._add(Line(name, ours_text, span(limit), ratio, f"< {span(limit)}", ours < limit))

    def leave_out(self, what: str) -> None:
        """Name a peer that is not here."""
        self.left_out.append(what)

    def text(self) -> str:
        """The whole table."""
        rows = [HEADING, "|---|---:|---:|---:|---:|---|", *(line.text() for line in self.lines)]
        return "\n".join([*rows, *(f"left out: {what}" for what in self.left_out)])

    def _add(self, line: Line) -> None:
        self.lines.append(line)
        sys.stdout.write(f"\n{line.text()}")
        sys.stdout.flush()


def _ratio(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def span(seconds: float) -> str:
    """Write seconds in the unit that suits them."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if abs(seconds) * factor >= 1 or unit == "µs":
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def in_turn(
    works: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warm: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Run works A B A B …; return the median seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(warm + rounds):
        for name, work in works.items():
            began = clock()
            work()
            if turn >= warm:
                seconds[name].append(clock() - began)
    return {name: statistics.median(found) for name, found in seconds.items()}


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
