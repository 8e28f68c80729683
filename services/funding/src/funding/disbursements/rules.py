"""What a disbursement table adds up to."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from funding.disbursements.schemas import Amounts

HUNDREDTH = Decimal("0.01")


def total_of(rows: Sequence[Amounts]) -> Amounts:
    """Add the rows up and take the rates anew from the sums: rates are never averaged."""

    def added(field: str) -> int:
        return sum(int(getattr(row, field)) for row in rows)

    plan, allocated, disbursed = map(added, ("plan_vnd", "allocated_vnd", "disbursed_vnd"))
    return Amounts(
        plan_vnd=plan,
        allocated_vnd=allocated,
        unallocated_vnd=added("unallocated_vnd"),
        advance_outstanding_vnd=added("advance_outstanding_vnd"),
        completed_paid_vnd=added("completed_paid_vnd"),
        disbursed_vnd=disbursed,
        allocated_rate=percent_of(plan, allocated),
        disbursed_rate=percent_of(plan, disbursed),
        is_demonstration=any(row.is_demonstration for row in rows),
    )


def percent_of(plan_vnd: int, part_vnd: int) -> str | None:
    """Return a part in percent of the plan, rounded once, half up; None for a plan of 0."""
    if plan_vnd == 0:
        return None
    percent = Decimal(part_vnd) * 100 / Decimal(plan_vnd)
    return str(percent.quantize(HUNDREDTH, ROUND_HALF_UP))
