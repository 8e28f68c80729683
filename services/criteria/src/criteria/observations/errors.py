"""What can be wrong with observations."""

from chungsuc.problems import Invalid, NotFound
from chungsuc.text import Text


class ValuesRefused(Invalid):
    """At least one value cannot be taken, so none is."""

    code = "values-refused"
    title = Text("Có số liệu không được nhận", "Some values are refused")


class ObservationNotFound(NotFound):
    """No such observation, or none that the caller may see."""

    code = "observation-not-found"
    title = Text("Không tìm thấy số liệu", "Observation not found")
