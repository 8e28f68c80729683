"""What may be done with a transfer, by whom: pure decisions."""

from collections.abc import Collection
from typing import NamedTuple

MAKER_ROLES = frozenset({"finance_officer"})
CHECKER_ROLES = frozenset({"approver"})


class Action(NamedTuple):
    """An action and what stands in its way (None: nothing)."""

    name: str
    blocked_by: str | None


def actions(
    *, state: str, template: str, author: str, subject: str, roles: Collection[str]
) -> list[Action]:
    """Return what this person may do with a transfer of this state.

    Maker and checker are two people: nobody approves what they made.
    """
    decided = None if state == "pending" else f"already_{state}"
    lacks_checker = None if CHECKER_ROLES & set(roles) else "needs_approver"
    lacks_maker = None if MAKER_ROLES & set(roles) else "needs_finance_officer"
    is_own = "maker_is_checker" if subject == author else None
    irreversible = None if state == "posted" else f"not_posted_but_{state}"
    if template == "reverse":
        irreversible = "reversal_of_reversal"
    return [
        Action("approve", decided or lacks_checker or is_own),
        Action("reject", decided or lacks_checker),
        Action("reverse", irreversible or lacks_maker),
    ]
