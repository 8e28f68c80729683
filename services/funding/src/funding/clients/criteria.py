"""What funding asks criteria when its copy of the registers does not know a reference yet."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from chungsuc import http
from fastapi import FastAPI

TIMEOUT_SECONDS = 3
PATHS = {
    "area": "/v1/areas/{id}/history",
    "organisation": "/v1/organisations/{id}",
    "document": "/v1/documents/{id}",
}


@asynccontextmanager
async def open_criteria(app: FastAPI) -> AsyncIterator[None]:
    """Hold one client of criteria for as long as the application runs."""
    url = app.state.settings.criteria_url
    async with http.create_client(url, timeout_seconds=TIMEOUT_SECONDS) as client:
        app.state.criteria = client
        yield


async def find_body(
    client: httpx.AsyncClient, *, resource: str, resource_id: str, token: str
) -> Mapping[str, Any] | None:
    """Return a register row as the feed would bring it; None when criteria has none.

    Criteria that does not answer is 503 with Retry-After: money never moves on a guess.
    """
    path = PATHS[resource].format(id=resource_id)
    body: Mapping[str, Any] | None = await http.get_json(client, path, token=token)
    return body
