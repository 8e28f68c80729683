"""Errors of a body that is one of several kinds point to the body's own fields."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

_TAG_PLACE = 1


class TaggedBodyRoute(APIRoute):
    """Takes the kind out of the error's path, where the validator puts it after `body`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_tagged(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                errors = [_untagged(one, body=error.body) for one in error.errors()]
                raise RequestValidationError(errors, body=error.body) from error

        return handle_tagged


def _untagged(error: dict[str, Any], *, body: Any) -> dict[str, Any]:
    place = error["loc"]
    kind = body.get("kind") if isinstance(body, dict) else None
    if place[0] == "body" and len(place) > _TAG_PLACE and place[_TAG_PLACE] == kind:
        return error | {"loc": (place[0], *place[_TAG_PLACE + 1 :])}
    return error
