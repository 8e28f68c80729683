"""What can be wrong with a question about assessments."""

from chungsuc.problems import Invalid, NotFound
from chungsuc.text import Text


class AreaNotJudged(Invalid):
    """The set does not judge this kind or designation of area, or not on this date."""

    code = "area-not-judged-by-set"
    title = Text(
        "Bộ tiêu chí không áp dụng cho địa bàn vào ngày này",
        "The criteria set does not judge this area on this date",
    )


class CriteriaSetNotInForce(Invalid):
    """The set does not judge anybody on this date."""

    code = "criteria-set-not-in-force"
    title = Text(
        "Bộ tiêu chí không có hiệu lực vào ngày này",
        "The criteria set is not in force on this date",
    )


class NotPublished(NotFound):
    """There is no published version (that was known at that moment)."""

    code = "criteria-set-not-published"
    title = Text("Bộ tiêu chí chưa được công bố", "The criteria set is not published")
