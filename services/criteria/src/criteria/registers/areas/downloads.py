"""The whole register as NDJSON or CSV, streamed from a snapshot of its own."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from chungsuc.database import Database

from criteria.registers.areas import read_repository, reading
from criteria.registers.areas.read_repository import AreaFilter

NDJSON, CSV = "application/x-ndjson", "text/csv"
COLUMNS = (
    *("id", "code", "area_kind", "designation", "name"),
    *("parent_id", "parent_code", "parent_name", "begins_on", "ends_on", "coverage"),
    *("latitude", "longitude", "area_km2", "attributes"),
)


def wanted_type(accept: str) -> str | None:
    """Return the stream type that the caller accepts, or None for a page of JSON."""
    return next((media for media in (NDJSON, CSV) if media in accept), None)


async def stream(
    database: Database, wanted: AreaFilter, *, media_type: str
) -> AsyncIterator[bytes]:
    """Give all these areas in blocks of a thousand rows."""
    write = _ndjson_lines if media_type == NDJSON else _csv_lines
    if media_type == CSV:
        yield (",".join(COLUMNS) + "\r\n").encode()
    async with database.read_scope() as session:
        async for block in read_repository.stream(session, wanted):
            yield write(reading.area_fields(row) for row in block)


def _ndjson_lines(areas: Iterable[dict[str, Any]]) -> bytes:
    lines = (json.dumps(area, ensure_ascii=False, default=_plain) for area in areas)
    return "".join(f"{line}\n" for line in lines).encode()


def _csv_lines(areas: Iterable[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    for area in areas:
        parent = area["parent"] or {}
        held = area["attributes"]
        writer.writerow(
            area
            | {f"parent_{name}": parent.get(name, "") for name in ("id", "code", "name")}
            | {"attributes": ";".join(f"{name}={held[name]}" for name in sorted(held))}
        )
    return text.getvalue().encode()


def _plain(value: object) -> str:
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
