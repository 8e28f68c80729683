"""What the funding service is told by its environment."""

from pathlib import Path

from chungsuc.settings import ServiceSettings, service_home
from pydantic import Field, SecretStr

import funding

HOME = service_home(funding.__file__)


class FundingSettings(ServiceSettings):
    """The platform's settings, where criteria is, and how long a transfer may wait for approval."""

    criteria_url: str = Field(description="Base URL of the criteria service")
    pending_days: int = Field(
        default=30, ge=1, le=366, description="Days until a pending transfer expires"
    )


class WorkerSettings(FundingSettings):
    """The reader of the registers presents a token of its own."""

    token_url: str = Field(description="Where the worker gets its own token")
    service_client_id: str = Field(description="Its client id there")
    service_client_secret: SecretStr = Field(description="Its secret there")


def catalogue_folder() -> Path:
    """Return the folder with the programmes, sources, capital kinds and rules of the calendar."""
    return HOME / "catalogue"
