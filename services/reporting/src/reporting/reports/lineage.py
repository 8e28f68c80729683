"""Where a figure comes from: paths of the API that show what it is made of."""

from datetime import date
from urllib.parse import urlencode

from reporting.reports.question import Question


def assessment(criteria_set: str, *, area: str, as_of: date) -> str:
    """The verdict tree of one area, with its trace."""
    return _path(f"/v1/assessments/{area}", criteria_set=criteria_set, as_of=as_of)


def assessments(question: Question, *, criteria_set: str) -> str:
    """The verdicts behind the results of one set."""
    return _path(
        "/v1/assessments",
        criteria_set=criteria_set,
        under=question.area.id,
        as_of=question.as_of,
    )


def assessment_summary(question: Question, *, criteria_set: str) -> str:
    """The same results as criteria computes them."""
    return _path(
        "/v1/assessment-summaries",
        criteria_set=criteria_set,
        under=question.area.id,
        as_of=question.as_of,
    )


def disbursements(question: Question, *, by: str, **filters: str) -> str:
    """The disbursement table behind the money."""
    return _path(
        "/v1/disbursements",
        under=question.area.id,
        budget_year=question.budget_year,
        by=by,
        as_of=question.as_of,
        **filters,
    )


def transfers(area: str, *, as_of: date, budget_year: int, **filters: str) -> str:
    """The transfers behind the money."""
    return _path("/v1/transfers", under=area, budget_year=budget_year, as_of=as_of, **filters)


def target(question: Question, *, target_id: str) -> str:
    """One target, as its source judges it."""
    return _path(f"/v1/targets/{target_id}", as_of=question.as_of)


def overview(question: Question) -> str:
    """The report itself."""
    return _path("/v1/reports/province-overview", **question.parameters)


def _path(path: str, **query: object) -> str:
    return f"{path}?{urlencode(query)}"
