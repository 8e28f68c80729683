"""Feeds made by hand: a source that serves them, and bodies as criteria and funding write them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import httpx
from chungsuc.changes import FeedReader
from chungsuc.database import Database
from chungsuc.http import ServiceTokens
from fastapi import FastAPI, Query, Response
from reporting import worker

RECORDED_AT = "2026-01-01T00:00:00+00:00"
CRITERIA = [f"Tiêu chí {number}" for number in range(1, 20)]


class Source:
    """One service as its feed shows it; `restart` is what a restore from backup does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = uuid.uuid4()
        self.items: list[dict[str, Any]] = []
        self.limit = 1000

    def add(self, resource: str, resource_id: str, body: Mapping[str, Any]) -> int:
        """Append one change and return its id, which differs from its position."""
        position = len(self.items) + 1
        self.items.append(
            {
                "position": position,
                "id": position + 7,
                "resource": resource,
                "resource_id": resource_id,
                "revision": 1,
                "recorded_at": RECORDED_AT,
                "body": dict(body),
            }
        )
        return position + 7

    def restart(self) -> None:
        self.epoch = uuid.uuid4()

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get(f"/v1/{self.name}/changes", response_model=None)
        def changes(
            resource: list[str] = Query(),  # noqa: B008 - FastAPI reads it so
            after: str | None = None,
        ) -> Response | dict[str, Any]:
            epoch, _, position = (after or f"{self.epoch}:0").partition(":")
            if epoch != str(self.epoch):
                return Response(status_code=409)
            wanted = [i for i in self.items if i["resource"] in resource]
            batch = [i for i in wanted if i["position"] > int(position)][: self.limit]
            is_last = len(batch) < self.limit
            through = len(self.items) if is_last else batch[-1]["position"]
            place = f"{self.epoch}:{through}"
            return {"items": batch, "next": place, "head": f"{self.epoch}:{len(self.items)}"}

        @app.get(f"/v1/{self.name}/changes/{{change_id}}")
        def place_of(change_id: int) -> dict[str, int | None]:
            known = {item["id"]: item["position"] for item in self.items}
            return {"id": change_id, "position": known.get(change_id)}

        return app

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app())
        return httpx.AsyncClient(transport=transport, base_url=f"http://{self.name}.test")


class FixedTokens(ServiceTokens):
    """A token without an issuer: the sources of these tests check none."""

    def __init__(self) -> None:
        super().__init__(url="", client_id="", client_secret="")

    async def token(self) -> str:
        return "token"


class Sources:
    """Both sources and the readers that follow them."""

    def __init__(self) -> None:
        self.criteria = Source("criteria")
        self.funding = Source("funding")

    def readers(self, database: Database) -> list[FeedReader]:
        return worker.feed_readers(
            database,
            FixedTokens(),
            criteria=self.criteria.client(),
            funding=self.funding.client(),
        )

    async def read_all(self, database: Database) -> None:
        """Read both feeds to their ends."""
        for reader in self.readers(database):
            while await reader.read_once():
                pass


