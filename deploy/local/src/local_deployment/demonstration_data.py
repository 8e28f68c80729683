"""The demonstration data: loaded once per database, through the public API like any client's."""

import hashlib
import os
from pathlib import Path

import httpx

from local_deployment import demonstration
from local_deployment.errors import LocalError
from local_deployment.house import House
from local_deployment.progress import Progress


def is_wished() -> bool:
    """Tell whether the house is to show demonstration data; DEMONSTRATION=0 leaves it empty."""
    return os.environ.get("DEMONSTRATION", "1").lower() not in ("0", "no", "false")


def load_once(house: House, progress: Progress) -> None:
    """Load the demonstration data unless this database has them."""
    if not is_wished():
        return
    loaded = mark_of(house.folder, house.databases["criteria"].runtime)
    if loaded.exists():
        return
    try:
        with progress.step("Demonstration data"):
            demonstration.load(house.gateway_url, token=house.token)
    except (LocalError, httpx.HTTPError) as error:
        # A house without all of its demonstration is of more use than none; the next start goes on.
        progress.say(f"\n  The demonstration data are incomplete: {error}\n")
        return
    loaded.touch()


def mark_of(folder: Path, criteria_url: str) -> Path:
    """Return the file whose presence says that a database needs no demonstration data."""
    # Named after the database: another DATABASE_URL is another, empty, house.
    place = criteria_url.rpartition("@")[2]
    return folder / f"demonstration-loaded-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
