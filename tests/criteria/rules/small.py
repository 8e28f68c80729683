"""One small valid set, as a body to be changed by the tests."""

from typing import Any

from criteria.measures.model import Measure

from tests.criteria.rules import generators

MEASURES: dict[str, Measure] = dict(generators.MEASURES)


def small_set(*rules: dict[str, Any]) -> dict[str, Any]:
    """One criterion with an indicator for each rule (1.1, 1.2 …), and a test case that passes."""
    body = generators.empty_set()
    given = rules or ({"at_least": {"measure": "share_a", "threshold": 90}},)
    body["criteria"] = [
        {
            "number": "1",
            "name_vi": "tiêu chí",
            "name_en": "criterion",
            "indicators": [indicator(f"1.{place}", rule) for place, rule in enumerate(given, 1)],
        }
    ]
    body["counts"] = {"criteria": 1, "indicators": len(given)}
    missing = {"name": "không có số liệu", "date": "2023-06-30", "values": {}, "expect": {}}
    body["test_cases"] = [missing]
    return body


def indicator(number: str, rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    names = {"number": number, "name_vi": "chỉ tiêu", "name_en": "indicator"}
    return {**names, "rule": rule, "source": "published", **more}
