"""Rows of fixed width as PostgreSQL's binary COPY format, laid out by numpy in one step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
# Days between 1 January of year 1, where Python counts from, and 1 January 2000.
EPOCH_ORDINAL = 730_120

KINDS = {"int2": ">i2", "int4": ">i4", "int8": ">i8", "date": ">i4", "bool": "u1"}


def rows(columns: Mapping[str, tuple[str, Any]], *, count: int) -> bytes:
    """Return `count` rows: each column is a kind and its values, one value, or None for null.

    Kinds: int2, int4, int8, bool, date (as ordinals), text and bytes of one length for all rows.
    """
    fields: list[tuple[str, Any]] = [("columns", ">i2")]
    for name, (kind, values) in columns.items():
        fields.append((f"{name}.length", ">i4"))
        if values is not None:
            fields.append((name, KINDS.get(kind) or f"V{_width(values)}"))
    table: NDArray[Any] = np.zeros(count, np.dtype(fields))
    table["columns"] = len(columns)
    for name, (kind, values) in columns.items():
        table[f"{name}.length"] = -1 if values is None else table.dtype[name].itemsize
        if values is not None:
            table[name] = _encoded(kind, values)
    return HEADER + table.tobytes() + TRAILER


def _width(values: Any) -> int:
    return len(values) if isinstance(values, bytes) else int(values.dtype.itemsize)


def _encoded(kind: str, values: Any) -> Any:
    if kind == "date":
        return np.asarray(values) - EPOCH_ORDINAL
    if isinstance(values, bytes):
        return np.void(values)
    return values.view(f"V{values.dtype.itemsize}") if kind in ("text", "bytes") else values
