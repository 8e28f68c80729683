"""Many writers at once, beside publishing: one order per area, nothing lost."""

import asyncio
import random
from datetime import date

import httpx
from chungsuc.database import Database
from criteria.assessments import rules
from criteria.criteria_sets import model
from criteria.observations import repository
from sqlalchemy import text

from tests.criteria import world
from tests.criteria.assessments.test_steps import stored_on, values_on
from tests.criteria.conftest import ClientFor

AREA = world.COMMUNES[0]
WRITERS, BATCHES = 8, 4


async def test_writers_of_one_area_take_their_turns(
    client_for: ClientFor, country: Database
) -> None:
    dice = random.Random(4)
    async with client_for("administrator@vn") as client:
        answers = await asyncio.gather(
            *(write(client, dice.random()) for _ in range(WRITERS)),
            publish_meanwhile(country),
        )
    assert all(answers[:-1])
    recorded = await everything_recorded(country)
    assert len(recorded) == WRITERS * BATCHES * 2
    day = date(2023, 12, 31)
    values = values_on(recorded, AREA, day)
    async with country.read_scope() as session:
        sheet = await repository.find_sheet(session, AREA, on=day, position=None, slots=6)
        stored = await stored_on(session, AREA, day)
    assert sheet is not None
    held = {code: int(sheet.values[0, world.measure(code).slot]) for code in values}
    assert held == {code: value.scaled for code, value in values.items()}
    judged = rules.judge(
        model.parse(world.STANDARD),
        measures=world.MEASURES,
        values=values,
        attributes={"region": "TDMNPB"},
        on=day,
    )
    assert stored is not None
    assert stored[0] == bytes(entry.verdict for entry in judged.indicators)


async def write(client: httpx.AsyncClient, seed: float) -> bool:
    dice = random.Random(seed)
    for _ in range(BATCHES):
        day = f"2023-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        items = [
            world.value(AREA, code, day, str(dice.randint(0, 99)), reason="đo lại")
            for code in ("road_share", "income")
        ]
        answer = await client.post(
            "/v1/observations", json={"items": items}, headers=world.fresh_key()
        )
        assert answer.status_code == 201, answer.text
        outcomes = [item["outcome"] for item in answer.json()["items"]]
        assert "unchanged" not in outcomes, "the seeds of this test never repeat a value"
    return True


async def publish_meanwhile(database: Database) -> bool:
    await asyncio.sleep(0.1)
    await world.publish(database, world.STANDARD | {"version": "2"})
    return True


async def everything_recorded(database: Database) -> list[dict[str, object]]:
    """Return the evidence as items, in the order of recording."""
    codes = {measure.slot: code for code, measure in world.MEASURES.items()}
    async with database.read_scope() as session:
        rows = await session.execute(
            text("SELECT area_id, slot, observed_on, scaled_value FROM observation ORDER BY id")
        )
        return [
            world.value(
                row.area_id,
                codes[row.slot],
                row.observed_on.isoformat(),
                world.measure(codes[row.slot]).text(row.scaled_value),
                qualifier="actual",
            )
            for row in rows
        ]
