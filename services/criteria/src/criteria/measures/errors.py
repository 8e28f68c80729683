"""What can be wrong with the catalogue of measures."""

from chungsuc.problems import Conflict
from chungsuc.text import Text


class MeasureChanged(Conflict):
    """Stored values would mean something else."""

    code = "measure-changed"
    title = Text(
        "Kiểu, thang, ô hoặc hiệu lực của số liệu không được đổi",
        "The type, scale, slot or validity of a measure must not change",
    )
