"""A small country: two provinces, their communes, a few measures and two sets that judge them."""

import copy
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from chungsuc import changes
from chungsuc.access import Grant, Principal
from chungsuc.changes import Change, Sequencer
from chungsuc.database import Database
from criteria.criteria_sets import service as criteria_sets
from criteria.measures import model
from criteria.measures import service as measures
from criteria.measures.model import Measure
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ADMINISTRATOR = Principal("admin", "admin", (Grant("administrator", "vn"),), "")
NORTH, SOUTH = "anorth", "asouth"
COMMUNES = tuple(f"acommune{number}" for number in range(6))
WARD = "award"
CODES = {NORTH: "14", SOUTH: "79", WARD: "00900"} | {
    area: f"0010{number}" for number, area in enumerate(COMMUNES)
}
DOCUMENT = "dplan"

_MEASURES: list[dict[str, Any]] = [
    {"code": "road_share", "type": "share", "validity": "until_replaced"},
    {"code": "plan_approved", "type": "yes_no", "validity": "until_replaced"},
    {"code": "water_share", "type": "share", "validity": "year_of_review"},
    {"code": "school_level", "type": "level", "validity": "months:24"},
    {"code": "income", "type": "number", "validity": "until_replaced", "scale": 3},
    {"code": "unjudged", "type": "number", "validity": "until_replaced"},
]
MEASURES = model.parse_measures(
    [
        {**entry, "name_vi": entry["code"], "name_en": entry["code"], "slot": slot}
        for slot, entry in enumerate(_MEASURES)
    ]
)


def _at_least(measure: str, threshold: Any) -> dict[str, Any]:
    return {"at_least": {"measure": measure, "threshold": threshold}}


