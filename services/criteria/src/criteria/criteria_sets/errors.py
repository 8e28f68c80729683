"""What can be wrong with a criteria set."""

from chungsuc.problems import Conflict, Invalid, NotFound
from chungsuc.text import Text


class CriteriaSetNotFound(NotFound):
    """No such set or version."""

    code = "criteria-set-not-found"
    title = Text("Không có bộ tiêu chí này", "No such criteria set")


class CriteriaSetMalformed(Invalid):
    """The body is not a criteria set."""

    code = "criteria-set-malformed"
    title = Text("Bộ tiêu chí không đọc được", "The criteria set cannot be read")


class CriteriaSetRefused(Invalid):
    """The check found something, so the set is not published."""

    code = "criteria-set-refused"
    title = Text("Bộ tiêu chí chưa công bố được", "The criteria set cannot be published")


class AlreadyPublished(Conflict):
    """A published version never changes."""

    code = "criteria-set-published"
    title = Text(
        "Phiên bản này đã công bố, không sửa được", "This version is published and cannot change"
    )
