"""The copy of the registers: fed, asked for when behind, and never guessed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from chungsuc.changes import FeedItem
from chungsuc.database import Database
from funding.registers import feed, repository, service
from sqlalchemy import text

from tests.funding import country
from tests.funding.bookkeeper import assign, holder
from tests.funding.conftest import OpenFunding
from tests.funding.test_api import keyed

SUMMER = date(2025, 7, 1)


@asynccontextmanager
async def criteria_with(answers: dict[str, Any]) -> AsyncIterator[tuple[str, list[str]]]:
    """A criteria service that knows a few paths and remembers what it was asked."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        asked.append(path)
        assert "bearer " in head.casefold()
        body = json.dumps(answers.get(path, {})).encode()
        status = "200 OK" if path in answers else "404 Not Found"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


NEW_DOCUMENT = {
    "id": "dnew",
    "number": "9/QĐ",
    "kind": "decision",
    "issuer": "UBND",
    "title": "Giao vốn",
    "issued_on": None,
    "is_demonstration": False,
    "certainty": "stated",
}
NEW_COMMUNE = {
    "id": "anewcommune",
    "spans": [
        {
            "begins_on": "2004-01-01",
            "ends_on": None,
            "code": "03999",
            "area_kind": "commune",
            "designation": "xã",
            "name": "Mới",
            "parent": {"id": country.MUONG_NHE, "code": "096", "name": "Mường Nhé"},
        }
    ],
}


async def test_an_unknown_reference_is_asked_for_once(open_funding: OpenFunding) -> None:
    answers = {
        "/v1/documents/dnew": NEW_DOCUMENT,
        "/v1/areas/anewcommune/history": NEW_COMMUNE,
    }
    body = assign(100, document_id="dnew", to=holder("anewcommune"))
    async with (
        criteria_with(answers) as (url, asked),
        open_funding("finance_officer@vn", criteria_url=url) as client,
    ):
        first = await client.post("/v1/transfers", json=body, headers=keyed())
        second = await client.post("/v1/transfers", json=body, headers=keyed())
    assert (first.status_code, second.status_code) == (201, 201), first.text
    assert first.json()["is_demonstration"] is False
    assert sorted(asked) == sorted(answers)


async def test_a_reference_that_criteria_does_not_have_is_named(open_funding: OpenFunding) -> None:
    async with (
        criteria_with({}) as (url, _),
        open_funding("finance_officer@vn", criteria_url=url) as client,
    ):
        body = assign(1, document_id="dnone")
        answer = await client.post("/v1/transfers", json=body, headers=keyed())
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-reference")
    assert answer.json()["errors"][0]["pointer"] == "/document_id"


async def test_money_waits_while_criteria_is_away_and_reads_go_on(
    open_funding: OpenFunding,
) -> None:
    async with open_funding("finance_officer@vn") as client:
        body = assign(1, document_id="dnone")
        blocked = await client.post("/v1/transfers", json=body, headers=keyed())
        known = await client.post("/v1/transfers", json=assign(1), headers=keyed())
        read = await client.get("/v1/pockets")
    assert (blocked.status_code, blocked.headers["Retry-After"]) == (503, "2")
    assert (known.status_code, read.status_code) == (201, 200)


def item(position: int, body: dict[str, Any], resource: str = "area") -> FeedItem:
    return FeedItem(position, position, resource, body["id"], 1, "2025-01-01T00:00:00Z", body)


async def test_the_last_state_of_a_batch_wins_and_a_repeat_changes_nothing(
    database: Database,
) -> None:
    first = country.area_body(country.SIN_THAU)
    renamed = {**first, "spans": [{**first["spans"][0], "name": "Sín Thầu mới"}]}
    for _ in range(2):
        async with database.session_scope() as session:
            await feed.apply(session, [item(1, first), item(2, renamed)])
    async with database.read_scope() as session:
        found = await repository.find_area(session, "03158", on=SUMMER)
    assert found is not None
    assert found.name == "Sín Thầu mới"


async def test_a_rebuild_gives_the_same_tree(database: Database) -> None:
    bodies = [item(n, country.area_body(area)) for n, area in enumerate(country.AREAS)]
    async with database.session_scope() as session:
        await feed.reset(session)
        assert await repository.find_area(session, "11", on=SUMMER) is None
        await feed.apply(session, bodies)
    async with database.read_scope() as session:
        found = await repository.find_area(session, "11", on=SUMMER)
    assert found is not None
    assert found.id == country.DIEN_BIEN


@pytest.mark.parametrize(
    ("node", "target", "on", "is_covered"),
    [
        (country.DIEN_BIEN, country.MUONG_BANG, "2024-01-01", True),
        (country.TUA_CHUA, country.MUONG_BANG, "2024-01-01", True),
        (country.MUONG_NHE, country.MUONG_BANG, "2024-01-01", False),
        (country.MUONG_BANG, country.TUA_CHUA, "2024-01-01", False),
        (country.LAI_CHAU, country.MUONG_BANG, "2024-01-01", False),
        (country.NATION, country.MUONG_BANG, "2024-01-01", True),
        (country.XA_NHE, country.NEW_XA_NHE, "2025-07-01", True),
        (country.XA_NHE, country.NEW_XA_NHE, "2025-06-30", False),
        (country.DIEN_BIEN, country.XA_NHE, "2025-07-01", True),
        (country.DIEN_BIEN, "anowhere", "2025-07-01", False),
    ],
)
async def test_who_covers_whom_depends_on_the_date(
    database: Database, node: str, target: str, on: str, is_covered: bool
) -> None:
    async with database.read_scope() as session:
        ask = service.covers(session)
        assert await ask(node, target, date.fromisoformat(on)) is is_covered


async def test_a_code_is_read_on_the_date_of_the_request(database: Database) -> None:
    async with database.read_scope() as session:
        before = await repository.find_area(session, "03214", on=date(2025, 6, 30))
        after = await repository.find_area(session, "03214", on=SUMMER)
        never = await repository.find_area(session, "03214", on=date(1999, 1, 1))
    assert (before.id, after.id, never) == (  # type: ignore[union-attr]
        country.XA_NHE,
        country.NEW_XA_NHE,
        None,
    )


async def test_a_subtree_and_the_way_up_agree(database: Database) -> None:
    """Two ways to walk the tree, down for a table and up for a right, on both sides of a reform."""
    async with database.read_scope() as session:
        for day in (date(2025, 6, 30), SUMMER):
            values = {"day": day, "areas": list(country.AREAS)}
            found = await session.execute(
                text(
                    "SELECT n.id AS node, a.id AS area FROM unnest(CAST(:areas AS text[])) n (id) "
                    "CROSS JOIN unnest(CAST(:areas AS text[])) a (id) "
                    "WHERE (a.id IN (SELECT area_id FROM areas_under(n.id, :day))) "
                    "<> area_is_under(a.id, n.id, :day)"
                ),
                values,
            )
            assert found.all() == []
