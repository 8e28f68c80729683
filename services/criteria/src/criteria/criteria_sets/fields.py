"""Reading single fields of a set's body; every refusal names its pointer."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal, cast, get_args

from criteria.criteria_sets.findings import malformed
from criteria.criteria_sets.tree import Confidence, Provenance, SourceMark
from criteria.measures.exact import Exact, exact

PROVENANCE_FIELDS = ("source", "confidence", "reference", "note")

_CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def read_object(
    pointer: str, value: object, *, required: Collection[str], optional: Collection[str] | None
) -> Mapping[str, object]:
    """An object with these fields and no others; optional None leaves the other names open."""
    if not isinstance(value, Mapping):
        raise malformed(
            pointer, "not-an-object", vi="Cần một đối tượng.", en="An object is needed."
        )
    for name in value:
        if not isinstance(name, str):
            raise malformed(
                pointer,
                "not-a-name",
                vi=f"Tên trường {name} phải là chuỗi; trong YAML hãy đặt trong ngoặc kép.",
                en=f"Field name {name} must be a string; in YAML put it in quotes.",
            )
    for name in required:
        if name not in value:
            raise malformed(
                f"{pointer}/{name}", "missing-field", vi="Thiếu trường này.", en="Field missing."
            )
    if optional is not None:
        for name in value:
            if name not in required and name not in optional:
                raise malformed(
                    f"{pointer}/{name}", "unknown-field", vi="Trường lạ.", en="Unknown field."
                )
    return cast(Mapping[str, object], value)


def read_text(pointer: str, value: object, *, limit: int = 1_000) -> str:
    """A non-empty text; whole numbers are taken as their digits (criterion 5 is "5")."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    unstorable = isinstance(value, str) and any(
        mark == "\x00" or "\ud800" <= mark <= "\udfff" for mark in value
    )
    if not isinstance(value, str) or not value.strip() or len(value) > limit or unstorable:
        raise malformed(
            pointer,
            "not-a-text",
            vi=f"Cần một chuỗi từ 1 đến {limit} ký tự.",
            en=f"A text of 1 to {limit} characters is needed.",
        )
    return value.strip()


def read_optional_text(pointer: str, value: object) -> str | None:
    return None if value is None else read_text(pointer, value)


def read_code(pointer: str, value: object) -> str:
    text = read_text(pointer, value, limit=64)
    if not _CODE.match(text):
        raise malformed(pointer, "not-a-code", vi="Mã không hợp lệ.", en="Not a valid code.")
    return text


def read_day(pointer: str, value: object) -> date:
    """A civil date written as a string, such as "2024-03-01"."""
    try:
        if isinstance(value, str) and _DAY.match(value):
            day = date.fromisoformat(value)
            if 1900 <= day.year <= 2200:
                return day
    except ValueError:
        pass
    raise malformed(
        pointer,
        "not-a-date",
        vi="Cần ngày dạng năm-tháng-ngày.",
        en="A date as year-month-day is needed.",
    )


def read_count(pointer: str, value: object, *, limit: int = 10_000) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise malformed(
            pointer,
            "not-a-count",
            vi=f"Cần số nguyên từ 0 đến {limit}.",
            en=f"A whole number from 0 to {limit} is needed.",
        )
    return value


def read_flag(pointer: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise malformed(pointer, "not-a-flag", vi="Cần true hoặc false.", en="Needs true or false.")
    return value


def read_exact(pointer: str, value: object) -> Exact:
    """An integer or a decimal string; floats are refused because they are not exact."""
    number = exact(value)
    if number is None:
        raise malformed(
            pointer,
            "not-exact",
            vi='Cần số nguyên hoặc số thập phân viết dạng chuỗi, ví dụ "16.5".',
            en='Needs a whole number or a decimal written as a string, such as "16.5".',
        )
    return number


def read_provenance(
    pointer: str, body: Mapping[str, object], *, default: Provenance | None = None
) -> Provenance:
    """The fields source, confidence, reference and note; without `source` the default holds."""
    if "source" not in body:
        if default is None:
            raise malformed(
                f"{pointer}/source",
                "missing-source",
                vi="Phải nói rõ nguồn (source).",
                en="The source must be named.",
            )
        note = read_optional_text(f"{pointer}/note", body.get("note"))
        return default if note is None else Provenance(*_marks(default), note)
    source = _one_of(f"{pointer}/source", body["source"], get_args(SourceMark))
    confidence = body.get("confidence")
    if confidence is not None:
        _one_of(f"{pointer}/confidence", confidence, get_args(Confidence))
    return Provenance(
        cast(SourceMark, source),
        cast(Confidence | None, confidence),
        read_optional_text(f"{pointer}/reference", body.get("reference")),
        read_optional_text(f"{pointer}/note", body.get("note")),
    )


def _marks(
    provenance: Provenance,
) -> tuple[SourceMark, Literal["high", "medium", "low"] | None, str | None]:
    return provenance.source, provenance.confidence, provenance.reference


def _one_of(pointer: str, value: object, allowed: Collection[str]) -> str:
    if value not in allowed:
        names = ", ".join(allowed)
        raise malformed(pointer, "not-a-choice", vi=f"Phải là: {names}.", en=f"One of: {names}.")
    return cast(str, value)
