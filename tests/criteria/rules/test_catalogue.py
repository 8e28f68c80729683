"""The catalogue: counts, honest sources, nothing guessed, every measure used, all judgeable."""

from datetime import date

import pytest
from criteria.assessments.model import Value
from criteria.assessments.rules import judge
from criteria.criteria_sets import model, rules
from criteria.criteria_sets.tree import (
    BothSexes,
    Compare,
    IfPresent,
    Known,
    ScoreSheet,
    Statement,
    Undecided,
    measures_of,
    own_measures,
    table_of,
    walk,
)
from criteria.criteria_sets.tree import CriteriaSet as Set

from tests.criteria.rules import catalogue
from tests.criteria.rules.catalogue import ADVANCED, ADVANCED_DEMO, BASE, BASE_DEMO

ALL = (BASE, BASE_DEMO, ADVANCED, ADVANCED_DEMO)
PUBLISHED = (
    *ALL,
    *("ntm-huyen-2021-2025", "ntm-huyen-nang-cao-2021-2025-demo", "ntm-tinh-2021-2025"),
    *("ntm-xa-kieu-mau-2021-2025", "ntm-xa-kieu-mau-quang-ninh-demo"),
    *("poverty-standard-2022-2026", "poverty-standard-quang-ninh-2023-2025"),
)
# Reported as they stand, judged by no set.
REPORTED = {"scorecard_positive_count", "scorecard_total_count"}
# Why each of these cannot be published: its tree is not whole, as the check says.
DRAFTS = {
    "dtts-thon-2026-2030": {"counts-disagree"},
    "dtts-tinh-2026-2030": {"counts-disagree"},
    "dtts-xa-2026-2030": {"counts-disagree"},
    "ntm-huyen-khong-co-xa-2024-2025": {"counts-disagree"},
    "ntm-huyen-nang-cao-2021-2025": {"counts-disagree", "no-indicators"},
    "ntm-thi-xa-thanh-pho-2021-2025": {"no-criteria"},
    "ntm-thon-provincial-template": {"no-criteria"},
    "ntm-tinh-2026-2030": {"no-criteria"},
    "ntm-xa-2026-2030": {"counts-disagree", "no-indicators"},
    "ntm-xa-hien-dai-2026-2030": {"no-criteria"},
    "poverty-standard-2027-2030": {"no-criteria", "no-designations"},
}
REGIONS = ("TDMNPB", "DBSH", "BTB", "DHNTB", "TN", "DNB", "DBSCL")

# Every numeric threshold a national set may state. A new one is added here with its source, or not
# at all: values somebody merely remembers with doubt, or infers, stay out of the catalogue.
KNOWN_THRESHOLDS = {
    BASE: {
        "3.1": {"80"},
        "3.2": {"50"},
        "5": {"100", "70", "50"},
        "6.3": {"100"},
        "10": {"39"},
        "14.1": {"98", "2"},
        "15.1": {"90"},
        "15.3": {"24", "16.5", "25", "22", "26.5", "14.5", "19"},
        "15.4": {"50", "70"},
        "17.4": {"2"},
        "17.7": {"100"},
        "17.10": {"100"},
        "18.3": {"100"},
    },
    ADVANCED: {
        "4": {"98", "99", "100"},
        "5.4": {"2"},
        "14.1": {"95"},
        "14.2": {"90"},
        "14.3": {"40"},
        "14.4": {"70"},
        "16.2": {"90"},
        "16.3": {"90"},
        "17.11": {"4"},
        "18.1": {"55"},
    },
    "ntm-huyen-2021-2025": {"1.2": {"1"}, "2.1": {"100"}, "2.2": {"100"}},
    "ntm-tinh-2021-2025": {
        "1": {"100"},
        "2": {"100"},
        "3": {"20"},
        "4": {"40"},
        "6": {"70"},
        "7": {"4"},
        "8": {"90"},
    },
    "ntm-xa-kieu-mau-2021-2025": {"3": {"1"}},
}


@pytest.mark.parametrize(("code", "indicators"), [(BASE, 57), (ADVANCED, 75)])
def test_the_national_sets_have_their_counts(code: str, indicators: int) -> None:
    for name in (code, f"{code}-demo"):
        loaded = catalogue.criteria_set(name)
        assert (len(loaded.criteria), len(loaded.indicators)) == (19, indicators)


def test_every_file_is_either_published_or_a_draft() -> None:
    assert set(catalogue.codes()) == {*PUBLISHED, *DRAFTS}


@pytest.mark.parametrize("code", PUBLISHED)
def test_every_published_set_passes_its_check_and_its_own_test_cases(code: str) -> None:
    assert rules.check(catalogue.criteria_set(code), catalogue.measures()) == []


@pytest.mark.parametrize("code", DRAFTS)
def test_an_incomplete_set_stays_a_draft_and_says_why(code: str) -> None:
    findings = rules.check(catalogue.criteria_set(code), catalogue.measures())
    assert {finding.code for finding in findings} == DRAFTS[code]


