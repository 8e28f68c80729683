"""Turning what was sent into entries, or into the list of everything that is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chungsuc.problems import FieldError
from chungsuc.text import Text

from criteria.measures.model import Measure, Refusal
from criteria.observations import rules
from criteria.observations.schemas import ObservationIn

Areas = Mapping[tuple[str, date], Mapping[str, bool]]


@dataclass(frozen=True)
class Checked:
    """A value that may be entered."""

    place: int
    area_id: str
    measure: Measure
    observed_on: date
    scaled: int
    qualifier: str
    reason: str | None

    @property
    def key(self) -> tuple[str, int, date]:
        return self.area_id, self.measure.slot, self.observed_on


def check(
    items: Sequence[ObservationIn],
    *,
    measures: Mapping[str, Measure],
    areas: Areas,
    today: date,
) -> tuple[list[Checked], list[FieldError]]:
    """Return the values that may be entered, and every reason against the others."""
    checked: list[Checked] = []
    errors: list[FieldError] = []
    for place, item in enumerate(items):
        found = list(_refusals(item, measures=measures, areas=areas, today=today))
        errors += [_error(place, field, refusal) for field, refusal in found]
        if not found:
            checked.append(_checked(place, item, measures=measures, areas=areas))
    return checked, errors + _repeated(checked)


def _refusals(
    item: ObservationIn, *, measures: Mapping[str, Measure], areas: Areas, today: date
) -> Iterator[tuple[str, Refusal]]:
    if item.observed_on > today:
        yield "observed_on", Refusal("future-date", Text("ngày ở tương lai", "the date is ahead"))
    measure = measures.get(item.measure)
    if measure is None:
        yield "measure", Refusal("unknown-measure", Text("chưa có số liệu này", "no such measure"))
    else:
        scaled = rules.scaled_value(item.value, measure=measure, qualifier=item.qualifier)
        if isinstance(scaled, Refusal):
            yield "value", scaled
    refused = _refused_area(areas[item.area, item.observed_on])
    if refused:
        yield "area", refused


def _refused_area(found: Mapping[str, bool]) -> Refusal | None:
    if not found:
        return Refusal("unknown-area", Text("không có địa bàn này", "no such area"))
    living = sum(found.values())
    if living == 0:
        return Refusal(
            "area-not-living",
            Text("địa bàn không tồn tại vào ngày này", "the area does not exist on this date"),
        )
    if living > 1:
        return Refusal(
            "ambiguous-code", Text("mã chỉ nhiều địa bàn", "the code means several areas")
        )
    return None


def _checked(
    place: int, item: ObservationIn, *, measures: Mapping[str, Measure], areas: Areas
) -> Checked:
    measure = measures[item.measure]
    scaled = rules.scaled_value(item.value, measure=measure, qualifier=item.qualifier)
    assert not isinstance(scaled, Refusal)  # noqa: S101 - refusals were listed before
    living = areas[item.area, item.observed_on]
    return Checked(
        place=place,
        area_id=next(area_id for area_id, is_living in living.items() if is_living),
        measure=measure,
        observed_on=item.observed_on,
        scaled=scaled,
        qualifier=item.qualifier,
        reason=item.reason,
    )


def _repeated(checked: Sequence[Checked]) -> list[FieldError]:
    seen: dict[tuple[str, int, date], int] = {}
    errors: list[FieldError] = []
    for value in checked:
        first = seen.setdefault(value.key, value.place)
        if first != value.place:
            detail = Text(f"trùng với /items/{first}", f"repeats /items/{first}")
            errors.append(_error(value.place, "measure", Refusal("repeated-item", detail)))
    return errors


def reason_missing(place: int) -> FieldError:
    """Another value stands for this date already: a correction says why."""
    detail = Text(
        "ngày này đã có giá trị khác: nêu lý do sửa", "this date has another value: give a reason"
    )
    return _error(place, "reason", Refusal("reason-needed", detail))


def _error(place: int, field: str, refusal: Refusal) -> FieldError:
    return FieldError(f"/items/{place}/{field}", *refusal)
