"""A plain interpreter of criteria sets, written for clarity: decimals, possible worlds, no tricks.

It reads the set's JSON body, so that it shares neither model nor arithmetic with the service.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from criteria.measures.model import Measure

Body = Mapping[str, Any]
OPEN = ("undetermined", "missing")
_ROW_WORDS = (
    *("value", "delegated_to", "unknown"),
    *("source", "confidence", "reference", "note"),
)


@dataclass(frozen=True)
class Observed:
    value: Decimal
    qualifier: str
    observed_on: date


@dataclass(frozen=True)
class Area:
    values: Mapping[str, Observed]
    attributes: Mapping[str, str | None]


@dataclass(frozen=True)
class Reference:
    """Judges areas by one set's body."""

    body: Body
    measures: Mapping[str, Measure]

    def indicators(self, area: Area, on: date) -> list[str]:
        return [
            self.rule(version["rule"], area, on) if version else "undetermined"
            for criterion in self.body["criteria"]
            for indicator in criterion["indicators"]
            for version in [_version(indicator["versions"], on)]
        ]

    def criteria(self, area: Area, on: date) -> list[str]:
        verdicts = iter(self.indicators(area, on))
        return [
            _worlds([next(verdicts) for _ in criterion["indicators"]], all)
            for criterion in self.body["criteria"]
        ]

    def rule(self, rule: Body, area: Area, on: date) -> str:
        ((kind, content),) = rule.items()
        if kind in ("all_of", "any_of"):
            verdicts = [self.rule(part, area, on) for part in content]
            return _worlds(verdicts, all if kind == "all_of" else any)
        if kind == "k_of_n":
            verdicts = [self.rule(part, area, on) for part in content["of"]]
            return _worlds(verdicts, lambda passes: sum(passes) >= content["k"])
        if kind == "undecided":
            return "undetermined"
        if kind == "recognition_held":
            held = area.attributes.get(f"recognised.{content}")
            return {"yes": "met", "no": "not_met"}.get(held or "", "undetermined")
        if kind == "if_present":
            return self._if_present(content, area, on)
        return self._leaf(kind, content, area, on)

    def _if_present(self, content: Body, area: Area, on: date) -> str:
        presence = self.rule({"yes": content["measure"]}, area, on)
        inner = self.rule(content["rule"], area, on)
        if presence == "not_met" or inner == "not_applicable":
            return "not_applicable"
        return _worlds([presence, inner], lambda worlds: not worlds[0] or worlds[1])

    def _leaf(self, kind: str, content: Any, area: Area, on: date) -> str:
        if kind in ("yes", "no", "attested"):
            value = self._value(content, area, on)
            if kind == "attested" and value is not None and value.qualifier != "actual":
                value = None
            side, threshold = ("at_most", 0) if kind == "no" else ("at_least", 1)
            return _compare(side, value, [Decimal(threshold)])
        if kind == "both_sexes":
            side = "at_most" if "at_most" in content else "at_least"
            table = content[side]
            codes = [f"{content['measure']}.{sex}" for sex in ("male", "female")]
            return _worlds([self._table(side, c, table, area, on) for c in codes], all)
        if kind == "score_sheet":
            score = self._table("at_least", content["measure"], content["threshold"], area, on)
            items = [self.rule({"yes": code}, area, on) for code in content["mandatory"]]
            return _worlds([score, *items], all)
        sides = {"at_most": ["at_most"], "equals": ["at_least", "at_most"]}.get(kind, ["at_least"])
        measure, table = content["measure"], content["threshold"]
        return _worlds([self._table(side, measure, table, area, on) for side in sides], all)

    def _table(self, side: str, code: str, rows: Sequence[Body], area: Area, on: date) -> str:
        thresholds = [_cell(rows, point) for point in self._points(area, on)]
        return _compare(side, self._value(code, area, on), thresholds)

    def _points(self, area: Area, on: date) -> Iterator[dict[str, Any]]:
        """Every combination of attribute values the area may have, overrides applied."""
        choices: dict[str, set[Any]] = {"year": {on.year}}
        for attribute in self.body["attributes"]:
            text = area.attributes.get(attribute["name"])
            everything = set(attribute["values"]) if "values" in attribute else set(range(60))
            known = int(text) if text is not None and "number" in attribute else text
            choices[attribute["name"]] = everything if known is None else {known}
        before = {name: set(values) for name, values in choices.items()}
        for override in self.body["overrides"]:
            ((name, value),) = override["when"].items()
            ((dimension, column),) = override["use"].items()
            if before[name] == {value}:
                choices[dimension] = {column}
            elif value in before[name]:
                choices[dimension] |= {column}
        for values in product(*choices.values()):
            yield dict(zip(choices, values, strict=True))

    def _value(self, code: str, area: Area, on: date) -> Observed | None:
        observed = area.values.get(code)
        if observed is None or observed.observed_on > on:
            return None
        validity = self.measures[code].validity
        if validity == "year_of_review":
            return observed if observed.observed_on.year == on.year else None
        if validity.startswith("months:"):
            end = _later(observed.observed_on, int(validity.removeprefix("months:")))
            return observed if on < end else None
        return observed


