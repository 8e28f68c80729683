"""The area registers of the catalogue, read from files into whole states."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import yaml
from chungsuc.text import clean_name

from criteria.registers.areas.state import ONE_DAY, AreaState, Attribute, Edge, Extent, Span
from criteria.registers.ids import NATION_ID, catalogue_area_id

FOLDER = "areas"
REGISTER_FILE = "register.yaml"
REGION = "region"
Key = tuple[str, str, str]


@dataclass
class AreaCatalogue:
    """What the files say: kinds, states by id, and the events that made some of them."""

    kinds: list[tuple[Any, ...]]
    states: dict[str, AreaState] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)


def content_hash(catalogue_folder: Path) -> bytes:
    """Hash every file that the registers are made of; later changes are not among them."""
    digest = hashlib.sha256()
    for path in sorted((catalogue_folder / FOLDER).iterdir()):
        if path.suffix == ".csv" or path.name == REGISTER_FILE:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()


def read_changes(catalogue_folder: Path) -> list[dict[str, Any]]:
    """Return the changes after the registers, oldest first."""
    path = catalogue_folder / FOLDER / "changes.yaml"
    changes: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["changes"]
    return changes


def read(catalogue_folder: Path) -> AreaCatalogue:
    """Read the registers, their lineage and the mergers before them."""
    folder = catalogue_folder / FOLDER
    plan = yaml.safe_load((folder / REGISTER_FILE).read_text(encoding="utf-8"))
    catalogue = AreaCatalogue(kinds=_kinds(folder / "kinds.csv"))
    registers = [(entry, _rows(folder / entry["file"])) for entry in plan["registers"]]
    lineages = [(entry, _rows(folder / entry["file"])) for entry in plan["lineage"]]
    ids = _ids(registers, lineages)
    _add_nation(catalogue, plan)
    for entry, rows in registers:
        _add_register(catalogue, entry, rows, ids)
    for entry, rows in lineages:
        _add_lineage(catalogue, entry, rows, ids)
    for entry in plan["mergers"]:
        _add_merger(catalogue, entry)
    _add_regions(catalogue, registers, plan)
    return catalogue


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _kinds(path: Path) -> list[tuple[Any, ...]]:
    return [
        (r["code"], r["name_vi"], r["name_en"], int(r["rank"]), _date_or_none(r["ends_on"]))
        for r in _rows(path)
    ]


def _date_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _decimal_or_none(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _ids(
    registers: Iterable[tuple[dict[str, Any], list[dict[str, str]]]],
    lineages: Iterable[tuple[dict[str, Any], list[dict[str, str]]]],
) -> dict[Key, str]:
    """Give each row its id: a province kept whole with code and name goes on under its old one."""
    names: dict[Key, str] = {}
    ids: dict[Key, str] = {}
    for entry, rows in registers:
        register = str(entry["date"])
        for row in rows:
            key = (register, row["kind"], row["code"])
            names[key] = row["name"]
            ids[key] = catalogue_area_id(register, kind=row["kind"], code=row["code"])
    for entry, rows in lineages:
        for old, new in _kept(entry, rows, names):
            ids[new] = ids[old]
    return ids


def _kept(
    entry: dict[str, Any], rows: list[dict[str, str]], names: Mapping[Key, str]
) -> Iterator[tuple[Key, Key]]:
    origins: dict[str, list[str]] = {}
    for row in rows:
        if row["to_kind"] == "province":
            origins.setdefault(row["to_code"], []).append(row["from_code"])
    for code, from_codes in origins.items():
        old = (str(entry["from_register"]), "province", code)
        new = (str(entry["to_register"]), "province", code)
        if from_codes == [code] and names[old] == names[new]:
            yield old, new


def _add_nation(catalogue: AreaCatalogue, plan: dict[str, Any]) -> None:
    first = plan["registers"][0]
    nation = plan["nation"]
    span = Span(
        begins_on=first["assumed_from"],
        ends_on=None,
        code=nation["code"],
        kind="nation",
        designation=nation["designation"],
        name=nation["name"],
        parent_id=None,
        known_from=first["assumed_from"],
        source=first["document"],
    )
    catalogue.states[NATION_ID] = AreaState(NATION_ID, 1, (span,))


def _add_register(
    catalogue: AreaCatalogue,
    entry: dict[str, Any],
    rows: list[dict[str, str]],
    ids: Mapping[Key, str],
) -> None:
    register = str(entry["date"])
    parents = {r["code"]: ids[register, r["kind"], r["code"]] for r in rows if _is_parent(r)}
    for row in rows:
        area_id = ids[register, row["kind"], row["code"]]
        span = _span(entry, row, parents.get(row["parent_code"], NATION_ID))
        known = catalogue.states.get(area_id)
        if known is not None:
            goes_on = replace(known.spans[-1], ends_on=span.ends_on)
            catalogue.states[area_id] = replace(known, spans=(*known.spans[:-1], goes_on))
            continue
        catalogue.states[area_id] = AreaState(area_id, 1, (span,))
    catalogue.events.append(
        {
            "kind": "register",
            "effective_on": entry["date"],
            "document": entry["document"],
            "note": f"register of {register}, taken to hold from {entry['assumed_from']}",
            "areas_total": len(rows),
            "parts": {},
        }
    )


def _is_parent(row: dict[str, str]) -> bool:
    return row["kind"] in ("province", "district")


def _span(entry: dict[str, Any], row: dict[str, str], parent_id: str) -> Span:
    return Span(
        begins_on=entry["assumed_from"],
        ends_on=entry["ends_on"],
        code=row["code"],
        kind=row["kind"],
        designation=row["designation"],
        name=clean_name(row["name"]),
        parent_id=parent_id,
        known_from=entry["date"],
        source=entry["document"],
        latitude=_decimal_or_none(row["latitude"]),
        longitude=_decimal_or_none(row["longitude"]),
        area_km2=_decimal_or_none(row["area_km2"]),
    )


def _add_lineage(
    catalogue: AreaCatalogue,
    entry: dict[str, Any],
    rows: list[dict[str, str]],
    ids: Mapping[Key, str],
) -> None:
    successors: dict[str, list[Edge]] = {}
    predecessors: dict[str, list[Edge]] = {}
    old, new = str(entry["from_register"]), str(entry["to_register"])
    for row in rows:
        from_id = ids[old, row["from_kind"], row["from_code"]]
        to_id = ids[new, row["to_kind"], row["to_code"]]
        if from_id == to_id:
            continue
        extent = cast(Extent, row["extent"])
        edge = Edge(from_id, to_id, entry["effective_on"], extent)
        successors.setdefault(from_id, []).append(edge)
        predecessors.setdefault(to_id, []).append(edge)
    _tell_register_event(catalogue, new, ended=successors, began=predecessors)
    for area_id in successors.keys() | predecessors.keys():
        state = catalogue.states[area_id]
        catalogue.states[area_id] = replace(
            state,
            successors=tuple(successors.get(area_id, ())),
            predecessors=tuple(predecessors.get(area_id, ())),
        )


def _tell_register_event(
    catalogue: AreaCatalogue, register: str, *, ended: Iterable[str], began: Iterable[str]
) -> None:
    """The event by which the register came into force ended the old areas and began the new."""
    event = next(e for e in catalogue.events if str(e["effective_on"]) == register)
    event["parts"] = dict.fromkeys(ended, "ended") | dict.fromkeys(began, "began")
    event["areas_total"] = len(event["parts"])


def _add_merger(catalogue: AreaCatalogue, entry: dict[str, Any]) -> None:
    """Let an area of a register begin with the merger, and add those that it was made of."""
    into, on = entry["into"], entry["effective_on"]
    into_id = catalogue_area_id(str(into["register"]), kind=into["kind"], code=into["code"])
    merged = catalogue.states[into_id]
    eve = on - ONE_DAY
    edges = []
    for row in entry["from"]:
        from_id = catalogue_area_id(str(eve), kind=into["kind"], code=row["code"])
        edge = Edge(from_id, into_id, on, "whole")
        span = replace(
            merged.spans[0],
            ends_on=eve,
            code=row["code"],
            designation=row["designation"],
            name=clean_name(row["name"]),
            source=row["source"],
            latitude=None,
            longitude=None,
        )
        catalogue.states[from_id] = AreaState(from_id, 1, (span,), successors=(edge,))
        edges.append(edge)
    first = replace(merged.spans[0], begins_on=on, known_from=on, source=entry["document"])
    catalogue.states[into_id] = replace(
        merged, spans=(first, *merged.spans[1:]), predecessors=tuple(edges)
    )
    parts = {into_id: "began"} | {edge.from_id: "ended" for edge in edges}
    catalogue.events.append(
        {
            "kind": "merge",
            "effective_on": on,
            "document": entry["document"],
            "note": "",
            "areas_total": len(parts),
            "parts": parts,
        }
    )


def _add_regions(
    catalogue: AreaCatalogue,
    registers: list[tuple[dict[str, Any], list[dict[str, str]]]],
    plan: dict[str, Any],
) -> None:
    """Give old areas the region of their province; new ones what their predecessors agree on."""
    first, rows = registers[0]
    register = str(first["date"])
    source = plan["attributes"][REGION]["source"]
    regions = {
        catalogue_area_id(register, kind=r["kind"], code=r["code"]): r["region"]
        for r in rows
        if r["region"]
    }
    for area_id, state in catalogue.states.items():
        is_old = state.begins_on <= first["date"]
        region = _region_above(area_id, catalogue.states, regions) if is_old else None
        if region is None:
            continue
        held = Attribute(REGION, region, state.begins_on, state.ends_on, source)
        catalogue.states[area_id] = replace(state, attributes=(held,))
    for area_id, state in catalogue.states.items():
        values = {
            catalogue.states[edge.from_id].value_on(REGION, edge.effective_on - ONE_DAY)
            for edge in state.predecessors
        }
        if state.attributes or len(values) != 1 or (value := values.pop()) is None:
            continue
        inherited = f"inherited where predecessors agree ({source})"
        held = Attribute(REGION, value, state.begins_on, state.ends_on, inherited)
        catalogue.states[area_id] = replace(state, attributes=(held,))


def _region_above(
    area_id: str, states: Mapping[str, AreaState], regions: Mapping[str, str]
) -> str | None:
    """The region of the province above."""
    while area_id not in regions:
        parent_id = states[area_id].spans[0].parent_id
        if parent_id is None:
            return None
        area_id = parent_id
    return regions[area_id]
