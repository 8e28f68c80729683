"""Where an area's territory went, as composed steps of lineage: pure data, no I/O."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from criteria.registers.areas.state import Edge, Extent

_RANK: dict[Extent, int] = {"whole": 2, "seat_part": 1, "part": 0}


@dataclass(frozen=True)
class Reach:
    """An area that is reached by lineage: how much of the origin's territory arrives there."""

    area_id: str
    effective_on: date
    extent: Extent
    share: Decimal | None
    steps: int


def next_reaches(
    reached: Iterable[Reach], edges: Collection[Edge], *, is_forward: bool
) -> list[Reach]:
    """Follow one step further; ways that meet again in one area become one."""
    found: dict[str, Reach] = {}
    for reach in reached:
        for edge in edges:
            start, end = (edge.from_id, edge.to_id) if is_forward else (edge.to_id, edge.from_id)
            if start != reach.area_id:
                continue
            step = Reach(
                area_id=end,
                effective_on=edge.effective_on,
                extent=_composed(reach.extent, edge.extent),
                share=_multiplied(reach, edge),
                steps=reach.steps + 1,
            )
            found[end] = _joined(found[end], step) if end in found else step
    return list(found.values())


def _composed(first: Extent, second: Extent) -> Extent:
    return min(first, second, key=lambda extent: _RANK[extent])


def _multiplied(reach: Reach, edge: Edge) -> Decimal | None:
    """A whole step hands everything on; a part of unknown size makes the product unknown."""
    before = Decimal(1) if reach.extent == "whole" else reach.share
    step = Decimal(1) if edge.extent == "whole" else edge.share
    return None if before is None or step is None else before * step


def _joined(one: Reach, other: Reach) -> Reach:
    share = None if one.share is None or other.share is None else one.share + other.share
    extent = max(one.extent, other.extent, key=lambda extent: _RANK[extent])
    return Reach(
        area_id=one.area_id,
        effective_on=max(one.effective_on, other.effective_on),
        extent=extent,
        share=share,
        steps=max(one.steps, other.steps),
    )