@pytest.mark.parametrize("code", KNOWN_THRESHOLDS)
def test_a_national_set_states_no_threshold_that_nobody_read(code: str) -> None:
    stated: dict[str, set[str]] = {}
    for indicator in catalogue.criteria_set(code).indicators:
        for version in indicator.versions:
            for rule in walk(version.rule):
                table = table_of(rule)
                for row in table.rows if table else ():
                    if isinstance(row.cell, Known):
                        assert row.provenance.source in ("published", "recalled")
                        stated.setdefault(indicator.number, set()).add(str(row.cell.number))
    assert stated == KNOWN_THRESHOLDS[code]


@pytest.mark.parametrize("code", [*KNOWN_THRESHOLDS, *DRAFTS])
def test_what_is_published_names_where_it_was_read(code: str) -> None:
    for indicator in catalogue.criteria_set(code).indicators:
        for version in indicator.versions:
            provenance = version.provenance
            assert provenance.source != "published" or provenance.reference


@pytest.mark.parametrize("code", [code for code in PUBLISHED if code.endswith("-demo")])
def test_a_demonstration_set_leaves_nothing_open_and_says_what_it_is(code: str) -> None:
    loaded = catalogue.criteria_set(code)
    assert loaded.is_demonstration
    for indicator in loaded.indicators:
        for version in indicator.versions:
            for rule in walk(version.rule):
                assert not isinstance(rule, Undecided)
                table = table_of(rule)
                assert all(isinstance(row.cell, Known) for row in (table.rows if table else ()))


def test_demonstration_thresholds_stand_only_in_demonstration_sets() -> None:
    for code in (*KNOWN_THRESHOLDS, *DRAFTS):
        assert b"demonstration" not in model.canonical(catalogue.criteria_set(code)).replace(
            b"is_demonstration", b""
        )


def test_every_measure_is_used_and_many_are_shared() -> None:
    used = {code: _measures(catalogue.criteria_set(code)) for code in catalogue.codes()}
    assert set().union(*used.values()) == set(catalogue.measures()) - REPORTED
    assert len(used[BASE] & used[ADVANCED]) >= 20


def _measures(criteria_set: Set) -> set[str]:
    roots = [version.rule for entry in criteria_set.indicators for version in entry.versions]
    roots += [condition.rule for condition in criteria_set.conditions]
    cells = {code for ratio in criteria_set.ratios for code in ratio.denominator}
    return cells | {code for rule in roots for code in measures_of(rule)}


def perfect_values(criteria_set: Set, on: date) -> dict[str, Value]:
    """Values that meet every rule: the best the measure can hold, everything present."""
    best: dict[str, int] = {}
    for indicator in criteria_set.indicators:
        for version in indicator.versions:
            for rule in walk(version.rule):
                is_low = isinstance(rule, Compare | BothSexes) and rule.kind == "at_most"
                is_low |= isinstance(rule, Statement) and rule.kind == "no"
                assert isinstance(
                    rule, Compare | BothSexes | ScoreSheet | Statement | IfPresent
                ) or (not own_measures(rule))
                for code in own_measures(rule):
                    measure = catalogue.measures()[code]
                    best[code] = measure.minimum if is_low else measure.maximum
    return {
        code: Value(scaled, "actual", on, place)
        for place, (code, scaled) in enumerate(best.items())
    }


@pytest.mark.parametrize("code", [BASE_DEMO, ADVANCED_DEMO])
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("year", [2022, 2023, 2024, 2025])
def test_an_area_can_meet_everything_in_every_region_and_year(
    code: str, region: str, year: int
) -> None:
    on, loaded = date(year, 9, 30), catalogue.criteria_set(code)
    assessment = judge(
        loaded,
        measures=catalogue.measures(),
        values=perfect_values(loaded, on),
        attributes={"region": region, "specially_disadvantaged": "no", "school_count": "5"},
        on=on,
    )
    assert assessment.indicators_met == len(loaded.indicators) == loaded.indicator_count
    assert assessment.criteria_met == 19
    assert assessment.is_demonstration
    assert assessment.criteria_verdict.code == "met"


def test_perfect_values_meet_everything_even_where_no_attribute_is_known() -> None:
    on = date(2023, 8, 15)
    for code in (BASE_DEMO, ADVANCED_DEMO):
        loaded = catalogue.criteria_set(code)
        assessment = judge(
            loaded,
            measures=catalogue.measures(),
            values=perfect_values(loaded, on),
            attributes={},
            on=on,
        )
        assert assessment.indicators_met == loaded.indicator_count


def test_the_advanced_tier_needs_the_standard_recognised_but_does_not_count_it() -> None:
    on, loaded = date(2023, 8, 15), catalogue.criteria_set(ADVANCED_DEMO)
    values = perfect_values(loaded, on)
    verdicts = {}
    for held in ("yes", "no", None):
        assessment = judge(
            loaded,
            measures=catalogue.measures(),
            values=values,
            attributes={"recognised.standard": held},
            on=on,
        )
        assert assessment.criteria_met == 19
        verdicts[held] = assessment.verdict.code
    assert verdicts == {"yes": "met", "no": "not_met", None: "undetermined"}
