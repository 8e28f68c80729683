"""Keyset pages: a list goes on from the last key it showed, never from a number of rows."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from chungsuc import problems
from chungsuc.text import Text

T = TypeVar("T")
MAXIMUM_LIMIT = 1000


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T] = Field(description="Rows of this page")
    next: str | None = Field(description="Cursor of the next page; null on the last one")


class PageRequest(BaseModel):
    """How many rows, and after which key."""

    limit: int
    cursor: list[Any] | None


def page_parameters(
    limit: Annotated[int, Query(ge=1, le=MAXIMUM_LIMIT, description="Rows of one page")] = 100,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next` of the page before")
    ] = None,
) -> PageRequest:
    """Read the paging parameters of a request."""
    return PageRequest(limit=limit, cursor=decode_cursor(cursor) if cursor is not None else None)


PageParameters = Annotated[PageRequest, Depends(page_parameters)]


def encode_cursor(key: Sequence[Any]) -> str:
    """Turn a sort key into an opaque cursor."""
    text = json.dumps(list(key), ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """Read a cursor back; a foreign one is a problem of the `cursor` parameter."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError:
        key = None
    if not isinstance(key, list) or not all(_is_storable(k) for k in key):
        raise foreign_cursor()
    return key


def foreign_cursor() -> problems.Invalid:
    """The problem of a cursor that some other list gave."""
    reason = Text("không phải con trỏ của danh sách này", "not a cursor of this list")
    return problems.Invalid(reason, errors=[problems.FieldError("cursor", "not-a-cursor", reason)])


def page_of_catalogue(rows: Sequence[T], page: PageRequest, *, key: Callable[[T], str]) -> Page[T]:
    """Cut a page out of a catalogue small enough to be read whole, in the order of `key`."""
    after = page.cursor
    if after is not None and [type(part) for part in after] != [str]:
        raise foreign_cursor()
    wanted = sorted((row for row in rows if after is None or key(row) > after[0]), key=key)
    items, following = page_of(
        wanted[: page.limit + 1], limit=page.limit, key=lambda row: [key(row)]
    )
    return Page(items=items, next=following)


def _is_storable(part: object) -> bool:
    if isinstance(part, str):
        return "\x00" not in part and part.isprintable()
    if isinstance(part, int):
        return abs(part) < 2**63
    return part is None


def page_of(
    rows: Sequence[T], *, limit: int, key: Callable[[T], Sequence[Any]]
) -> tuple[list[T], str | None]:
    """Cut `limit + 1` fetched rows into a page and the cursor of the next one."""
    items = list(rows[:limit])
    has_more = len(rows) > limit
    return items, encode_cursor(key(items[-1])) if has_more else None
