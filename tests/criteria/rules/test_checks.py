"""A family of bad sets, each with its own clear finding in both languages."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import yaml
from criteria.criteria_sets import model, rules
from criteria.criteria_sets.findings import Malformed
from criteria.measures.model import MalformedMeasures, parse_measures

from tests.criteria.rules.small import MEASURES, indicator, small_set

Body = dict[str, Any]
Change = Callable[[Body], object]


def _share(threshold: object) -> Body:
    return {"at_least": {"measure": "share_a", "threshold": threshold}}


def _with(rule: Body) -> Change:
    def change(body: Body) -> None:
        body["criteria"][0]["indicators"] = [indicator("1.1", rule)]

    return change


def _table(*rows: Body) -> Change:
    return _with(_share(list(rows)))


def _versions(*days: str) -> Change:
    def change(body: Body) -> None:
        entry = body["criteria"][0]["indicators"][0]
        rule, source = entry.pop("rule"), entry.pop("source")
        entry["versions"] = [{"from": day, "rule": rule, "source": source} for day in days]

    return change


def _bands(*pairs: tuple[int, int]) -> Change:
    bands = [{"least": a, "most": b, "name_vi": "nhóm", "name_en": "band"} for a, b in pairs]
    return lambda body: body.update(bands=bands)


def _condition(rule: Body) -> Change:
    names = {"code": "before", "name_vi": "trước", "name_en": "before", "source": "published"}
    return lambda body: body.update(conditions=[{**names, "rule": rule}])


def _case(**more: Any) -> Change:
    case = {"name": "ca", "date": "2023-06-30", "values": {"share_a": 90}, "expect": {"1.1": "met"}}
    return lambda body: body.update(test_cases=[{**case, **more}])


_present = {"if_present": {"measure": "yes_a", "rule": {"yes": "yes_b"}}}

UNPUBLISHABLE: dict[str, tuple[Change, str]] = {
    "fewer indicators than declared": (
        lambda body: body["counts"].update(indicators=2),
        "counts-disagree",
    ),
    "more criteria than declared": (lambda b: b["counts"].update(criteria=0), "counts-disagree"),
    "no criteria": (lambda body: body.update(criteria=[]), "no-criteria"),
    "an empty criterion": (lambda b: b["criteria"][0].update(indicators=[]), "no-indicators"),
    "the same number twice": (
        lambda body: body["criteria"].append(deepcopy(body["criteria"][0])),
        "duplicate-number",
    ),
    "nobody to judge": (lambda body: body.update(designations=[]), "no-designations"),
    "ends before it begins": (lambda body: body.update(to="2021-01-01"), "empty-span"),
    "an unknown measure": (_with({"yes": "nothing"}), "unknown-measure"),
    "a share asked as yes or no": (_with({"yes": "share_a"}), "wrong-measure-type"),
    "yes or no asked as a share": (
        _with({"at_least": {"measure": "yes_a", "threshold": 1}}),
        "wrong-measure-type",
    ),
    "a level rule over a share": (
        _with({"level_at_least": {"measure": "share_a", "threshold": 1}}),
        "wrong-measure-type",
    ),
    "a score sheet without a score": (
        _with({"score_sheet": {"measure": "share_a", "threshold": 1}}),
        "wrong-measure-type",
    ),
    "both sexes of an unsexed measure": (
        _with({"both_sexes": {"measure": "share_a", "at_least": 1}}),
        "unknown-measure",
    ),
    "a threshold finer than the scale": (_with(_share("89.999")), "too-many-places"),
    "a threshold beyond the unit": (_with(_share(101)), "out-of-bounds"),
    "a threshold beyond 63 bits": (_with(_share("999999999999999999")), "overflow"),
    "a region without a row": (_table({"region": ["R1", "R2"], "value": 1}), "table-gap"),
    "a year without a row": (_table({"year": {"at_least": 2023}, "value": 1}), "table-gap"),
    "a number without a row": (
        _table({"schools": {"at_most": 3}, "value": 1}, {"schools": {"at_least": 5}, "value": 2}),
        "table-gap",
    ),
    "two rows for one region": (
        _table({"region": ["R1", "R2", "R3"], "value": 1}, {"region": "R2", "value": 2}),
        "table-overlap",
    ),
    "a row that is never reached": (
        _table({"value": 1}, {"region": "R1", "value": 2}),
        "unreachable-row",
    ),
    "a year outside the set": (
        _table({"year": {"at_most": 2025}, "value": 1}, {"year": 2030, "value": 2}),
        "unreachable-row",
    ),
    "an undeclared attribute": (_table({"zone": "A", "value": 1}), "unknown-attribute"),
    "an undeclared region": (_table({"region": "R9", "value": 1}), "unknown-attribute"),
    "a region asked as a number": (_table({"region": 1, "value": 1}), "unknown-attribute"),
    "a number asked as a name": (_table({"schools": "many", "value": 1}), "unknown-attribute"),
    "an override of nothing": (
        lambda body: body.update(
            overrides=[{"when": {"poor": "yes"}, "use": {"region": "R9"}, "source": "published"}]
        ),
        "unknown-attribute",
    ),
    "an attribute called year": (
        lambda body: body["attributes"].append({"name": "year", "number": True}),
        "reserved-name",
    ),
    "two of one": (_with({"k_of_n": {"k": 2, "of": [{"yes": "yes_a"}]}}), "k-out-of-range"),
    "none of one": (_with({"k_of_n": {"k": 0, "of": [{"yes": "yes_a"}]}}), "k-out-of-range"),
    "if any inside a choice": (
        _with({"any_of": [_present, {"yes": "yes_c"}]}),
        "applicability-inside-choice",
    ),
    "an indicator that begins late": (_versions("2022-06-01"), "version-gap"),
    "two versions on one day": (_versions("2022-01-01", "2022-01-01"), "version-overlap"),
    "versions out of order": (_versions("2024-03-01", "2022-01-01"), "version-overlap"),
    "a version after the end": (_versions("2022-01-01", "2026-01-01"), "version-outside"),
    "a hole between bands": (_bands((1, 1)), "band-gap"),
    "bands that overlap": (_bands((0, 1), (1, 1)), "band-overlap"),
    "a band too high": (_bands((0, 1), (2, 3)), "band-overlap"),
    "a set that extends itself": (lambda body: body.update(extends="generated"), "cycle"),
    "a set that needs its own tier": (_condition({"recognition_held": "advanced"}), "cycle"),
    "a demonstration threshold in a real set": (
        _table({"value": 1, "source": "demonstration"}),
        "demonstration-threshold",
    ),
    "no test cases": (lambda body: body.update(test_cases=[]), "no-test-cases"),
    "a test case that fails": (_case(values={"share_a": "89.99"}), "test-case-failed"),
    "a test case about nothing": (_case(expect={"9.9": "met"}), "test-case-failed"),
    "a test case with an unknown value": (_case(values={"nothing": 1}), "unknown-measure"),
    "a test case with too fine a value": (_case(values={"share_a": "1.001"}), "too-many-places"),
    "a test case with an odd qualifier": (
        _case(values={"share_a": {"value": 1, "qualifier": "perhaps"}}),
        "not-a-choice",
    ),
}


def test_the_small_set_passes() -> None:
    assert rules.check(model.parse(small_set()), MEASURES) == []


@pytest.mark.parametrize("name", UNPUBLISHABLE)
def test_a_faulty_set_stays_a_draft(name: str) -> None:
    change, code = UNPUBLISHABLE[name]
    body = small_set()
    change(body)
    findings = rules.check(model.parse(body), MEASURES)
    assert code in {finding.code for finding in findings}
    for finding in findings:
        assert finding.pointer.startswith("/")
        assert finding.vi and finding.en and finding.vi != finding.en


def test_longer_circles_are_found() -> None:
    first, second = small_set(), small_set()
    first.update(code="first", extends="second")
    second.update(code="second", extends="first")
    others = {"second": model.parse(second)}
    findings = rules.check(model.parse(first), MEASURES, others=others)
    assert [finding.code for finding in findings] == ["cycle"]
    assert "first → second → first" in findings[0].en


MALFORMED: dict[str, tuple[Change, str, str]] = {
    "a float": (
        _with(_share(89.5)),
        "not-a-list",
        "/criteria/0/indicators/0/rule/at_least/threshold",
    ),
    "a float in a row": (
        _table({"value": 89.5}),
        "not-exact",
        "/criteria/0/indicators/0/rule/at_least/threshold/0/value",
    ),
    "an exponent": (_with(_share("1e2")), "not-exact", ""),
    "another script's digits": (_with(_share("٩٠")), "not-exact", ""),
    "an unknown rule": (_with({"approximately": 3}), "unknown-rule", ""),
    "two rules at once": (_with({"yes": "yes_a", "no": "yes_b"}), "unknown-rule", ""),
    "a rule of another shape": (_with({"all_of": []}), "empty", ""),
    "yes as YAML reads it": (_with(yaml.safe_load("{yes: yes_a}")), "not-a-name", ""),
    "no source": (lambda b: b["criteria"][0]["indicators"][0].pop("source"), "missing-source", ""),
    "an invented source": (
        lambda body: body["criteria"][0]["indicators"][0].update(source="rumour"),
        "not-a-choice",
        "/criteria/0/indicators/0/source",
    ),
    "an unknown field": (lambda body: body.update(colour="red"), "unknown-field", "/colour"),
    "a missing field": (lambda body: body.pop("tier"), "missing-field", "/tier"),
    "a date that does not exist": (
        lambda b: b.update({"from": "2022-02-30"}),
        "not-a-date",
        "/from",
    ),
    "a date far away": (lambda body: body.update({"from": "9999-01-01"}), "not-a-date", "/from"),
    "a code with spaces": (lambda body: body.update(code="a b"), "not-a-code", "/code"),
    "a NUL in a name": (lambda body: body.update(name_vi="a\x00"), "not-a-text", "/name_vi"),
    "a text instead of criteria": (
        lambda body: body.update(criteria="all"),
        "not-a-list",
        "/criteria",
    ),
    "two cells in a row": (_table({"value": 1, "unknown": True}), "not-one-cell", ""),
    "no cell in a row": (_table({"region": "R1"}), "not-one-cell", ""),
    "an empty stretch": (
        _table({"schools": {"at_least": 5, "at_most": 4}, "value": 1}),
        "empty-span",
        "",
    ),
    "rule and versions": (
        lambda body: body["criteria"][0]["indicators"][0].update(versions=[]),
        "rule-or-versions",
        "",
    ),
    "an attribute without values": (
        lambda body: body["attributes"].append({"name": "empty", "values": []}),
        "empty",
        "",
    ),
    "an attribute of two kinds": (
        lambda body: body["attributes"].append({"name": "both", "values": ["a"], "number": True}),
        "values-or-number",
        "",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_body_that_is_no_set_is_refused_with_its_place(name: str) -> None:
    change, code, pointer = MALFORMED[name]
    body = small_set()
    change(body)
    with pytest.raises(Malformed) as refusal:
        model.parse(body)
    finding = refusal.value.findings[0]
    assert finding.code == code
    assert finding.pointer == pointer or not pointer
    assert finding.vi and finding.en


def test_rules_may_not_be_nested_without_end() -> None:
    rule: Body = {"yes": "yes_a"}
    for _ in range(2_000):
        rule = {"all_of": [rule]}
    body = small_set(rule)
    with pytest.raises(Malformed) as refusal:
        model.parse(body)
    assert refusal.value.findings[0].code == "too-deep"


def test_all_faulty_indicators_are_named_at_once() -> None:
    body = small_set({"yes": "a b"}, {"no": "c d"}, {"yes": "yes_a"})
    with pytest.raises(Malformed) as refusal:
        model.parse(body)
    assert len(refusal.value.findings) == 2


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"type": "share"},
        {"type": "share", "scale": 7},
        {"type": "feeling"},
        {"type": "share", "validity": "for ever"},
        {"type": "share", "validity": "months:0"},
        {"type": "share", "minimum": "0.001"},
        {"type": "share", "minimum": 100},
        {"type": "share", "colour": "red"},
        {"type": "number", "scale": 6, "maximum": "9999999999999"},
    ],
)
def test_a_faulty_measure_is_refused(entry: Body) -> None:
    complete = {"code": "some", "name_vi": "a", "name_en": "b", "slot": 0}
    complete |= {"validity": "until_replaced"} if len(entry) != 1 else {}
    with pytest.raises(MalformedMeasures) as refusal:
        parse_measures([{**complete, **entry}])
    assert refusal.value.findings


def test_two_measures_never_share_a_slot() -> None:
    entry = {"name_vi": "a", "name_en": "b", "type": "share", "validity": "until_replaced"}
    sexed = {**entry, "code": "one", "slot": 0, "breakdown": "sex"}
    with pytest.raises(MalformedMeasures):
        parse_measures([sexed, {**entry, "code": "two", "slot": 1}])
