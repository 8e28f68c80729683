"""What can be wrong with a request about organisations."""

from chungsuc import problems
from chungsuc.text import Text


class OrganisationNotFound(problems.NotFound):
    code = "organisation-not-found"
    title = Text("Không có cơ quan này", "No such organisation")


class OrganisationExists(problems.Conflict):
    code = "organisation-exists"
    title = Text("Cơ quan đã được đăng ký", "The organisation is registered already")
