"""What can be wrong with a request about areas."""

from chungsuc import problems
from chungsuc.text import Text


class AreaNotFound(problems.NotFound):
    code = "area-not-found"
    title = Text("Không có đơn vị hành chính này", "No such area")


class AreaNotLiving(problems.NotFound):
    """The code or id belongs to an area that does not live on the day asked for."""

    code = "area-not-living"
    title = Text(
        "Đơn vị hành chính không tồn tại vào ngày này", "The area does not live on that day"
    )


class CodeAmbiguous(problems.Invalid):
    code = "area-code-ambiguous"
    title = Text("Mã thuộc nhiều đơn vị hành chính", "The code belongs to several areas")


class AreaChangeRefused(problems.Invalid):
    code = "area-change-refused"
    title = Text("Không ghi nhận được thay đổi này", "The area change breaks a rule")
