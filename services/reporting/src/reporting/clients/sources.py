"""What reporting asks its sources besides their feeds."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from chungsuc import http
from fastapi import FastAPI

Sources = Mapping[str, httpx.AsyncClient]


@asynccontextmanager
async def open_sources(app: FastAPI) -> AsyncIterator[None]:
    """Hold one client per source for as long as the application runs."""
    settings = app.state.settings
    async with (
        http.create_client(settings.criteria_url, timeout_seconds=2) as criteria,
        http.create_client(settings.funding_url, timeout_seconds=2) as funding,
    ):
        app.state.sources = {"criteria": criteria, "funding": funding}
        yield


async def find_position(
    client: httpx.AsyncClient, *, source: str, change_id: int, token: str
) -> int | None:
    """Return where a change stands in its feed; None while it is not placed, or unknown there."""
    place = await http.get_json(client, f"/v1/{source}/changes/{change_id}", token=token)
    return None if place is None else place["position"]
