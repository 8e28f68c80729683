"""What may be wrong with a project or a plan."""

import json

from chungsuc.problems import Conflict, FieldError, Invalid, NotFound, Problem
from chungsuc.text import Text
from sqlalchemy.exc import DBAPIError

from funding.ledger import errors


class ProjectNotFound(NotFound):
    code = "project-not-found"
    title = Text("Không tìm thấy dự án", "Project not found")


class CodeTaken(Conflict):
    code = "project-code-taken"
    title = Text("Mã dự án đã có", "The code of the project is taken")


def unknown_basis(field: str) -> Invalid:
    """The problem of a plan for something that is not there."""
    reason = Text("không có trong danh mục", "not in the catalogue")
    return Invalid(reason, errors=[FieldError(f"/{field}", "unknown", reason)])


def in_future(pointer: str) -> Invalid:
    """The problem of a day that has not come."""
    reason = Text("ngày chưa đến", "the day lies in the future")
    return Invalid(reason, errors=[FieldError(pointer, "in-future", reason)])


def problem_of(error: DBAPIError) -> Problem | None:
    """Turn a refusal of a trigger into a problem; None for any other failure."""
    if getattr(error.orig, "sqlstate", None) != "CS001":
        return None
    return errors.problem_of(json.loads(error.orig.diag.message_detail))  # type: ignore[union-attr]
