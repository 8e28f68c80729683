"""What the funding service is told by its environment."""

from pathlib import Path

from chungsuc.settings import ServiceSettings, service_home
from pydantic import Field

import funding

HOME = service_home(funding.__file__)


class Settings(ServiceSettings):
    """The platform's settings and how long a transfer may wait for approval."""

    pending_days: int = Field(
        default=30, ge=1, le=366, description="Days until a pending transfer expires"
    )


def catalogue_folder() -> Path:
    """Return the folder with the programmes, sources, capital kinds and rules of the calendar."""
    return HOME / "catalogue"
