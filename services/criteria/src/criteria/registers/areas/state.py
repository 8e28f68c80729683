"""One area with everything that ever held for it, as plain immutable data."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, Self

Extent = Literal["whole", "seat_part", "part"]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """What an area was called and where it belonged, from one day to another (both included)."""

    begins_on: date
    ends_on: date | None
    code: str
    kind: str
    designation: str
    name: str
    parent_id: str | None
    known_from: date
    source: str
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    area_km2: Decimal | None = None

    def holds_on(self, day: date) -> bool:
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A fact beside the name, such as the region, with its dates (both included) and source."""

    name: str
    value: str
    begins_on: date
    ends_on: date | None
    source: str

    def holds_on(self, day: date) -> bool:
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from an ended area to a new one, on the first day of the new one."""

    from_id: str
    to_id: str
    effective_on: date
    extent: Extent
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AreaState:
    """An area as recorded: spans and attributes by date, and its lineage both ways."""

    id: str
    revision: int
    spans: tuple[Span, ...]
    attributes: tuple[Attribute, ...] = ()
    predecessors: tuple[Edge, ...] = ()
    successors: tuple[Edge, ...] = ()

    @classmethod
    def unborn(cls, area_id: str) -> Self:
        return cls(id=area_id, revision=0, spans=())

    @property
    def begins_on(self) -> date:
        return self.spans[0].begins_on

    @property
    def ends_on(self) -> date | None:
        return self.spans[-1].ends_on

    def span_on(self, day: date) -> Span | None:
        return next((span for span in self.spans if span.holds_on(day)), None)

    def value_on(self, name: str, day: date) -> str | None:
        held = (a.value for a in self.attributes if a.name == name and a.holds_on(day))
        return next(held, None)


def feed_body(state: AreaState) -> dict[str, Any]:
    """Return the area in full, as readers of the feed get it."""
    return {
        "id": state.id,
        "spans": [_span_body(span) for span in state.spans],
        "attributes": [_attribute_body(attribute) for attribute in state.attributes],
        "successors": [_edge_body(edge.to_id, edge) for edge in state.successors],
        "predecessors": [_edge_body(edge.from_id, edge) for edge in state.predecessors],
    }


def _span_body(span: Span) -> dict[str, Any]:
    return {
        "from": span.begins_on.isoformat(),
        "to": span.ends_on.isoformat() if span.ends_on else None,
        "code": span.code,
        "kind": span.kind,
        "designation": span.designation,
        "name": span.name,
        "parent_id": span.parent_id,
        "known_from": span.known_from.isoformat(),
    }


def _attribute_body(attribute: Attribute) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "value": attribute.value,
        "from": attribute.begins_on.isoformat(),
        "to": attribute.ends_on.isoformat() if attribute.ends_on else None,
        "source": attribute.source,
    }


def _edge_body(other_id: str, edge: Edge) -> dict[str, Any]:
    return {"id": other_id, "extent": edge.extent, "on": edge.effective_on.isoformat()}
