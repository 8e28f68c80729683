"""What can be wrong with targets."""

from chungsuc.problems import Conflict, Invalid, NotFound
from chungsuc.text import Text


class TargetNotFound(NotFound):
    """No such target, or none that the caller may see."""

    code = "target-not-found"
    title = Text("Không có chỉ tiêu này", "No such target")


class TargetExists(Conflict):
    """The document has set this result for this area and year already."""

    code = "target-exists"
    title = Text("Văn bản này đã giao chỉ tiêu này", "This document has set this target already")


class TargetRefused(Invalid):
    """A reference leads nowhere or the plan cannot be."""

    code = "target-refused"
    title = Text("Chỉ tiêu không hợp lệ", "The target is not valid")
