"""What the registers say when an area cannot be shown."""

from chungsuc import problems
from chungsuc.text import Text


class AreaNotFound(problems.NotFound):
    """No such area on that date, or none that the caller may see: one answer for both."""

    code = "area-not-found"
    title = Text("Không tìm thấy đơn vị hành chính", "Area not found")


class AreaEnded(problems.NotFound):
    """The area had ended by that date."""

    code = "area-ended"
    title = Text("Đơn vị hành chính đã kết thúc", "The area has ended")


class RegisterNotRead(problems.Unavailable):
    """Rights follow from the register, so nothing is answered without it."""

    code = "register-not-read"
    title = Text("Chưa đọc xong danh mục đơn vị hành chính", "The register is not read yet")
