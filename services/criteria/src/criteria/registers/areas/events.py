"""Area changes as plain data: what an event says, and the part of the register it can touch."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from chungsuc.text import Text

from criteria.registers.areas.state import AreaState, Extent


class Finding(NamedTuple):
    """One reason why an event cannot be recorded, and the field that it concerns."""

    pointer: str
    code: str
    detail: Text


class EventRefusedError(Exception):
    """The event breaks a rule; `findings` say which."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(", ".join(finding.code for finding in self.findings))


class Kind(NamedTuple):
    """A kind of area: a parent ranks above its child; some kinds have a last day."""

    code: str
    rank: int
    ends_on: date | None


class CodeHolder(NamedTuple):
    """Who bears a code of one kind, from when to when."""

    area_id: str
    kind: str
    code: str
    begins_on: date
    ends_on: date | None


@dataclass(frozen=True)
class NewArea:
    """An area that begins with the event."""

    id: str
    kind: str
    code: str
    designation: str
    name: str
    parent_id: str
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Part:
    """One piece of a split area, with the child areas that go with it."""

    area: NewArea
    extent: Extent
    share: Decimal | None
    child_ids: tuple[str, ...]


@dataclass(frozen=True)
class Create:
    area: NewArea


@dataclass(frozen=True)
class Alter:
    """Rename, retype, reparent or recode: some fields of a living area change, its id stays."""

    area_id: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Classify:
    """An attribute has this value from the day on; None: it is no longer known."""

    area_id: str
    name: str
    value: str | None


@dataclass(frozen=True)
class Merge:
    from_ids: tuple[str, ...]
    into: NewArea


@dataclass(frozen=True)
class Split:
    area_id: str
    into: tuple[Part, ...]


@dataclass(frozen=True)
class Abolish:
    area_id: str


Event = Create | Alter | Classify | Merge | Split | Abolish


@dataclass(frozen=True)
class Register:
    """The part of the register that an event can touch."""

    areas: Mapping[str, AreaState]
    kinds: Mapping[str, Kind]
    children: Mapping[str, Collection[str]] = field(default_factory=dict)
    code_holders: tuple[CodeHolder, ...] = ()


class When(NamedTuple):
    """The first day of the event and the document that orders it."""

    on: date
    source: str


def named_areas(event: Event) -> dict[str, str]:
    """Return the ids of existing areas that an event names, each with the field that names it."""
    match event:
        case Create(area):
            return {area.parent_id: "/area/parent"}
        case Alter(area_id, values):
            parent = {values["parent_id"]: "/parent"} if "parent_id" in values else {}
            return {**parent, area_id: "/area"}
        case Merge(from_ids, into):
            named = {from_id: f"/areas/{place}" for place, from_id in enumerate(from_ids)}
            return {into.parent_id: "/into/parent", **named}
        case Split(area_id, parts):
            named = {part.area.parent_id: f"/into/{n}/parent" for n, part in enumerate(parts)}
            children = {
                child: f"/into/{n}/children/{m}"
                for n, part in enumerate(parts)
                for m, child in enumerate(part.child_ids)
            }
            return {**named, **children, area_id: "/area"}
        case _:
            return {event.area_id: "/area"}


def new_areas(event: Event) -> dict[str, NewArea]:
    """Return the areas that begin with an event, by the pointer of their fields."""
    match event:
        case Create(area):
            return {"/area": area}
        case Merge(_, into):
            return {"/into": into}
        case Split(_, parts):
            return {f"/into/{place}": part.area for place, part in enumerate(parts)}
        case _:
            return {}


def ended_ids(event: Event) -> tuple[str, ...]:
    """Return the ids of the areas that an event ends."""
    match event:
        case Merge(from_ids, _):
            return from_ids
        case Split(area_id, _) | Abolish(area_id):
            return (area_id,)
        case _:
            return ()
