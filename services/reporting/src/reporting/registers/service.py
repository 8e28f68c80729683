"""Which area a caller asks about, and whether the caller may see it."""

from collections.abc import Collection
from datetime import date

from chungsuc import access
from chungsuc.access import Principal
from chungsuc.problems import Forbidden
from chungsuc.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from reporting.registers import repository
from reporting.registers.errors import AreaEnded, AreaNotFound, RegisterNotRead
from reporting.registers.repository import Area


async def get_visible_area(
    session: AsyncSession, area: str, *, principal: Principal, as_of: date
) -> Area:
    """Return the area of an id, or of a code read on that date, when the caller's grants cover it.

    Hidden and absent are one answer (404). An area that had ended names its successors to those who
    could see it on its last day. Without a register the answer is 503, never a yes.
    """
    if not await repository.has_registers(session):
        raise RegisterNotRead(headers={"Retry-After": "5"})
    found = await repository.find_area(session, area, as_of=as_of)
    if found is not None and await _may_read(session, principal, area=found.id, on=as_of):
        return found
    if found is None:
        await _explain_ended(session, area, principal=principal, as_of=as_of)
    raise AreaNotFound(
        Text(
            f"Không có đơn vị hành chính {area} vào ngày {as_of:%d/%m/%Y}",
            f"There is no area {area} on {as_of.isoformat()}",
        )
    )


async def require_nation(principal: Principal, *, roles: Collection[str], on: date) -> None:
    """Let pass who holds one of these roles over the whole nation, or answer 403."""

    async def covers(_granted: str, _target: str, _day: date) -> bool:
        return False

    await access.require_grant(principal, roles=roles, target=access.NATION, on=on, covers=covers)


async def _explain_ended(
    session: AsyncSession, area: str, *, principal: Principal, as_of: date
) -> None:
    ended = await repository.find_ended_area(session, area, as_of=as_of)
    if ended is None or not await _may_read(session, principal, area=ended.id, on=ended.ended_on):
        return
    successors = ", ".join(ended.successors) or "—"
    raise AreaEnded(
        Text(
            f"{area} kết thúc ngày {ended.ended_on:%d/%m/%Y}; đơn vị kế tiếp: {successors}",
            f"{area} ended on {ended.ended_on.isoformat()}; successors: {successors}",
        )
    )


async def _may_read(session: AsyncSession, principal: Principal, *, area: str, on: date) -> bool:
    async def covers(granted: str, target: str, day: date) -> bool:
        return await repository.covers(session, granted, target=target, on=day)

    try:
        await access.require_grant(principal, roles=access.ROLES, target=area, on=on, covers=covers)
    except Forbidden:
        return False
    return True
