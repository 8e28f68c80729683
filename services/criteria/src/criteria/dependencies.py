"""What routes of criteria ask for: the moment a read is about, and who covers what."""

from datetime import date
from typing import Annotated, NamedTuple

from chungsuc import changes
from chungsuc.database import ReadSession
from chungsuc.text import CivilDate, ShortText
from fastapi import Depends, Query, Request


class Moment(NamedTuple):
    """The two times of a read: what held on a date, as recorded by a feed position (None: now)."""

    as_of: date
    known_at: int | None
    is_dated: bool


async def moment(
    request: Request,
    session: ReadSession,
    as_of: Annotated[
        CivilDate | None, Query(description="What was legally true on this date; default today")
    ] = None,
    known_at: Annotated[
        ShortText | None,
        Query(description="What had been recorded by then: an RFC 3339 instant or a feed position"),
    ] = None,
) -> Moment:
    """Read `as_of` and `known_at`; a moment that is not completely recorded is refused."""
    position = await changes.resolve_known_at(session, known_at)
    return Moment(as_of or request.app.state.clock.today(), position, as_of is not None)


MomentAsked = Annotated[Moment, Depends(moment, scope="function")]


def today(request: Request) -> date:
    """Return the civil date of the request."""
    day: date = request.app.state.clock.today()
    return day


Today = Annotated[date, Depends(today)]
