"""Measures: what can be observed about an area, on which exact scale, and how long it counts."""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple, cast, get_args

from chungsuc.text import Text

from criteria.measures.exact import MAXIMUM_PLACES, MAXIMUM_SCALED, exact, scaled_text

MeasureType = Literal["share", "number", "yes_no", "level", "score"]
Breakdown = Literal["none", "sex"]

SEXES = (("male", Text("nam", "male")), ("female", Text("nữ", "female")))

_CODE = re.compile(r"^[a-z][a-z0-9_]{1,55}$")
_MONTHS = re.compile(r"^months:([1-9]\d{0,2})$")
_REQUIRED = ("code", "name_vi", "name_en", "type", "validity", "slot")
_OPTIONAL = ("unit", "scale", "minimum", "maximum", "breakdown")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure; minimum and maximum are scaled integers (value times 10**scale)."""

    code: str
    name_vi: str
    name_en: str
    type: MeasureType
    unit: str
    scale: int
    minimum: int
    maximum: int
    breakdown: Breakdown
    validity: str
    slot: int

    def text(self, scaled: int) -> str:
        """A scaled value as a plain decimal string."""
        return scaled_text(scaled, scale=self.scale)


class MalformedMeasures(ValueError):  # noqa: N818 - a verdict on the list, named as one
    """The list of measures cannot be read; each entry says where and why."""

    def __init__(self, findings: list[tuple[str, Text]]) -> None:
        super().__init__("; ".join(f"{pointer}: {text.en}" for pointer, text in findings))
        self.findings = findings


class Refusal(NamedTuple):
    """Why a value is not a value of the measure."""

    code: str
    reason: Text


def to_scaled(measure: Measure, value: bool | int | str) -> int | Refusal:
    """The exact scaled integer of a value; too many places are refused, never rounded."""
    if isinstance(value, bool):
        if measure.type == "yes_no":
            return int(value)
        return Refusal("not-a-number", Text("Cần một con số.", "A number is needed."))
    number = exact(value)
    if number is None:
        return Refusal("not-a-number", Text("Cần một số thập phân.", "A decimal number is needed."))
    scaled = number.scaled(measure.scale)
    if scaled is None:
        places = measure.scale
        return Refusal(
            "too-many-places",
            Text(f"Nhiều nhất {places} chữ số thập phân.", f"At most {places} decimal places."),
        )
    if not measure.minimum <= scaled <= measure.maximum:
        low, high = measure.text(measure.minimum), measure.text(measure.maximum)
        return Refusal(
            "out-of-range",
            Text(f"Phải nằm từ {low} đến {high}.", f"Must lie between {low} and {high}."),
        )
    return scaled


def add_months(day: date, *, months: int) -> date:
    """The same day of a later (or earlier) month, or that month's last day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def expires_on(measure: Measure, *, observed_on: date) -> date | None:
    """The first day on which a value observed then no longer counts; None: until replaced."""
    if measure.validity == "until_replaced":
        return None
    if measure.validity == "year_of_review":
        return date(observed_on.year + 1, 1, 1)
    return add_months(observed_on, months=validity_months(measure))


def validity_months(measure: Measure) -> int:
    """The n of a `months:n` validity."""
    return int(measure.validity.removeprefix("months:"))


def earliest_counting_day(measure: Measure, *, on: date) -> date | None:
    """The earliest observation date whose value still counts on that day; None: any."""
    if measure.validity == "until_replaced":
        return None
    if measure.validity == "year_of_review":
        return date(on.year, 1, 1)
    months = validity_months(measure)
    # Months differ in length: start safely early and walk at most a few days.
    day = add_months(on, months=-months) - timedelta(days=4)
    while add_months(day, months=months) <= on:
        day += timedelta(days=1)
    return day


