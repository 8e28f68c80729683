"""What a report refuses."""

from chungsuc import problems
from chungsuc.text import Text


class FormNotFound(problems.NotFound):
    """No report of that name."""

    code = "form-not-found"
    title = Text("Không có biểu mẫu này", "No such form")
