"""The one statement that loads the catalogue."""

import json
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

LOAD = "SELECT load_catalogue(%s)"


def load(connection: psycopg.Connection[Any], rows: dict[str, list[dict[str, Any]]]) -> int:
    """Load the rows of a catalogue as the owner; return how many programmes changed."""
    found = connection.execute(LOAD, [Jsonb(rows, dumps=_dump)]).fetchone()
    return int(found[0]) if found else 0


def _dump(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, default=str)