def _indicator(number: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    names = {"name_vi": f"Chỉ tiêu {number}", "name_en": f"Indicator {number}"}
    return {"number": number, **names, "rule": rule, "source": "recalled"}


def _criterion(number: str, indicators: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = {"name_vi": f"Tiêu chí {number}", "name_en": f"Criterion {number}"}
    return {"number": number, **names, "indicators": list(indicators)}


STANDARD: dict[str, Any] = {
    "code": "xa-standard",
    "version": "1",
    "name_vi": "Bộ tiêu chí thử",
    "name_en": "Test standard",
    "legal_basis": ["Quyết định thử"],
    "tier": "standard",
    "area_kind": "commune",
    "designations": ["xã"],
    "from": "2021-01-01",
    "to": "2025-12-31",
    "counts": {"criteria": 3, "indicators": 5},
    "attributes": [{"name": "region", "values": ["TDMNPB", "DBSH"]}],
    "bands": [
        {"least": 3, "most": 3, "name_vi": "Đủ 3", "name_en": "All 3"},
        {"least": 0, "most": 2, "name_vi": "Dưới 3", "name_en": "Fewer than 3"},
    ],
    "criteria": [
        _criterion(
            "1",
            [
                _indicator("1.1", {"yes": "plan_approved"}),
                _indicator(
                    "1.2",
                    _at_least(
                        "road_share",
                        [
                            {"region": ["TDMNPB"], "value": 70},
                            {"region": ["DBSH"], "value": 90},
                        ],
                    ),
                ),
            ],
        ),
        _criterion(
            "2",
            [
                _indicator("2.1", _at_least("water_share", 95)),
                _indicator("2.2", {"level_at_least": {"measure": "school_level", "threshold": 2}}),
            ],
        ),
        _criterion(
            "3",
            [
                _indicator(
                    "3",
                    _at_least(
                        "income",
                        [
                            {"year": {"at_most": 2022}, "value": 39},
                            {"year": {"at_least": 2023, "at_most": 2023}, "value": 42},
                            {"year": {"at_least": 2024}, "value": 45},
                        ],
                    ),
                )
            ],
        ),
    ],
    "test_cases": [
        {
            "name": "a plan is needed",
            "date": "2023-06-30",
            "attributes": {"region": "DBSH"},
            "values": {"plan_approved": {"value": False}},
            "expect": {"1.1": "not_met", "criteria/1": "not_met"},
        }
    ],
}

ADVANCED: dict[str, Any] = copy.deepcopy(STANDARD) | {
    "code": "xa-advanced",
    "tier": "advanced",
    "is_demonstration": True,
    "counts": {"criteria": 1, "indicators": 1},
    "bands": [],
    "criteria": [_criterion("1", [_indicator("1.1", _at_least("road_share", 100))])],
    "test_cases": [
        {
            "name": "every road",
            "date": "2023-06-30",
            "values": {"road_share": {"value": "99.99"}},
            "expect": {"1.1": "not_met"},
        }
    ],
}


async def build(database: Database, *, sets: Sequence[dict[str, Any]] = (STANDARD,)) -> None:
    """Make the country and publish its sets."""
    async with database.session_scope() as session:
        await _add_document(session)
        await _add_areas(session)
        await measures.record_measures(session, list(MEASURES.values()))
    for body in sets:
        await publish(database, body)


async def publish(database: Database, body: dict[str, Any]) -> None:
    """Store a draft and publish it."""
    async with database.session_scope() as session:
        await criteria_sets.add_criteria_set(session, body, principal=ADMINISTRATOR)
    async with database.session_scope() as session:
        await criteria_sets.publish_criteria_set(
            session, body["code"], version=body["version"], principal=ADMINISTRATOR
        )


async def set_attribute(
    database: Database, area_id: str, name: str, value: str, *, begins_on: date
) -> None:
    """Give an area an attribute from a day on."""
    async with database.session_scope() as session:
        recorded_by = await _area_change(session)
        await session.execute(
            text(
                "UPDATE area_attribute SET superseded_by = :by WHERE area_id = :area_id "
                "AND name = :name AND superseded_by IS NULL"
            ),
            {"area_id": area_id, "name": name, "by": recorded_by},
        )
        await session.execute(
            text(
                "INSERT INTO area_attribute (area_id, name, value, begins_on, ends_on, source, "
                "recorded_by) SELECT area_id, name, value, begins_on, "
                "CAST(:begins_on AS date) - 1, source, :by FROM area_attribute "
                "WHERE area_id = :area_id AND name = :name AND superseded_by = :by"
            ),
            {"area_id": area_id, "name": name, "begins_on": begins_on, "by": recorded_by},
        )
        await session.execute(
            text(
                "INSERT INTO area_attribute (area_id, name, value, begins_on, source, recorded_by) "
                "VALUES (:area_id, :name, :value, :begins_on, 'test', :recorded_by)"
            ),
            {
                "area_id": area_id,
                "name": name,
                "value": value,
                "begins_on": begins_on,
                "recorded_by": recorded_by,
            },
        )


async def sequence(database: Database) -> int:
    """Give positions to all that is committed and return the last one."""
    while await Sequencer(database).run_pass():
        pass
    async with database.read_scope() as session:
        return int(await session.scalar(text("SELECT last_position FROM feed_state")) or 0)


def value(
    area: str, measure: str, observed_on: str, given: str | bool, **more: Any
) -> dict[str, Any]:
    """Return one item of a body of observations."""
    return {
        "area": area,
        "measure": measure,
        "observed_on": observed_on,
        "value": given,
        **more,
    }


def all_met(area: str, observed_on: str) -> list[dict[str, Any]]:
    """Return values with which an area meets the whole standard in 2023."""
    return [
        value(area, "plan_approved", observed_on, True),
        value(area, "road_share", observed_on, "95"),
        value(area, "water_share", observed_on, "95"),
        value(area, "school_level", observed_on, "2"),
        value(area, "income", observed_on, "42"),
    ]


def measure(code: str) -> Measure:
    return MEASURES[code]


def fresh_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


async def _change(session: AsyncSession) -> int:
    ids = await changes.append(session, [Change("test", "world", 1, {})], action="test")
    return ids[0]


async def _area_change(session: AsyncSession) -> int:
    recorded_by = await _change(session)
    await session.execute(
        text(
            "INSERT INTO area_change (kind, effective_on, document_id, note, areas_total, "
            "recorded_by) VALUES ('create', '1990-01-01', :document, '', 1, :by)"
        ),
        {"document": DOCUMENT, "by": recorded_by},
    )
    return recorded_by


async def _add_document(session: AsyncSession) -> None:
    await session.execute(
        text(
            "INSERT INTO document (id, number, kind, issuer, title, certainty, is_demonstration, "
            "search_key, sort_key, recorded_by) VALUES (:id, '1/QĐ', 'plan', 'UBND', 'Kế hoạch', "
            "'high', false, '', '', :by)"
        ),
        {"id": DOCUMENT, "by": await _change(session)},
    )


async def _add_areas(session: AsyncSession) -> None:
    recorded_by = await _area_change(session)
    kinds = [("nation", 0), ("province", 1), ("commune", 3)]
    await session.execute(
        text("INSERT INTO area_kind VALUES (:code, :code, :code, :rank, NULL)"),
        [{"code": code, "rank": rank} for code, rank in kinds],
    )
    spans: list[tuple[str | None, ...]] = [("vn", None, "nation", "nước", "vn", "Việt Nam")]
    spans += [(a, "vn", "province", "tỉnh", CODES[a], a) for a in (NORTH, SOUTH)]
    spans += [
        (area, NORTH if place < 4 else SOUTH, "commune", "xã", CODES[area], f"Xã {place}")
        for place, area in enumerate(COMMUNES)
    ]
    spans += [(WARD, NORTH, "commune", "phường", CODES[WARD], "Phường")]
    names = ("id", "parent", "kind", "designation", "code", "name")
    rows = [dict(zip(names, span, strict=True)) | {"by": recorded_by} for span in spans]
    await session.execute(text("INSERT INTO area VALUES (:id, 1)"), rows)
    await session.execute(
        text(
            "INSERT INTO area_span (area_id, begins_on, code, kind, designation, name, parent_id, "
            "known_from, source, search_key, sort_key, recorded_by) VALUES (:id, '1990-01-01', "
            ":code, :kind, :designation, :name, :parent, '1990-01-01', 'test', :name, :name, :by)"
        ),
        rows,
    )
    await session.execute(
        text(
            "INSERT INTO area_attribute (area_id, name, value, begins_on, source, recorded_by) "
            "VALUES (:area, 'region', :region, '1990-01-01', 'test', :by)"
        ),
        [
            {"area": area, "region": "TDMNPB" if place < 4 else "DBSH", "by": recorded_by}
            for place, area in enumerate(COMMUNES)
        ],
    )
