"""Who covers what on a date, and what other features ask of the register."""

from datetime import date

import pytest
from chungsuc.database import Database
from criteria.registers.areas import lookup
from criteria.registers.areas.cover import covers
from criteria.registers.areas.errors import AreaNotFound

OLD_DAY, NEW_DAY = date(2025, 6, 30), date(2025, 7, 1)


async def test_an_area_covers_itself_and_what_lies_below_on_the_date(database: Database) -> None:
    async with database.read_scope() as session:
        province = await lookup.resolve_area(session, "22", as_of=OLD_DAY)
        district = await lookup.resolve_area(session, "202", as_of=OLD_DAY)
        nam_son = await lookup.resolve_area(session, "06982", as_of=OLD_DAY)
        assert await covers(session, nam_son, nam_son, OLD_DAY)
        assert await covers(session, district, nam_son, OLD_DAY)
        assert await covers(session, province, nam_son, OLD_DAY)
        assert await covers(session, "vn", nam_son, OLD_DAY)
        assert not await covers(session, nam_son, district, OLD_DAY)
        assert not await covers(session, province, nam_son, NEW_DAY), "it had ended"


async def test_a_grant_passes_to_a_successor_over_whole_lineage_only(database: Database) -> None:
    async with database.read_scope() as session:
        nam_son = await lookup.resolve_area(session, "06982", as_of=OLD_DAY)
        ba_che = await lookup.resolve_area(session, "06970", as_of=NEW_DAY)
        split = await lookup.resolve_area(session, "00019", as_of=OLD_DAY)
        ba_dinh = await lookup.resolve_area(session, "00004", as_of=NEW_DAY)
        ha_giang = await lookup.resolve_area(session, "02", as_of=OLD_DAY)
        tuyen_quang = await lookup.resolve_area(session, "08", as_of=NEW_DAY)
        assert await covers(session, nam_son, ba_che, NEW_DAY)
        assert not await covers(session, split, ba_dinh, NEW_DAY)
        assert await covers(session, ha_giang, tuyen_quang, NEW_DAY)
        assert not await covers(session, tuyen_quang, ha_giang, OLD_DAY)


async def test_a_code_is_no_node_of_a_grant(database: Database) -> None:
    async with database.read_scope() as session:
        luong_minh = await lookup.resolve_area(session, "06985", as_of=NEW_DAY)
        assert not await covers(session, "06985", luong_minh, NEW_DAY)


async def test_a_national_list_carries_the_attributes_of_the_date(database: Database) -> None:
    async with database.read_scope() as session:
        communes = await lookup.list_under(session, "vn", on=NEW_DAY, area_kind="commune")
        ids = [area.id for area in communes]
        columns = await lookup.attribute_columns(
            session, ids, names=["region", "commune_group"], on=NEW_DAY
        )
    assert len(communes) == 3321
    assert columns["region"] == [area.attributes.get("region") for area in communes]
    assert set(columns["commune_group"]) == {None}


async def test_locking_an_unknown_area_is_404(database: Database) -> None:
    async with database.session_scope() as session:
        with pytest.raises(AreaNotFound):
            await lookup.lock_areas(session, ["vn", "anothing"])
        await lookup.lock_areas(session, ["vn"])
