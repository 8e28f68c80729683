"""What routes of funding ask for: the moment of a read, and what a posting needs."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, NamedTuple

import httpx
from chungsuc import changes
from chungsuc.clock import Clock
from chungsuc.database import Database, ReadSession
from chungsuc.text import CivilDate, ShortText
from fastapi import Depends, Query, Request

AREA = "Area: its id, or its code on the date of the request"
AreaReference = Annotated[ShortText, Query(description=AREA)]
OptionalArea = Annotated[
    ShortText | None, Query(description=f"{AREA}; without it all that the caller may see")
]


class Moment(NamedTuple):
    """The two times of a read: value dates up to a day, recorded up to a feed position."""

    as_of: date
    known_at: int | None
    is_now: bool


async def moment(
    request: Request,
    session: ReadSession,
    as_of: Annotated[
        CivilDate | None, Query(description="Counts value dates up to this day; default today")
    ] = None,
    known_at: Annotated[
        ShortText | None,
        Query(description="What had been recorded by then: an RFC 3339 instant or a feed position"),
    ] = None,
) -> Moment:
    """Read `as_of` and `known_at`; a moment that is not completely recorded is refused."""
    position = await changes.resolve_known_at(session, known_at)
    today = request.app.state.clock.today()
    day = as_of or today
    return Moment(day, position, is_now=position is None and day >= today)


MomentAsked = Annotated[Moment, Depends(moment, scope="function")]


@dataclass(frozen=True)
class Desk:
    """What a use case works with that opens its own transactions."""

    database: Database
    clock: Clock
    criteria: httpx.AsyncClient
    pending: timedelta


def desk(request: Request) -> Desk:
    """Return the desk of this application."""
    state = request.app.state
    return Desk(
        state.database, state.clock, state.criteria, timedelta(days=state.settings.pending_days)
    )


DeskAsked = Annotated[Desk, Depends(desk)]
