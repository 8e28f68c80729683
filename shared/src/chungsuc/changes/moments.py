"""`known_at`: what had been recorded by then, as a position of the feed."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chungsuc import problems
from chungsuc.text import Text


async def resolve_known_at(session: AsyncSession, known_at: str | None) -> int | None:
    """Return the feed position that `known_at` means; None means all that is visible now.

    Takes a position (digits) or an RFC 3339 instant. What lies above the watermark is refused with
    422: an answer about it could still change.
    """
    if known_at is None:
        return None
    state = (
        await session.execute(text("SELECT last_position, sequenced_until FROM feed_state"))
    ).one()
    if known_at.isascii() and known_at.isdigit():
        position = int(known_at)
        if position > state.last_position:
            raise _refused(f"> {state.last_position}")
        return position
    instant = _parse_instant(known_at)
    if instant > state.sequenced_until:
        raise _refused(f"> {state.sequenced_until.astimezone(UTC).isoformat()}")
    return int(
        await session.scalar(
            text(
                "SELECT coalesce(max(position), 0) FROM change_position "
                "WHERE sequenced_at <= :instant"
            ),
            {"instant": instant},
        )
        or 0
    )


def _parse_instant(text_value: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text_value)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _refused("RFC 3339") from None


def _refused(bound: str) -> problems.Invalid:
    reason = Text(
        f"chưa phải thời điểm đã ghi nhận xong ({bound})",
        f"not a moment that is completely recorded ({bound})",
    )
    error = problems.FieldError("known_at", "not-a-recorded-moment", reason)
    return problems.Invalid(reason, errors=[error])
