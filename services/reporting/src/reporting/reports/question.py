"""What one overview is about."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from reporting.registers.repository import Area


@dataclass(frozen=True)
class Question:
    """The area as it was, the day, the budget year."""

    area: Area
    as_of: date
    budget_year: int

    @property
    def parameters(self) -> dict[str, Any]:
        """The same as values of a statement or of an address."""
        return {"area": self.area.id, "as_of": self.as_of, "budget_year": self.budget_year}

    def about(self, area: Area) -> "Question":
        """Ask the same of another area."""
        return replace(self, area=area)
