"""The demonstration data: loaded once per database, through the public API like any client's."""

import hashlib
import os

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
    # Named after the database: another DATABASE_URL is another, empty, house.
    place = house.databases["criteria"].runtime.rpartition("@")[2]
    mark = hashlib.sha256(place.encode()).hexdigest()[:12]
    loaded = house.folder / f"demonstration-loaded-{mark}"
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
