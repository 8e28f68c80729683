"""What may be wrong with a reference to a register."""

from chungsuc.problems import FieldError, Invalid, NotFound
from chungsuc.text import Text


class AreaNotFound(NotFound):
    code = "area-not-found"
    title = Text("Không tìm thấy đơn vị hành chính", "Area not found")


class UnknownReference(Invalid):
    code = "unknown-reference"
    title = Text("Tham chiếu không tồn tại", "Unknown reference")


def unknown(pointer: str, resource: str) -> UnknownReference:
    """The problem of a field that names something no register has."""
    names = {
        "area": Text("đơn vị hành chính", "area"),
        "organisation": Text("cơ quan, đơn vị", "organisation"),
        "document": Text("văn bản", "document"),
    }[resource]
    reason = Text(f"{names.vi} không có trong danh mục", f"no such {names.en} in the register")
    return UnknownReference(reason, errors=[FieldError(pointer, f"unknown-{resource}", reason)])
