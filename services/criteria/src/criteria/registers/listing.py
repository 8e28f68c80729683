"""What the lists of all registers have in common: search, order and the errors of references."""

from datetime import date
from typing import Any

from chungsuc.pagination import foreign_cursor
from chungsuc.problems import FieldError
from chungsuc.text import Text, search_key

_ESCAPES = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def search_pattern(words: str | None) -> str | None:
    """Return the LIKE pattern that finds these words from the beginning of a word, accent-free."""
    if words is None:
        return None
    return f"% {search_key(words).translate(_ESCAPES)}%"


def text_key(cursor: list[Any] | None) -> list[str] | None:
    """Return a cursor of two texts (sort key, id); any other is a problem of the parameter."""
    if cursor is None or [type(part) for part in cursor] == [str, str]:
        return cursor
    raise foreign_cursor()


def date_key(cursor: list[Any] | None) -> tuple[date, int] | None:
    """Return a cursor of a date and a number; any other is a problem of the parameter."""
    if cursor is None:
        return None
    if [type(part) for part in cursor] == [str, int]:
        try:
            return date.fromisoformat(cursor[0]), cursor[1]
        except ValueError:
            pass
    raise foreign_cursor()


def unknown(pointer: str, code: str) -> FieldError:
    """Say that a reference leads nowhere."""
    return FieldError(pointer, code, Text("không có trong danh mục", "is not registered"))
