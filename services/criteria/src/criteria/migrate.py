"""Bring the schema of criteria to the newest revision."""

import criteria
from chungsuc import migrations
from chungsuc.settings import service_home


def main() -> None:
    migrations.upgrade(service_home(criteria.__file__), schema="criteria")


if __name__ == "__main__":
    main()
