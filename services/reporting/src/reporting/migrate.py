"""Brings the schema `reporting` to the newest revision, as its owner."""

from chungsuc.migrations import upgrade
from chungsuc.settings import service_home

import reporting


def main() -> None:
    """Run the migrations; the owner's URL is MIGRATION_DATABASE_URL."""
    upgrade(service_home(str(reporting.__file__)), schema="reporting")


if __name__ == "__main__":
    main()
