"""Alembic for every service: one schema, its own version table, functions and grants as files."""

from importlib import resources
from pathlib import Path

import procrastinate.schema
from alembic import command, context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from chungsuc.database import driver_url
from chungsuc.settings import MigrationSettings

LOCK_TIMEOUT = "5s"


def upgrade(home: Path, *, schema: str) -> None:
    """Bring the schema to the newest revision; the owner's URL comes from the environment."""
    config = Config(str(home / "alembic.ini"))
    config.set_main_option("script_location", str(home / "migrations"))
    config.attributes["schema"] = schema
    command.upgrade(config, "head")


def newest_revision(home: Path) -> str:
    """Return the revision that the migrations of a service lead to."""
    found = ScriptDirectory(str(home / "migrations")).get_current_head()
    if found is None:
        raise LookupError(f"no migrations in {home}")
    return found


def has_revision(home: Path, revision: str) -> bool:
    """Tell whether the migrations of a service know this revision."""
    known = ScriptDirectory(str(home / "migrations")).walk_revisions()
    return revision in {script.revision for script in known}


def run_environment(*, schema: str) -> None:
    """Run the migrations of one schema: the body of each service's `env.py`."""
    url = driver_url(MigrationSettings().migration_database_url.get_secret_value())  # type: ignore[call-arg]
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text(f"SET search_path = {schema}"))
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        _configure(connection, schema)
        with context.begin_transaction():
            context.run_migrations()
            # Who serves may see how far the schema is: the doctor compares it with the files.
            connection.execute(
                text(f"GRANT SELECT ON {schema}.alembic_version TO {schema}_runtime")
            )
        connection.commit()
    engine.dispose()


def _configure(connection: Connection, schema: str) -> None:
    def include_name(name: str | None, kind: str, _parents: object) -> bool:
        return name == schema if kind == "schema" else True

    context.configure(
        connection=connection,
        version_table_schema=schema,
        include_schemas=True,
        include_name=include_name,
    )


def create_platform(*, schema: str, runtime_role: str) -> None:
    """Create the tables that every service has, the job queue, and the runtime role's rights."""
    for sql in platform_sql(schema=schema, runtime_role=runtime_role):
        execute_text(sql)


def platform_sql(*, schema: str, runtime_role: str) -> list[str]:
    """Return what the owner runs to make the platform in an empty schema."""
    folder = resources.files("chungsuc") / "sql"
    tables = (folder / "platform.sql").read_text(encoding="utf-8")
    grants = (folder / "platform_grants.sql").read_text(encoding="utf-8")
    return [
        procrastinate.schema.SchemaManager.get_schema(),
        tables,
        grants.format(schema=schema, runtime=runtime_role),
    ]


def execute_file(path: Path) -> None:
    """Run one SQL file of a service inside the migration."""
    execute_text(path.read_text(encoding="utf-8"))


def execute_text(sql: str) -> None:
    """Run SQL as it is written: no bind markers, several statements allowed."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(sql)
    cursor.close()