def area(
    area_id: str,
    *spans: Mapping[str, Any],
    successors: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    return {
        "id": area_id,
        "spans": list(spans),
        "attributes": [],
        "successors": list(successors),
        "predecessors": [],
    }


def span(
    name: str,
    *,
    code: str,
    kind: str,
    parent: str | None,
    designation: str = "xã",
    begins: str = "2010-01-01",
    ends: str | None = None,
) -> dict[str, Any]:
    return {
        "from": begins,
        "to": ends,
        "code": code,
        "kind": kind,
        "designation": designation,
        "name": name,
        "parent_id": parent,
    }


def criteria_set(
    code: str = "ntm-xa-2021-2025", *, version: str = "1", begins: str = "2022-03-08"
) -> dict[str, Any]:
    return {
        "code": code,
        "version": version,
        "hash": f"hash-of-{code}",
        "name_vi": "Xã nông thôn mới 2021-2025",
        "name_en": "New rural commune 2021-2025",
        "tier": "standard",
        "area_kind": "commune",
        "designations": ["xã"],
        "from": begins,
        "to": "2025-12-31",
        "state": "published",
        "is_demonstration": False,
        "extends": None,
        "bands": [
            {
                "least": least,
                "most": most,
                "name_vi": f"{least}-{most}",
                "name_en": f"{least}-{most}",
            }
            for least, most in ((19, 19), (15, 18), (10, 14), (5, 9), (0, 4))
        ],
        "criteria": [
            {"number": str(n), "name_vi": name, "name_en": f"Criterion {n}", "indicators": []}
            for n, name in enumerate(CRITERIA, start=1)
        ],
    }


def assessment(
    area_id: str, *, met: int, on: str, code: str = "ntm-xa-2021-2025", total: int = 19
) -> dict[str, Any]:
    return {
        "area_id": area_id,
        "criteria_set": code,
        "criteria_set_hash": f"hash-of-{code}",
        "on": on,
        "criteria_met": met,
        "criteria_total": total,
        "indicators_met": met * 3,
        "indicators_total": total * 3,
        "verdict": "met" if met == total else "not_met",
        "criteria": ["m"] * met + ["n"] * (total - met),
        "is_demonstration": False,
    }


def programme(programme_id: str, *, name: str) -> dict[str, Any]:
    return {
        "id": programme_id,
        "code": programme_id.upper(),
        "name_vi": name,
        "name_en": name,
        "parent_id": None,
        "kind": "programme",
        "from": "2021-01-01",
        "to": None,
    }


def pocket(
    pocket_id: str,
    *,
    area_id: str,
    programme_id: str = "ntm",
    capital_kind: str = "investment",
    holder_kind: str = "area",
    budget_year: int = 2024,
    year_of_origin: int = 2024,
) -> dict[str, Any]:
    return {
        "id": pocket_id,
        "programme_id": programme_id,
        "component_id": None,
        "capital_kind": capital_kind,
        "source": "central",
        "year_of_origin": year_of_origin,
        "budget_year": budget_year,
        "holder_kind": holder_kind,
        "holder_id": area_id,
        "area_id": area_id,
    }


Line = tuple[str, str, str, int]


def transfer(
    transfer_id: str,
    *lines: Line,
    on: str | date,
    state: str = "posted",
    template: str = "pay",
    is_demonstration: bool = False,
) -> dict[str, Any]:
    return {
        "id": transfer_id,
        "template": template,
        "of_template": template,
        "state": state,
        "value_on": str(on),
        "recorded_at": RECORDED_AT,
        "document_id": "d1",
        "is_demonstration": is_demonstration,
        "lines": [
            {"pocket_id": p, "balance": balance, "flow": flow, "amount_vnd": amount}
            for p, balance, flow, amount in lines
        ],
    }


def assign(giver: str, taker: str, amount: int) -> tuple[Line, Line]:
    return (giver, "issued", "issue", -amount), (taker, "available", "receive", amount)


def allocate(giver: str, taker: str, amount: int) -> tuple[Line, Line]:
    return (giver, "available", "pass_down", -amount), (taker, "available", "receive", amount)


def advance(pocket_id: str, amount: int) -> tuple[Line, Line]:
    return (pocket_id, "available", "disburse", -amount), (pocket_id, "advance", "disburse", amount)


def pay(pocket_id: str, amount: int) -> tuple[Line, Line]:
    return (pocket_id, "available", "disburse", -amount), (pocket_id, "paid", "disburse", amount)


def recover(pocket_id: str, amount: int) -> tuple[Line, Line]:
    return (pocket_id, "advance", "recover", -amount), (pocket_id, "paid", "recover", amount)


def refund(pocket_id: str, amount: int) -> tuple[Line, Line]:
    return (pocket_id, "paid", "refund", -amount), (pocket_id, "available", "refund", amount)


def reversed_lines(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple((p, balance, flow, -amount) for p, balance, flow, amount in lines)


async def read_body(client: httpx.AsyncClient, address: str, **query: Any) -> dict[str, Any]:
    """GET and expect 200."""
    answer = await client.get(address, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
