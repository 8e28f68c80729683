"""What a cell says, exactly or not at all: an ambiguous number is refused, never guessed."""

import re
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from chungsuc.text import Text, search_key

from criteria.measures.model import Measure, Refusal
from criteria.observations.imports.tables import Cell

DecimalMark = Literal["point", "comma"]

_PLAIN = re.compile(r"^-?\d+$")
_ONE_MARK = re.compile(r"^(-?)(\d+)([.,])(\d+)$")
_GROUPED = re.compile(r"^-?\d{1,3}(?:\.\d{3})+(?:,\d+)?$|^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_DAY = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")
_YES = frozenset({"co", "yes", "true", "1"})
_NO = frozenset({"khong", "no", "false", "0"})
_LONGEST = 40


class Reading(NamedTuple):
    """A value as the API takes it, and whether a percentage was turned into percent."""

    value: str | bool
    is_percent: bool = False


def read_value(
    cell: Cell, *, measure: Measure, decimal_mark: DecimalMark | None
) -> Reading | Refusal:
    """Return the value of a cell for a measure, or why it cannot be taken."""
    refused = refuse_untyped(cell)
    if refused:
        return refused
    if measure.type == "yes_no":
        return _yes_no(cell)
    if cell.kind == "boolean":
        return Reading(cell.text == "true")
    if cell.kind == "date":
        return Refusal("date-as-number", Text("ô là ngày, không phải số", "the cell is a date"))
    if cell.number is not None:
        return _number(cell.number, is_percent=cell.kind == "percent", measure=measure)
    return _written(cell.text, measure=measure, decimal_mark=decimal_mark)


def read_day(cell: Cell) -> date | Refusal:
    """Return the date of a cell: a date cell, ISO 8601, or day/month/year."""
    refused = refuse_untyped(cell)
    if refused:
        return refused
    if cell.day is not None:
        return cell.day
    found = _DAY.match(cell.text)
    written = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else cell.text
    try:
        return date.fromisoformat(written)
    except ValueError:
        return Refusal(
            "not-a-date", Text("cần ngày/tháng/năm", "day/month/year or ISO 8601 is needed")
        )


def read_reference(cell: Cell) -> str | Refusal:
    """Return an area's id or code; a code that was stored as a number may have lost its zeros."""
    refused = refuse_untyped(cell)
    if refused:
        return refused
    if cell.number is not None and len(cell.text) < 5:
        return Refusal(
            "code-is-a-number",
            Text("mã phải là văn bản: số 0 đầu bị mất", "a code is text: leading zeros are lost"),
        )
    return cell.text


def refuse_untyped(cell: Cell) -> Refusal | None:
    """Refuse what is not a value: a formula, or the error that one came to."""
    if cell.kind == "formula":
        return Refusal(
            "formula", Text("ô có công thức: hãy dán giá trị", "a formula: paste its value")
        )
    if cell.kind == "error":
        return Refusal("error-cell", Text("ô báo lỗi", "the cell shows an error"))
    return None


def _yes_no(cell: Cell) -> Reading | Refusal:
    word = search_key(cell.text)
    if word in _YES or word in _NO:
        return Reading(word in _YES)
    return Refusal("not-yes-or-no", Text("cần có hoặc không", "yes or no is needed"))


def _number(number: Decimal, *, is_percent: bool, measure: Measure) -> Reading | Refusal:
    if not is_percent:
        return Reading(_plain(number))
    if measure.unit != "%":
        return Refusal(
            "percent-of-other-unit",
            Text(
                f"ô là phần trăm, số liệu tính bằng {measure.unit or 'số'}",
                f"a percentage, but the measure is in {measure.unit or 'numbers'}",
            ),
        )
    return Reading(_plain(number * 100), is_percent=True)


def _written(
    written: str, *, measure: Measure, decimal_mark: DecimalMark | None
) -> Reading | Refusal:
    bare = written.replace("\u00a0", "").replace(" ", "")
    if len(bare) > _LONGEST or not bare.isascii():
        return _not_a_number()
    has_sign = bare.endswith("%")
    if has_sign and measure.unit != "%":
        return _number(Decimal(0), is_percent=True, measure=measure)
    number = _decimal(bare.removesuffix("%"), decimal_mark=decimal_mark)
    return number if isinstance(number, Refusal) else Reading(number, is_percent=has_sign)


def _decimal(bare: str, *, decimal_mark: DecimalMark | None) -> str | Refusal:
    if _PLAIN.match(bare):
        return bare
    one = _ONE_MARK.match(bare)
    if decimal_mark:
        point, group = (".", ",") if decimal_mark == "point" else (",", ".")
        is_fit = (one and one[3] == point) or (
            _GROUPED.match(bare) and bare.count(point) <= 1 and _is_last(bare, point, group)
        )
        return bare.replace(group, "").replace(point, ".") if is_fit else _not_a_number()
    if one:
        sign, whole, _, fraction = one.groups()
        if len(fraction) == 3 and len(whole) <= 3 and not whole.startswith("0"):
            return Refusal(
                "ambiguous-number",
                Text(
                    "không rõ dấu thập phân hay hàng nghìn; nêu decimal_mark",
                    "decimal or thousands? say decimal_mark",
                ),
            )
        return f"{sign}{whole}.{fraction}"
    if not _GROUPED.match(bare):
        return _not_a_number()
    point = max(".,", key=bare.rfind)
    if bare.count(point) > 1:
        return bare.replace(point, "")
    return bare.replace("," if point == "." else ".", "").replace(point, ".")


def _is_last(bare: str, point: str, group: str) -> bool:
    """The decimal mark, where there is one, stands after the last group."""
    return point not in bare or bare.rfind(point) > bare.rfind(group)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _not_a_number() -> Refusal:
    return Refusal("not-a-number", Text("cần một con số", "a number is needed"))
