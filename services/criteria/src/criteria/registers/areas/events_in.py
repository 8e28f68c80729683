"""What a caller states about an area change, turned into an event of the rules."""

from collections.abc import Awaitable, Callable
from datetime import date

from chungsuc import problems
from chungsuc.problems import FieldError
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers import ids
from criteria.registers.areas import lookup
from criteria.registers.areas.errors import AreaChangeRefused
from criteria.registers.areas.events import (
    Abolish,
    Alter,
    Classify,
    Create,
    Event,
    Merge,
    NewArea,
    Part,
    Split,
)
from criteria.registers.areas.schemas import (
    AbolishIn,
    AreaEventIn,
    ClassifyIn,
    CreateIn,
    MergeIn,
    NewAreaIn,
    PartIn,
    RecodeIn,
    RenameIn,
    ReparentIn,
    RetypeIn,
    SplitIn,
)

Resolve = Callable[[str, str, date], Awaitable[str]]


async def event_of(session: AsyncSession, body: AreaEventIn) -> Event:
    """Resolve the areas that a body names and return the event it states.

    Areas that end are read on the eve, all others on the day.
    """
    on = body.effective_on

    async def resolve(parameter: str, pointer: str, day: date) -> str:
        try:
            return await lookup.resolve_area(session, parameter, as_of=day)
        except problems.Problem as problem:
            reason = problem.detail or problem.title
            raise AreaChangeRefused(
                reason, errors=[FieldError(pointer, problem.code, reason)]
            ) from problem

    if isinstance(body, CreateIn):
        return Create(await _new_area(body.area, "/area", on, resolve))
    if isinstance(body, MergeIn | SplitIn | AbolishIn):
        return await _ending(body, on, resolve)
    area_id = await resolve(body.area, "/area", on)
    match body:
        case RenameIn():
            return Alter(area_id, {"name": body.name})
        case RetypeIn():
            return Alter(area_id, {"designation": body.designation})
        case ReparentIn():
            return Alter(area_id, {"parent_id": await resolve(body.parent, "/parent", on)})
        case RecodeIn():
            return Alter(area_id, {"code": body.code})
        case ClassifyIn():
            return Classify(area_id, body.name, body.value)


async def _ending(body: MergeIn | SplitIn | AbolishIn, on: date, resolve: Resolve) -> Event:
    eve = lookup.eve_of(on)
    match body:
        case MergeIn():
            from_ids = [
                await resolve(area, f"/areas/{place}", eve) for place, area in enumerate(body.areas)
            ]
            return Merge(tuple(from_ids), await _new_area(body.into, "/into", on, resolve))
        case SplitIn():
            area_id = await resolve(body.area, "/area", eve)
            parts = [
                await _part(part, f"/into/{place}", on, resolve)
                for place, part in enumerate(body.into)
            ]
            return Split(area_id, tuple(parts))
        case AbolishIn():
            return Abolish(await resolve(body.area, "/area", eve))


async def _part(part: PartIn, pointer: str, on: date, resolve: Resolve) -> Part:
    children = [
        await resolve(child, f"{pointer}/children/{place}", lookup.eve_of(on))
        for place, child in enumerate(part.children)
    ]
    area = await _new_area(part, pointer, on, resolve)
    return Part(area, part.extent, part.share, tuple(children))


async def _new_area(area: NewAreaIn, pointer: str, on: date, resolve: Resolve) -> NewArea:
    return NewArea(
        id=ids.new_id("a"),
        kind=area.area_kind,
        code=area.code,
        designation=area.designation,
        name=area.name,
        parent_id=await resolve(area.parent, f"{pointer}/parent", on),
        attributes=tuple({a.name: a.value for a in area.attributes}.items()),
    )
