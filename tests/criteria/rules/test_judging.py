"""Judging one area: to the last digit, bounds, expiry, attributes, traces, boundaries."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from criteria.assessments import verdicts
from criteria.assessments.model import Assessment, RuleResult
from criteria.assessments.rules import boundaries, judge
from criteria.assessments.verdicts import LETTERS, Verdict
from criteria.criteria_sets import model
from criteria.measures.exact import exact, scaled_text
from criteria.measures.model import Refusal, earliest_counting_day, expires_on, to_scaled

from tests.criteria.rules import generators
from tests.criteria.rules.reference import Area, Observed
from tests.criteria.rules.small import MEASURES, small_set

Body = dict[str, Any]
ON = date(2024, 6, 15)


def _judged(
    rule: Body,
    *,
    on: date = ON,
    attributes: Mapping[str, str | None] | None = None,
    overrides: list[Body] | None = None,
    **values: str | Observed,
) -> Assessment:
    body = small_set(rule)
    body["overrides"] = overrides or []
    observed = {
        code.replace("__", "."): value
        if isinstance(value, Observed)
        else Observed(Decimal(value), "actual", on)
        for code, value in values.items()
    }
    area = Area(observed, attributes or {})
    return judge(
        model.parse(body),
        measures=MEASURES,
        values=generators.as_values(area),
        attributes=area.attributes,
        on=on,
    )


def _rule(assessment: Assessment) -> RuleResult:
    return assessment.indicators[0].rule


AT_LEAST_90 = {"at_least": {"measure": "share_a", "threshold": 90}}
AT_MOST_10 = {"at_most": {"measure": "share_a", "threshold": 10}}


@pytest.mark.parametrize(
    ("rule", "value", "letter"),
    [
        (AT_LEAST_90, "90", "m"),
        (AT_LEAST_90, "89.99", "n"),
        (AT_MOST_10, "10", "m"),
        (AT_MOST_10, "10.01", "n"),
        ({"equals": {"measure": "share_a", "threshold": "50.5"}}, "50.5", "m"),
        ({"equals": {"measure": "share_a", "threshold": "50.5"}}, "50.51", "n"),
        ({"at_least": {"measure": "share_a", "threshold": "89.99"}}, "89.98", "n"),
    ],
)
def test_the_last_digit_decides(rule: Body, value: str, letter: str) -> None:
    assert _judged(rule, share_a=value).indicator_letters == letter


@pytest.mark.parametrize(
    ("qualifier", "value", "rule", "letter"),
    [
        ("above", "99", {"at_least": {"measure": "share_a", "threshold": 95}}, "m"),
        ("above", "99", {"at_least": {"measure": "share_a", "threshold": "99.5"}}, "x"),
        ("above", "99", {"at_least": {"measure": "share_a", "threshold": 99}}, "m"),
        ("below", "90", AT_LEAST_90, "n"),
        ("at_most", "90", AT_LEAST_90, "x"),
        ("at_most", "89.99", AT_LEAST_90, "n"),
        ("above", "10", AT_MOST_10, "n"),
        ("at_least", "10", AT_MOST_10, "x"),
        ("below", "10", AT_MOST_10, "m"),
        ("estimate", "90", AT_LEAST_90, "m"),
    ],
)
def test_a_bound_decides_only_when_it_must(
    qualifier: str, value: str, rule: Body, letter: str
) -> None:
    observed = Observed(Decimal(value), qualifier, ON)
    assert _judged(rule, share_a=observed).indicator_letters == letter


def test_what_rests_on_an_estimate_says_so() -> None:
    estimate = Observed(Decimal(95), "estimate", ON)
    assert _judged(AT_LEAST_90, share_a=estimate).rests_on_estimate
    assert not _judged(AT_LEAST_90, share_a="95").rests_on_estimate
    attested = {"attested": "yes_a"}
    assert _judged(attested, yes_a=Observed(Decimal(1), "estimate", ON)).indicator_letters == "x"
    assert _judged(attested, yes_a="1").indicator_letters == "m"


def test_missing_is_never_zero_and_never_met() -> None:
    assert _judged(AT_MOST_10).indicator_letters == "x"
    assert _judged({"no": "yes_a"}).indicator_letters == "x"


def test_an_expired_or_future_value_is_missing_and_the_trace_shows_it() -> None:
    rule = {"at_least": {"measure": "share_b", "threshold": 90}}
    for day in (date(2023, 12, 31), date(2024, 6, 16)):
        assessment = _judged(rule, share_b=Observed(Decimal(95), "actual", day))
        evidence = _rule(assessment).evidence
        assert assessment.indicator_letters == "x"
        assert evidence is not None and evidence.value_text == "95" and not evidence.counts
        assert day.isoformat() in _rule(assessment).reason.vi


def test_the_trace_names_value_row_rule_and_gap() -> None:
    table = [
        {"region": "R1", "value": 50},
        {"region": ["R2", "R3"], "value": 60, "source": "recalled", "confidence": "medium"},
    ]
    rule = {"at_least": {"measure": "share_a", "threshold": table}}
    traced = _rule(_judged(rule, share_a="57.5", attributes={"region": "R2"}))
    assert (traced.kind, traced.verdict, traced.gap) == ("at_least", Verdict.NOT_MET, "2.5")
    assert traced.evidence is not None and traced.evidence.value is not None
    assert (traced.evidence.value.scaled, traced.evidence.value.observation_id) == (5750, 0)
    use = traced.threshold
    assert use is not None
    assert (use.criteria_set, use.table, use.rows, use.values) == (
        "generated",
        "1.1@2022-01-01",
        (1,),
        ("60",),
    )
    assert use.provenance[0].source == "recalled"
    assert "57,5" in traced.reason.vi and "không đạt" in traced.reason.vi
    assert "not met" in traced.reason.en


def test_an_unknown_attribute_matters_only_where_it_could_change_the_verdict() -> None:
    table = [{"region": "R1", "value": 50}, {"region": ["R2", "R3"], "value": 60}]
    rule = {"at_least": {"measure": "share_a", "threshold": table}}
    letters = [_judged(rule, share_a=v).indicator_letters for v in ("60", "59", "49.99")]
    assert letters == ["m", "u", "n"]


def test_a_disadvantaged_area_reads_the_other_column() -> None:
    table = [{"region": "R1", "value": 50}, {"region": ["R2", "R3"], "value": 60}]
    rule = {"at_least": {"measure": "share_a", "threshold": table}}
    override = {"when": {"poor": "yes"}, "use": {"region": "R1"}, "source": "published"}
    for poor, letter in (("yes", "m"), ("no", "n"), (None, "u")):
        attributes = {"region": "R2", "poor": poor}
        judged = _judged(rule, share_a="55", attributes=attributes, overrides=[override])
        assert judged.indicator_letters == letter


def test_each_sex_must_pass() -> None:
    rule = {"both_sexes": {"measure": "sexed_a", "at_least": 90}}
    assert _judged(rule, sexed_a__male="90", sexed_a__female="90").indicator_letters == "m"
    assert _judged(rule, sexed_a__male="100", sexed_a__female="89").indicator_letters == "n"
    assert _judged(rule, sexed_a__male="100").indicator_letters == "x"


def test_not_applicable_needs_a_reason_and_counts_as_met() -> None:
    rule = {"if_present": {"measure": "yes_a", "rule": {"yes": "yes_b"}}}
    absent = _judged(rule, yes_a="0")
    assert absent.indicator_letters == absent.criterion_letters == "a"
    assert (absent.indicators_met, absent.criteria_met) == (1, 1)
    assert "yes_a" in _rule(absent).reason.vi
    assert _judged(rule, yes_a="1").indicator_letters == "x"
    assert _judged(rule, yes_b="1").indicator_letters == "m"


def test_an_open_threshold_is_undetermined_with_or_without_a_value() -> None:
    for threshold in ("unknown", {"delegated_to": "province"}):
        rule = {"at_least": {"measure": "share_a", "threshold": threshold}}
        assert _judged(rule).indicator_letters == "u"
        assert _judged(rule, share_a="100").indicator_letters == "u"
    delegated = _rule(_judged(rule, share_a="100")).threshold
    assert delegated is not None and delegated.delegated_to == "province"


M, N, A, U, X = (
    Verdict.MET,
    Verdict.NOT_MET,
    Verdict.NOT_APPLICABLE,
    Verdict.UNDETERMINED,
    Verdict.MISSING,
)


@pytest.mark.parametrize(
    ("parts", "all_of", "any_of", "two_of"),
    [
        ((M, M, M), M, M, M),
        ((M, A, A), M, M, M),
        ((A, A, A), A, A, A),
        ((M, N, U), N, M, U),
        ((M, U, X), U, M, U),
        ((M, X, M), X, M, M),
        ((N, N, X), N, X, N),
        ((N, X, X), N, X, X),
        ((N, U, X), N, U, U),
        ((N, N, N), N, N, N),
    ],
)
def test_strong_three_valued_logic(
    parts: tuple[Verdict, ...], all_of: Verdict, any_of: Verdict, two_of: Verdict
) -> None:
    assert verdicts.all_of(parts) is all_of
    assert verdicts.any_of(parts) is any_of
    assert verdicts.k_of_n(2, parts) is two_of


def test_each_verdict_has_its_letter() -> None:
    letters = {verdict.code: verdict.letter for verdict in Verdict}
    assert letters == {
        "met": "m",
        "not_met": "n",
        "not_applicable": "a",
        "undetermined": "u",
        "missing": "x",
    }
    assert len(LETTERS) == len(set(LETTERS)) == 5


def test_boundaries_are_new_years_amendments_and_expiries() -> None:
    by_year = [{"year": {"at_most": 2023}, "value": 50}, {"year": {"at_least": 2024}, "value": 60}]
    body = small_set({"at_least": {"measure": "number_a", "threshold": by_year}})
    entry = body["criteria"][0]["indicators"][0]
    rule, source = entry.pop("rule"), entry.pop("source")
    entry["versions"] = [
        {"from": day, "rule": rule, "source": source} for day in ("2022-01-01", "2023-07-01")
    ]
    area = Area({"number_a": Observed(Decimal(55), "actual", date(2023, 8, 31))}, {})
    found = boundaries(
        model.parse(body),
        measures=MEASURES,
        values=generators.as_values(area),
        after=date(2023, 1, 1),
        until=date(2026, 12, 31),
    )
    assert [day.isoformat() for day in found] == [
        "2023-07-01",  # the amendment
        "2023-08-31",  # the value begins to count
        "2024-01-01",  # a new column
        "2024-02-29",  # six months later the value has expired
        "2025-01-01",
        "2026-01-01",  # the set has ended; also a new year
    ]


@pytest.mark.parametrize("code", ["share_a", "share_b", "number_a", "yes_c"])
def test_the_earliest_day_that_counts_agrees_with_expiry(code: str) -> None:
    measure = MEASURES[code]
    for on in (date(2024, 2, 29), date(2024, 3, 31), date(2023, 3, 1), date(2024, 12, 31)):
        first = earliest_counting_day(measure, on=on)
        if first is None:
            assert expires_on(measure, observed_on=on) is None
            continue
        expiry = expires_on(measure, observed_on=first)
        before = expires_on(measure, observed_on=date.fromordinal(first.toordinal() - 1))
        assert expiry is not None and before is not None and before <= on < expiry


@pytest.mark.parametrize(
    ("given", "written"),
    [("90", "90"), ("90.10", "90.1"), ("-0.5", "-0.5"), ("0.000", "0"), (7, "7")],
)
def test_exact_numbers_have_one_form(given: str | int, written: str) -> None:
    number = exact(given)
    assert number is not None and str(number) == written


@pytest.mark.parametrize("given", [1.5, True, None, "", "1e3", "1.", ".5", "+1", "1_0", "९", "NaN"])
def test_what_is_not_exact_is_refused(given: object) -> None:
    assert exact(given) is None


def test_more_places_than_the_scale_are_refused_not_rounded() -> None:
    refusal = to_scaled(MEASURES["share_a"], "89.999")
    assert isinstance(refusal, Refusal) and refusal.code == "too-many-places"
    assert to_scaled(MEASURES["share_a"], "89.990") == 8999
    assert isinstance(to_scaled(MEASURES["share_a"], "100.01"), Refusal)
    assert isinstance(to_scaled(MEASURES["share_a"], True), Refusal)
    assert to_scaled(MEASURES["yes_a"], True) == 1
    assert scaled_text(-5, scale=2) == "-0.05"
