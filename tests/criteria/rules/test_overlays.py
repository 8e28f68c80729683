"""A province fills what is delegated, may tighten and add, never loosen."""

from typing import Any

import pytest
from criteria.criteria_sets import model, rules
from criteria.criteria_sets.findings import Malformed
from criteria.criteria_sets.tree import CriteriaSet

from tests.criteria.rules.small import MEASURES, small_set

Body = dict[str, Any]


def _at_least(threshold: object, measure: str = "share_a") -> Body:
    return {"at_least": {"measure": measure, "threshold": threshold}}


def _province(rule: Body, **more: Any) -> Body:
    body = small_set(rule)
    body.update(code="province", extends="generated", **more)
    return body


def _overlay(national: Body, provincial: Body) -> CriteriaSet:
    return rules.overlay(model.parse(small_set(national)), model.parse(provincial))


def _refusal(national: Body, provincial: Body) -> str:
    with pytest.raises(Malformed) as refusal:
        _overlay(national, provincial)
    assert all(finding.vi and finding.en for finding in refusal.value.findings)
    return refusal.value.findings[0].code


YES_A, YES_B, YES_C = {"yes": "yes_a"}, {"yes": "yes_b"}, {"yes": "yes_c"}
DELEGATED = {"delegated_to": "province"}
REGIONAL = [{"region": "R1", "value": 50}, {"region": ["R2", "R3"], "unknown": True}]

ALLOWED: dict[str, tuple[Body, Body]] = {
    "the same": (_at_least(90), _at_least(90)),
    "higher": (_at_least(90), _at_least("90.01")),
    "lower where lower is stricter": (
        {"at_most": {"measure": "share_a", "threshold": 10}},
        {"at_most": {"measure": "share_a", "threshold": 5}},
    ),
    "a delegated threshold": (_at_least(DELEGATED), _at_least(3)),
    "a delegated threshold left open": (_at_least(DELEGATED), _at_least("unknown")),
    "a delegated rule": ({"undecided": {**DELEGATED, "measures": ["yes_a"]}}, YES_A),
    "higher in every region": (
        _at_least([{"region": "R1", "value": 50}, {"region": ["R2", "R3"], "value": 60}]),
        _at_least(60),
    ),
    "another condition on top": (YES_A, {"all_of": [YES_B, YES_A]}),
    "another part": ({"all_of": [YES_A]}, {"all_of": [YES_A, YES_B]}),
    "an alternative dropped": ({"any_of": [YES_A, YES_B]}, YES_B),
    "an alternative tightened": (
        {"any_of": [YES_A, _at_least(50)]},
        {"any_of": [YES_A, _at_least(60)]},
    ),
    "more of the same list": (
        {"k_of_n": {"k": 1, "of": [YES_A, YES_B]}},
        {"k_of_n": {"k": 2, "of": [YES_A, YES_B]}},
    ),
    "applies always": ({"if_present": {"measure": "yes_b", "rule": YES_A}}, YES_A),
    "a firm yes": (YES_A, {"attested": "yes_a"}),
    "another mandatory item": (
        {"score_sheet": {"measure": "score_a", "threshold": 50}},
        {"score_sheet": {"measure": "score_a", "threshold": 50, "mandatory": ["yes_a"]}},
    ),
}

