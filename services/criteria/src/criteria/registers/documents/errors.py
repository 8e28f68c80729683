"""What can be wrong with a request about documents."""

from chungsuc import problems
from chungsuc.text import Text


class DocumentNotFound(problems.NotFound):
    code = "document-not-found"
    title = Text("Không có văn bản này", "No such document")


class DocumentUnknown(problems.Invalid):
    code = "document-unknown"
    title = Text("Văn bản chưa được đăng ký", "The document is not registered")


class DocumentExists(problems.Conflict):
    code = "document-exists"
    title = Text("Văn bản đã được đăng ký", "The document is registered already")