def _later(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for back in range(4):
        try:
            return date(year, month + 1, day.day - back)
        except ValueError:
            continue
    raise AssertionError


def _version(versions: Sequence[Body], on: date) -> Body | None:
    begun = [version for version in versions if date.fromisoformat(version["from"]) <= on]
    return begun[-1] if begun else None


def _cell(rows: Sequence[Body], point: Mapping[str, Any]) -> Decimal | None:
    for row in rows:
        conditions = {name: want for name, want in row.items() if name not in _ROW_WORDS}
        if all(_holds(want, point[name]) for name, want in conditions.items()):
            return Decimal(row["value"]) if "value" in row else None
    return None


def _holds(want: Any, value: Any) -> bool:
    if isinstance(want, list):
        return value in want
    return bool(want.get("at_least", 0) <= value <= want.get("at_most", 10**9))


def _compare(side: str, observed: Observed | None, thresholds: Sequence[Decimal | None]) -> str:
    distinct = set(thresholds)
    if None in distinct or not distinct:
        return "undetermined"
    verdicts = {
        _against(side, observed, threshold) for threshold in distinct if threshold is not None
    }
    if verdicts in ({"met"}, {"not_met"}):
        return verdicts.pop()
    return "missing" if len(distinct) == 1 else "undetermined"


def _against(side: str, observed: Observed | None, threshold: Decimal) -> str:
    """Try the smallest and largest number that the observation leaves possible."""
    if observed is None:
        return "missing"
    far, tiny = Decimal(10**12), Decimal("1e-12")
    low, high = {
        "at_least": (observed.value, far),
        "above": (observed.value + tiny, far),
        "at_most": (-far, observed.value),
        "below": (-far, observed.value - tiny),
    }.get(observed.qualifier, (observed.value, observed.value))
    passes = {
        number >= threshold if side == "at_least" else number <= threshold for number in (low, high)
    }
    if len(passes) == 2:
        return "missing"
    return "met" if passes == {True} else "not_met"


def _worlds(verdicts: Sequence[str], outcome: Callable[[Sequence[bool]], bool]) -> str:
    """Decided when the outcome is the same however the open verdicts turn out."""
    if all(verdict == "not_applicable" for verdict in verdicts):
        return "not_applicable"
    choices = [(True, False) if v in OPEN else (v in ("met", "not_applicable"),) for v in verdicts]
    outcomes = {bool(outcome(world)) for world in product(*choices)}
    if len(outcomes) == 1:
        return "met" if outcomes == {True} else "not_met"
    return next(verdict for verdict in OPEN if verdict in verdicts)


def every_day(first: date, last: date) -> Iterator[date]:
    """The days from first to last."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
