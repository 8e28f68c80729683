"""What funding asks criteria when its copy of the registers does not know a reference yet."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
from chungsuc import http, problems
from chungsuc.text import Text
from fastapi import FastAPI

TIMEOUT_SECONDS = 3
Body = Mapping[str, Any]
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
) -> Body | None:
    """Return a register row in the shape of the feed; None when criteria has none.

    Criteria that does not answer is 503 with Retry-After: money never moves on a guess.
    """
    path = PATHS[resource].format(id=quote(resource_id, safe=""))
    try:
        answer: Body | None = await http.get_json(client, path, token=token)
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            return None
        raise problems.Unavailable(
            Text("Chưa hỏi được danh mục", "The register could not be asked"),
            headers={"Retry-After": "2"},
        ) from error
    if answer is None or answer["id"] != resource_id:
        return None
    return _SHAPES[resource](answer)


def _area(answer: Body) -> Body:
    """Successors come with the feed: an area that is new here has none yet."""
    spans = [
        {
            "from": span["begins_on"],
            "to": span["ends_on"],
            "code": span["code"],
            "kind": span["area_kind"],
            "designation": span["designation"],
            "name": span["name"],
            "parent_id": span["parent"]["id"] if span["parent"] else None,
        }
        for span in answer["spans"]
    ]
    return {"id": answer["id"], "spans": spans, "successors": []}


def _organisation(answer: Body) -> Body:
    return {
        **{name: answer[name] for name in ("id", "code", "name", "kind")},
        "area_id": answer["area"]["id"],
        "from": answer["begins_on"],
        "to": answer["ends_on"],
    }


def _document(answer: Body) -> Body:
    return answer


_SHAPES: Mapping[str, Callable[[Body], Body]] = {
    "area": _area,
    "organisation": _organisation,
    "document": _document,
}
