"""The demonstration data: loaded once per database, through the public API like any client's."""

import hashlib
import importlib
import importlib.util
import os

from local_deployment.house import House
from local_deployment.progress import Progress

LOADER = "local_deployment.demonstration"


def is_wished() -> bool:
    """Tell whether the house is to show demonstration data; DEMONSTRATION=0 leaves it empty."""
    return os.environ.get("DEMONSTRATION", "1").lower() not in ("0", "no", "false")


def load_once(house: House, progress: Progress) -> None:
    """Load the demonstration data unless this database has them."""
    if not is_wished() or importlib.util.find_spec(LOADER) is None:
        return
    # Named after the database: another DATABASE_URL is another, empty, house.
    place = house.databases["criteria"].runtime.rpartition("@")[2]
    mark = hashlib.sha256(place.encode()).hexdigest()[:12]
    loaded = house.folder / f"demonstration-loaded-{mark}"
    if loaded.exists():
        return
    with progress.step("Demonstration data"):
        importlib.import_module(LOADER).load(house.gateway_url, token=house.token)
    loaded.touch()
