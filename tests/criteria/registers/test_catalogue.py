"""Loading the catalogue, and what the runtime role may not do to it."""

import shutil
from pathlib import Path

import psycopg
import pytest
from chungsuc.database import Database
from criteria.registers.areas import catalogue_files, loading
from criteria.registers.documents import service as documents
from local_deployment.roles import ServiceUrls
from sqlalchemy import text

from tests.conftest import TODAY
from tests.criteria.registers.conftest import CATALOGUE


async def test_loading_the_same_content_again_changes_nothing(database: Database) -> None:
    async with database.session_scope() as session:
        before = await session.scalar(text("SELECT max(id) FROM change"))
        loaded = await loading.load_catalogue(session, folder=CATALOGUE, today=TODAY.date())
        registered = await documents.load_catalogue(session, folder=CATALOGUE)
        after = await session.scalar(text("SELECT max(id) FROM change"))
    assert (loaded, registered, before) == (0, 0, after)


async def test_an_edited_register_is_refused(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(CATALOGUE, folder)
    with (folder / "areas" / "register-2025-07-01.csv").open("a") as file:
        file.write("commune,99999,xã,Thêm,22,,,,\n")
    async with database.session_scope() as session:
        with pytest.raises(loading.CatalogueChanged):
            await loading.load_catalogue(session, folder=folder, today=TODAY.date())


async def test_every_area_came_as_a_change_of_the_feed(database: Database) -> None:
    async with database.read_scope() as session:
        areas = await session.scalar(text("SELECT count(*) FROM area"))
        told = await session.scalar(
            text("SELECT count(DISTINCT resource_id) FROM change WHERE resource = 'area'")
        )
        sequenced = await session.scalar(text("SELECT count(*) FROM change_position"))
        changes = await session.scalar(text("SELECT count(*) FROM change"))
    assert areas == told == 14_149 - 11 + 1 + 2, "two registers, 11 kept, the nation, two merged"
    assert sequenced == changes


def test_the_files_hold_the_counts_of_the_registers() -> None:
    catalogue = catalogue_files.read(CATALOGUE)
    edges = {edge for state in catalogue.states.values() for edge in state.successors}
    assert len(edges) == 10_660 - 11 + 5 + 2, "lineage less kept provinces, islands, the merger"
    assert len(catalogue.states) == 14_141


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE area_span SET name = 'x' WHERE code = '22'",
        "DELETE FROM area_span",
        "DELETE FROM area_lineage",
        "UPDATE area_change SET note = 'x'",
        "DELETE FROM area",
        "TRUNCATE document",
        "UPDATE document SET title = 'x'",
        "UPDATE organisation SET name = 'x'",
        "ALTER TABLE area_span DISABLE TRIGGER ALL",
    ],
)
def test_the_runtime_role_cannot_rewrite_the_registers(
    read_urls: ServiceUrls, statement: str
) -> None:
    with (
        psycopg.connect(read_urls.runtime) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_a_superseded_row_stays_superseded(own_urls: ServiceUrls) -> None:
    with psycopg.connect(own_urls.runtime, autocommit=True) as connection:
        close = "UPDATE area_span SET superseded_by = {} WHERE kind = 'nation'"
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            connection.execute(close.format("NULL"))
        connection.execute(close.format("1"))
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            connection.execute(close.format("2"))


def test_the_database_refuses_two_names_on_one_day_and_a_code_taken(own_urls: ServiceUrls) -> None:
    copied = (
        "INSERT INTO area_span SELECT {area}, begins_on + 1, ends_on, {code}, kind, designation, "
        "name, parent_id, known_from, source, latitude, longitude, area_km2, search_key, sort_key, "
        "recorded_by, NULL FROM area_span WHERE code = '06970' AND ends_on IS NULL"
    )
    with psycopg.connect(own_urls.runtime, autocommit=True) as connection:
        for area, code in (("area_id", "'99999'"), ("'vn'", "code")):
            with pytest.raises(psycopg.errors.ExclusionViolation):
                connection.execute(copied.format(area=area, code=code))
