"""What can be wrong with a file of observations as a whole."""

from chungsuc.problems import Invalid, NotFound, PayloadTooLarge, UnsupportedMediaType
from chungsuc.text import Text


class FileRefused(Invalid):
    """The file cannot be read at all."""

    code = "file-refused"
    title = Text("Tệp không đọc được", "The file cannot be read")


class FileTooLarge(PayloadTooLarge):
    """The file, or what it unpacks to, is larger than is taken."""

    code = "file-too-large"
    title = Text("Tệp quá lớn", "The file is too large")


class FileTypeUnknown(UnsupportedMediaType):
    """Neither a workbook nor CSV."""

    code = "file-type-unknown"
    title = Text("Chỉ nhận XLSX hoặc CSV", "Only XLSX or CSV is taken")


class ImportNotFound(NotFound):
    """No such import, or none that the caller may see."""

    code = "import-not-found"
    title = Text("Không tìm thấy lần nhập này", "Import not found")
