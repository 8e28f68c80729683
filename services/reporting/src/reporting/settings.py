"""What the processes of reporting are told by their environment."""

from chungsuc.settings import ServiceSettings
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ReportingSettings(ServiceSettings):
    """Reporting follows criteria and funding, so it must know where they are."""

    criteria_url: str = Field(description="Base URL of the criteria service")
    funding_url: str = Field(description="Base URL of the funding service")


class RebuildSettings(BaseSettings):
    """A rebuild touches the database only."""

    database_url: SecretStr = Field(description="PostgreSQL URL of the runtime role")


class WorkerSettings(ReportingSettings):
    """The readers present a token of their own."""

    token_url: str = Field(description="Where the worker gets its own token")
    service_client_id: str = Field(description="Its client id there")
    service_client_secret: SecretStr = Field(description="Its secret there")
