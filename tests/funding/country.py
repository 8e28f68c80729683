"""A small country: two provinces, districts until 30 June 2025, communes, offices, documents."""

import json
from datetime import date
from typing import Any

import psycopg
from funding.registers import repository

NATION, DIEN_BIEN, LAI_CHAU = "vn", "adienbien", "alaichau"
TUA_CHUA, MUONG_NHE = "atuachua", "amuongnhe"
XA_NHE, MUONG_BANG, SIN_THAU = "axanhe", "amuongbang", "asinthau"
NEW_XA_NHE = "axanhenew"
FINANCE_OFFICE, INVESTOR = "ofinance", "oinvestor"
DECISION, PAPER, REAL_PAPER = "ddecision", "dpaper", "dreal"
LAST_DAY_OF_DISTRICTS = "2025-06-30"
DIEN_BIEN_PROJECT, ACTIVITY = "pj000000000001", "pj000000000002"

Span = tuple[str, str | None, str, str, str, str | None]

AREAS: dict[str, Span] = {
    NATION: ("1945-09-02", None, "VN", "nation", "Việt Nam", None),
    DIEN_BIEN: ("2004-01-01", None, "11", "province", "Điện Biên", NATION),
    LAI_CHAU: ("2004-01-01", None, "12", "province", "Lai Châu", NATION),
    TUA_CHUA: ("2004-01-01", LAST_DAY_OF_DISTRICTS, "098", "district", "Tủa Chùa", DIEN_BIEN),
    MUONG_NHE: ("2004-01-01", LAST_DAY_OF_DISTRICTS, "096", "district", "Mường Nhé", DIEN_BIEN),
    XA_NHE: ("2004-01-01", LAST_DAY_OF_DISTRICTS, "03214", "commune", "Xá Nhè", TUA_CHUA),
    MUONG_BANG: ("2004-01-01", None, "03205", "commune", "Mường Báng", TUA_CHUA),
    SIN_THAU: ("2004-01-01", None, "03158", "commune", "Sín Thầu", MUONG_NHE),
    NEW_XA_NHE: ("2025-07-01", None, "03214", "commune", "Xá Nhè", DIEN_BIEN),
}
WHOLE_SUCCESSORS = {XA_NHE: NEW_XA_NHE}


def area_body(area_id: str) -> dict[str, Any]:
    """Return an area as the feed of criteria brings it."""
    begins, ends, code, kind, name, parent = AREAS[area_id]
    span = {"from": begins, "to": ends, "code": code, "kind": kind, "name": name}
    successor = WHOLE_SUCCESSORS.get(area_id)
    return {
        "id": area_id,
        "spans": [{**span, "designation": kind, "parent_id": parent}],
        "attributes": [],
        "successors": [{"id": successor, "extent": "whole", "on": "2025-07-01"}]
        if successor
        else [],
        "predecessors": [],
    }


ORGANISATIONS = [
    {"id": FINANCE_OFFICE, "code": "STC-11", "name": "Sở Tài chính", "kind": "department"},
    {"id": INVESTOR, "code": "BQLDA-11", "name": "Ban Quản lý dự án", "kind": "investor"},
]
DOCUMENTS = [
    {"id": DECISION, "number": "1503/QĐ-TTg", "is_demonstration": True},
    {"id": PAPER, "number": "01/QĐ-UBND", "is_demonstration": True},
    {"id": REAL_PAPER, "number": "02/QĐ-UBND", "is_demonstration": False},
]


def settle(owner: psycopg.Connection[Any]) -> None:
    """Fill the copy of the registers and open two projects."""
    offices = [{**o, "area_id": DIEN_BIEN, "from": "2004-01-01", "to": None} for o in ORGANISATIONS]
    papers = [
        {**d, "kind": "decision", "issuer": "TTg", "title": "Giao kế hoạch", "issued_on": None}
        for d in DOCUMENTS
    ]
    bodies = {
        "area": [area_body(area) for area in AREAS],
        "organisation": offices,
        "document": papers,
    }
    for resource, rows in bodies.items():
        for statement in repository.STATEMENTS[resource]:
            plain = statement.replace(":bodies", "%(bodies)s")
            owner.execute(plain, {"bodies": json.dumps(rows)})  # type: ignore[arg-type]
    add_project(owner, DIEN_BIEN_PROJECT, kind="work", ceiling=1_000)
    add_project(owner, ACTIVITY, kind="activity", ceiling=500)


def add_project(
    connection: psycopg.Connection[Any], project_id: str, *, kind: str, ceiling: int
) -> None:
    is_work = kind == "work"
    connection.execute(
        "INSERT INTO project (id, code, name, search_key, project_kind, area_id, "
        "total_investment_vnd, approved_estimate_vnd, approved_on, document_id, is_demonstration) "
        "VALUES (%s, %s, 'Đường', 'duong', %s, %s, %s, %s, %s, %s, true)",
        [
            project_id,
            project_id,
            kind,
            MUONG_BANG,
            ceiling if is_work else None,
            None if is_work else ceiling,
            date(2024, 1, 1),
            PAPER,
        ],
    )
