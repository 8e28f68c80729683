"""Bring the schema of criteria to the newest revision."""

from chungsuc import migrations
from chungsuc.settings import service_home

import criteria


def main() -> None:
    migrations.upgrade(service_home(criteria.__file__), schema="criteria")


if __name__ == "__main__":
    main()
