"""What the gateway is compared with: two services behind it, and the usual way to write a proxy."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

ITEM = {"id": "a2b3c4d5", "code": "06970", "name": "Lương Minh", "value": "89.9999"}
ITEMS = 20
BLOCK = b"x" * 65_536
BLOCKS = 160


class Item(BaseModel):
    id: str
    code: str
    name: str
    value: str


class ItemPage(BaseModel):
    items: list[Item]
    next: str | None


READY = ItemPage.model_validate({"items": [ITEM] * ITEMS, "next": None}).model_dump_json().encode()


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Ready bytes: the least work a service can do; it shows the gateway at its worst."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    is_large = scope["path"].endswith("/large")
    length = len(BLOCK) * BLOCKS if is_large else len(READY)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(length).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if not is_large:
        await send({"type": "http.response.body", "body": READY})
        return
    for _ in range(BLOCKS):
        await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


framework = FastAPI()


@framework.get("/v1/areas")
async def list_areas(request: Request) -> ItemPage:
    """Do what a small endpoint does: read a header, build a page, validate it, write JSON."""
    assert request.headers.get("authorization")
    return ItemPage(items=[Item(**ITEM) for _ in range(ITEMS)], next=None)


@asynccontextmanager
async def _client_of(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM_URL"], trust_env=False) as client:
        app.state.client = client
        yield


usual = FastAPI(lifespan=_client_of)


@usual.get("/{path:path}")
async def pass_on(request: Request, path: str) -> Response:
    """The proxy of most tutorials: one shared httpx client, the whole answer in memory."""
    headers = {k: v for k, v in request.headers.items() if k not in ("host", "connection")}
    answer = await request.app.state.client.get(f"/{path}", headers=headers)
    kept = {k: v for k, v in answer.headers.items() if k in ("content-type", "etag")}
    return Response(answer.content, answer.status_code, kept)
