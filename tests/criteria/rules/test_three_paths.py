"""One area, a country as arrays, and a plain decimal interpreter agree on every verdict."""

import json
from datetime import date
from typing import Any

from criteria.assessments import arrays, rules
from criteria.assessments.verdicts import Verdict
from criteria.criteria_sets import model
from criteria.criteria_sets import rules as set_rules
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.criteria.rules import generators
from tests.criteria.rules.generators import MEASURES
from tests.criteria.rules.reference import Area, Reference

DATES = st.sampled_from([*generators.DAYS[1:], date(2024, 9, 1), date(2025, 1, 1)])


@given(generators.sets(), st.lists(generators.areas(), min_size=1, max_size=6), DATES)
@settings(max_examples=60, deadline=None)
def test_all_three_paths_agree(body: dict[str, Any], block: list[Area], on: date) -> None:
    criteria_set = model.parse(body)
    reference = Reference(model.to_body(criteria_set), MEASURES)
    verdicts = arrays.evaluate(
        arrays.compile_set(criteria_set, MEASURES), generators.as_block(block), on
    )
    for row, area in enumerate(block):
        assessment = rules.judge(
            criteria_set,
            measures=MEASURES,
            values=generators.as_values(area),
            attributes=area.attributes,
            on=on,
        )
        indicators = [entry.verdict.code for entry in assessment.indicators]
        criteria = [entry.verdict.code for entry in assessment.criteria]
        assert indicators == reference.indicators(area, on)
        assert criteria == reference.criteria(area, on)
        assert indicators == [Verdict(code).code for code in verdicts.indicators[row]]
        assert criteria == [Verdict(code).code for code in verdicts.criteria[row]]
        assert assessment.indicators_met == verdicts.indicators_met[row]
        assert assessment.criteria_met == verdicts.criteria_met[row]
        assert assessment.verdict == verdicts.verdicts[row]


@given(generators.sets(), generators.areas(), st.integers(0, 700))
@settings(max_examples=30, deadline=None)
def test_a_verdict_changes_only_on_a_boundary(body: dict[str, Any], area: Area, day: int) -> None:
    criteria_set, values = model.parse(body), generators.as_values(area)
    after = date.fromordinal(date(2023, 6, 1).toordinal() + day)
    until = date.fromordinal(after.toordinal() + 45)
    changes = rules.boundaries(
        criteria_set, measures=MEASURES, values=values, after=after, until=until
    )

    def letters(on: date) -> str:
        return rules.judge(
            criteria_set, measures=MEASURES, values=values, attributes=area.attributes, on=on
        ).indicator_letters

    before = letters(after)
    for ordinal in range(after.toordinal() + 1, until.toordinal() + 1):
        on = date.fromordinal(ordinal)
        now = letters(on)
        assert now == before or on in changes
        before = now


@given(generators.sets())
@settings(max_examples=40, deadline=None)
def test_the_canonical_form_reads_back_and_generated_sets_pass_the_check(
    body: dict[str, Any],
) -> None:
    criteria_set = model.parse(body)
    again = model.parse(json.loads(model.canonical(criteria_set)))
    assert again == criteria_set
    assert model.content_hash(again) == model.content_hash(criteria_set)
    codes = {finding.code for finding in set_rules.check(criteria_set, MEASURES)}
    assert codes == {"no-test-cases"}
