"""Registering documents and organisations."""

import asyncio
from datetime import date
from typing import Any

import httpx
import pytest
from chungsuc.database import Database
from criteria.registers.organisations import service

from tests.conftest import TokenFor
from tests.criteria.registers.conftest import fresh_key, sequence

PLAN = {
    "number": "2496/KH-UBND",
    "kind": "plan",
    "issuer": "Ủy ban nhân dân tỉnh Lai Châu",
    "title": "Kế hoạch xây dựng nông thôn mới",
    "issued_on": "2022-07-15",
}
DEPARTMENT = {
    "code": "H49.12",
    "name": "Sở Nông nghiệp và Môi trường tỉnh Quảng Ninh",
    "kind": "department",
    "area": "22",
    "begins_on": "2025-03-01",
}


async def post(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], token: str | None = None
) -> httpx.Response:
    headers = fresh_key() | ({"Authorization": f"Bearer {token}"} if token else {})
    return await client.post(path, json=body, headers=headers)


async def test_a_registered_document_is_found_by_its_words(
    administrator: httpx.AsyncClient,
) -> None:
    made = await post(administrator, "/v1/documents", PLAN)
    assert made.status_code == 201
    document = made.json()
    read = await administrator.get(f"/v1/documents/{document['id']}")
    found = await administrator.get("/v1/documents", params={"q": "ke hoach", "kind": "plan"})
    assert read.json() == document
    assert found.json()["items"] == [document]
    assert document["certainty"] == "stated"


async def test_one_document_is_registered_once_also_at_the_same_moment(
    administrator: httpx.AsyncClient,
) -> None:
    answers = await asyncio.gather(*(post(administrator, "/v1/documents", PLAN) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    other_date = {**PLAN, "issued_on": None}
    assert (await post(administrator, "/v1/documents", other_date)).status_code == 201
    assert (await post(administrator, "/v1/documents", other_date)).status_code == 409


async def test_the_catalogue_says_which_documents_are_from_memory(
    administrator: httpx.AsyncClient,
) -> None:
    found = await administrator.get("/v1/documents", params={"number": "1199/NQ-UBTVQH15"})
    [document] = found.json()["items"]
    assert document["certainty"] == "recalled_unverified"


async def test_documents_come_in_pages_and_as_known_earlier(
    administrator: httpx.AsyncClient, database: Database
) -> None:
    head = (await administrator.get("/v1/criteria/changes?limit=1")).json()["head"]
    known_at = head.partition(":")[2]
    await post(administrator, "/v1/documents", PLAN)
    await sequence(database)
    now = (await administrator.get("/v1/documents?limit=1000")).json()["items"]
    then = (await administrator.get(f"/v1/documents?known_at={known_at}")).json()["items"]
    pages: list[dict[str, Any]] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await administrator.get("/v1/documents", params=query)).json()
        pages += page["items"]
        cursor = page["next"]
    assert pages == now
    assert len(now) == len(then) + 1


async def test_an_organisation_serves_an_area(administrator: httpx.AsyncClient) -> None:
    made = await post(administrator, "/v1/organisations", DEPARTMENT)
    assert made.status_code == 201, made.text
    organisation = made.json()
    assert organisation["area"]["name"] == "tỉnh Quảng Ninh"
    read = await administrator.get(f"/v1/organisations/{organisation['id']}")
    found = await administrator.get("/v1/organisations", params={"area": "22", "q": "SO NONG"})
    early = await administrator.get("/v1/organisations", params={"as_of": "2025-02-28"})
    assert read.json() == organisation
    assert found.json()["items"] == [organisation]
    assert early.json()["items"] == []
    assert (await post(administrator, "/v1/organisations", DEPARTMENT)).status_code == 409


async def test_a_peoples_committee_is_named_after_its_area(
    administrator: httpx.AsyncClient, database: Database
) -> None:
    body = {"kind": "peoples_committee", "area": "06970", "begins_on": "2025-07-01"}
    made = (await post(administrator, "/v1/organisations", body)).json()
    assert made["name"] == "Ủy ban nhân dân xã Ba Chẽ"
    area = (await administrator.get("/v1/areas/06985")).json()
    async with database.session_scope() as session:
        first = await service.ensure_peoples_committee(session, area["id"], on=_day(area))
        again = await service.ensure_peoples_committee(session, area["id"], on=_day(area))
        same = await service.ensure_peoples_committee(session, made["area"]["id"], on=_day(area))
    assert first == again
    assert same.id == made["id"]


async def test_a_province_office_registers_for_its_own_areas_only(
    administrator: httpx.AsyncClient, token_for: TokenFor
) -> None:
    province = (await administrator.get("/v1/areas/22")).json()["id"]
    token = token_for(f"province_office@{province}")
    own = {**DEPARTMENT, "area": "06970", "begins_on": "2025-07-01"}
    other = {**DEPARTMENT, "area": "24", "code": "H50"}
    assert (await post(administrator, "/v1/organisations", own, token)).status_code == 201
    refused = await post(administrator, "/v1/organisations", other, token)
    assert refused.status_code == 403
    assert "province_office" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/v1/documents", {**PLAN, "number": ""}, "/number"),
        ("/v1/documents", {**PLAN, "issued_on": "15/7/2022"}, "/issued_on"),
        ("/v1/documents", {**PLAN, "file_hash": "abc"}, "/file_hash"),
        ("/v1/documents", {**PLAN, "replaces_id": "dnothing"}, "/replaces_id"),
        ("/v1/documents", {**PLAN, "certainty": "sure"}, "/certainty"),
        ("/v1/documents", {**PLAN, "title": "\x00"}, "/title"),
        ("/v1/organisations", {**DEPARTMENT, "code": None}, "/code"),
        ("/v1/organisations", {**DEPARTMENT, "ends_on": "2025-01-01"}, "/ends_on"),
        ("/v1/organisations", {**DEPARTMENT, "kind": "a b"}, "/kind"),
    ],
)
async def test_a_bad_field_is_named(
    administrator: httpx.AsyncClient, path: str, body: dict[str, Any], pointer: str
) -> None:
    answer = await post(administrator, path, body)
    assert answer.status_code == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


async def test_an_auditor_registers_nothing(
    administrator: httpx.AsyncClient, token_for: TokenFor
) -> None:
    token = token_for("auditor@vn")
    for path, body in (("/v1/documents", PLAN), ("/v1/organisations", DEPARTMENT)):
        assert (await post(administrator, path, body, token)).status_code == 403


async def test_unknown_ids_are_404(administrator: httpx.AsyncClient) -> None:
    for path in ("/v1/documents/dnothing", "/v1/organisations/onothing"):
        assert (await administrator.get(path)).status_code == 404


def _day(area: dict[str, Any]) -> date:
    return date.fromisoformat(area["begins_on"])