def parse_measures(entries: object) -> dict[str, Measure]:
    """Read the catalogue's list; a measure by sex becomes `<code>.male` and `<code>.female`."""
    findings: list[tuple[str, Text]] = []
    measures: dict[str, Measure] = {}
    slots: dict[int, str] = {}
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        problem = _entry_problem(entry)
        if problem:
            findings.append((f"/{index}", problem))
            continue
        for measure in _expand(_measure(entry)):
            if measure.code in measures or measure.slot in slots:
                text = Text("Mã hoặc ô (slot) bị trùng.", "The code or the slot is taken.")
                findings.append((f"/{index}", text))
            measures[measure.code] = measure
            slots[measure.slot] = measure.code
    if not isinstance(entries, list):
        findings.append(("", Text("Cần một danh sách.", "A list is needed.")))
    if findings:
        raise MalformedMeasures(findings)
    return measures


def _entry_problem(entry: object) -> Text | None:
    if not isinstance(entry, Mapping):
        return Text("Cần một đối tượng.", "An object is needed.")
    unknown = sorted(set(map(str, entry)) - set(_REQUIRED) - set(_OPTIONAL))
    missing = [name for name in _REQUIRED if name not in entry]
    if unknown or missing:
        names = ", ".join(unknown + missing)
        return Text(f"Trường thừa hoặc thiếu: {names}.", f"Unknown or missing fields: {names}.")
    for name, accepted in _FIELD_CHECKS:
        if name in entry and not accepted(entry[name]):
            return Text(f"Trường {name} sai giá trị.", f"Field {name} has a wrong value.")
    scale = entry.get("scale", _default_scale(entry["type"]))
    bounds = [_bound(entry, name, scale=scale) for name in ("minimum", "maximum")]
    if None in bounds or cast(int, bounds[0]) >= cast(int, bounds[1]):
        return Text("Giới hạn không hợp lệ.", "The bounds are not valid.")
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 300


def _is_count(value: object, *, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit


def _is_validity(value: object) -> bool:
    return isinstance(value, str) and (
        value in ("until_replaced", "year_of_review") or bool(_MONTHS.match(value))
    )


_FIELD_CHECKS = (
    ("code", lambda value: isinstance(value, str) and bool(_CODE.match(value))),
    ("name_vi", _is_text),
    ("name_en", _is_text),
    ("type", lambda value: value in get_args(MeasureType)),
    ("unit", lambda value: isinstance(value, str) and len(value) <= 60),
    ("scale", lambda value: _is_count(value, limit=MAXIMUM_PLACES)),
    ("breakdown", lambda value: value in get_args(Breakdown)),
    ("validity", _is_validity),
    ("slot", lambda value: _is_count(value, limit=9_999)),
)


def _default_scale(kind: str) -> int:
    return 2 if kind == "share" else 0


def _bound(entry: Mapping[str, object], name: str, *, scale: int) -> int | None:
    """A bound as a scaled integer; unless said otherwise a share lies in 0..100."""
    usual = {"share": "100", "yes_no": "1", "level": "9", "score": "100"}
    default = "0" if name == "minimum" else usual.get(str(entry["type"]), "1000000000")
    number = exact(entry.get(name, default))
    scaled = number.scaled(scale) if number else None
    return scaled if scaled is not None and abs(scaled) <= MAXIMUM_SCALED else None


def _measure(entry: Mapping[str, object]) -> Measure:
    kind = cast(MeasureType, entry["type"])
    scale = cast(int, entry.get("scale", _default_scale(kind)))
    return Measure(
        code=str(entry["code"]),
        name_vi=str(entry["name_vi"]),
        name_en=str(entry["name_en"]),
        type=kind,
        unit=str(entry.get("unit", "%" if kind == "share" else "")),
        scale=scale,
        minimum=cast(int, _bound(entry, "minimum", scale=scale)),
        maximum=cast(int, _bound(entry, "maximum", scale=scale)),
        breakdown=cast(Breakdown, entry.get("breakdown", "none")),
        validity=str(entry["validity"]),
        slot=cast(int, entry["slot"]),
    )


def _expand(measure: Measure) -> Iterable[Measure]:
    if measure.breakdown == "none":
        return (measure,)
    return tuple(
        replace(
            measure,
            code=f"{measure.code}.{sex}",
            name_vi=f"{measure.name_vi} ({name.vi})",
            name_en=f"{measure.name_en} ({name.en})",
            slot=measure.slot + offset,
        )
        for offset, (sex, name) in enumerate(SEXES)
    )
