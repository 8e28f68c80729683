"""Bring the schema of funding to the newest revision and its catalogue to the files beside it."""

import psycopg
from chungsuc import migrations
from chungsuc.database import plain_url
from chungsuc.settings import MigrationSettings

from funding import catalogue
from funding.programmes import catalogue_repository
from funding.settings import HOME, catalogue_folder


def main() -> None:
    migrations.upgrade(HOME, schema="funding")
    url = MigrationSettings().migration_database_url.get_secret_value()  # type: ignore[call-arg]
    rows = catalogue.rows_of(catalogue.read(catalogue_folder()))
    with psycopg.connect(plain_url(url)) as connection:
        catalogue_repository.load(connection, rows)


if __name__ == "__main__":
    main()