REFUSED: dict[str, tuple[Body, Body, str]] = {
    "lower": (_at_least(90), _at_least("89.99"), "loosens"),
    "higher where lower is stricter": (
        {"at_most": {"measure": "share_a", "threshold": 10}},
        {"at_most": {"measure": "share_a", "threshold": 11}},
        "loosens",
    ),
    "lower in one region": (
        _at_least([{"region": "R1", "value": 50}, {"region": ["R2", "R3"], "value": 60}]),
        _at_least(55),
        "loosens",
    ),
    "known made unknown": (_at_least(90), _at_least("unknown"), "loosens"),
    "an unknown threshold": (_at_least("unknown"), _at_least(1), "fills-unknown"),
    "an unknown cell": (_at_least(REGIONAL), _at_least(50), "fills-unknown"),
    "an unknown rule": ({"undecided": {"unknown": True, "measures": []}}, YES_A, "fills-unknown"),
    "another measure": (_at_least(90), _at_least(90, "share_b"), "different-rule"),
    "another kind": (_at_least(90), YES_A, "different-rule"),
    "a part dropped": ({"all_of": [YES_A, YES_B]}, YES_A, "different-rule"),
    "an alternative added": (
        {"any_of": [YES_A, YES_B]},
        {"any_of": [YES_A, YES_B, YES_C]},
        "different-rule",
    ),
    "fewer of the list": (
        {"k_of_n": {"k": 2, "of": [YES_A, YES_B]}},
        {"k_of_n": {"k": 1, "of": [YES_A, YES_B]}},
        "loosens",
    ),
    "a mandatory item dropped": (
        {"score_sheet": {"measure": "score_a", "threshold": 50, "mandatory": ["yes_a"]}},
        {"score_sheet": {"measure": "score_a", "threshold": 50}},
        "loosens",
    ),
    "a condition added": (
        YES_A,
        {"if_present": {"measure": "yes_b", "rule": YES_A}},
        "different-rule",
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_province_may(name: str) -> None:
    national, provincial = ALLOWED[name]
    merged = _overlay(national, _province(provincial))
    assert merged.code == "province"
    assert rules.check(merged, MEASURES) == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_province_may_not(name: str) -> None:
    national, provincial, code = REFUSED[name]
    assert _refusal(national, _province(provincial)) == code


def test_a_demonstration_may_fill_what_is_unknown_but_not_loosen() -> None:
    for national in (_at_least("unknown"), _at_least(REGIONAL)):
        merged = _overlay(national, _province(_at_least(50), is_demonstration=True))
        assert merged.is_demonstration
    assert _refusal(_at_least(90), _province(_at_least(10), is_demonstration=True)) == "loosens"


def test_what_is_not_restated_is_taken_over_and_criteria_may_be_added() -> None:
    national = small_set(YES_A, _at_least(DELEGATED), YES_B)
    provincial = _province(YES_A)
    (criterion,) = provincial["criteria"]
    criterion["indicators"][0].update(number="1.2", rule=_at_least(70))
    provincial["criteria"].append(
        {
            **criterion,
            "number": "2",
            "indicators": [{**criterion["indicators"][0], "number": "2.1"}],
        }
    )
    provincial["counts"] = {"criteria": 2, "indicators": 4}
    merged = rules.overlay(model.parse(national), model.parse(provincial))
    assert [entry.number for entry in merged.indicators] == ["1.1", "1.2", "1.3", "2.1"]
    assert rules.check(merged, MEASURES) == []


def test_only_the_versions_that_change_are_restated() -> None:
    national = small_set(YES_A)
    entry = national["criteria"][0]["indicators"][0]
    days = ("2022-01-01", "2024-03-01")
    rule, source = entry.pop("rule"), entry.pop("source")
    entry["versions"] = [
        {"from": day, "rule": kept, "source": source}
        for day, kept in zip(days, (rule, _at_least(DELEGATED)), strict=True)
    ]
    provincial = _province(YES_A)
    provincial["criteria"][0]["indicators"] = [
        {**entry, "versions": [{"from": days[1], "rule": _at_least(70), "source": "provincial"}]}
    ]
    merged = rules.overlay(model.parse(national), model.parse(provincial))
    (indicator,) = merged.indicators
    assert [version.from_on.isoformat() for version in indicator.versions] == list(days)
    assert [version.provenance.source for version in indicator.versions] == [
        "published",
        "provincial",
    ]


def test_a_set_that_begins_later_takes_over_what_then_stands() -> None:
    provincial = _province(YES_A, **{"from": "2023-01-01"})
    provincial["criteria"] = []
    merged = rules.overlay(model.parse(small_set(YES_B)), model.parse(provincial))
    assert rules.check(merged, MEASURES) == []


@pytest.mark.parametrize(
    "change",
    [{"tier": "model"}, {"area_kind": "district"}, {"extends": "other"}, {"to": "2030-12-31"}],
)
def test_an_overlay_fits_the_set_it_extends(change: Body) -> None:
    assert _refusal(YES_A, {**_province(YES_A), **change}) == "does-not-fit"
