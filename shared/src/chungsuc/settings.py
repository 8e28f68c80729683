"""What a process is told by its environment; no secret has a default."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProcessSettings(BaseSettings):
    """What every process of the house needs to listen and to check a token."""

    model_config = SettingsConfigDict(extra="ignore")

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(description="Port to listen on")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    token_issuer: str = Field(description="`iss` that a token must carry")
    token_audience: str = Field(description="`aud` that a token must carry")
    token_keys: str = Field(description="URL or file of the issuer's JSON Web Key Set")
    criteria_url: str | None = Field(default=None, description="Base URL of the criteria service")
    funding_url: str | None = Field(default=None, description="Base URL of the funding service")
    reporting_url: str | None = Field(default=None, description="Base URL of the reporting service")


class ServiceSettings(ProcessSettings):
    """What a service and its worker need beyond that."""

    database_url: SecretStr = Field(description="PostgreSQL URL of the runtime role")
    pool_size: int = Field(default=10, ge=1, description="Connections of one process")
    token_url: str | None = Field(default=None, description="Where the service gets its own token")
    service_client_id: str | None = Field(default=None, description="Its client id there")
    service_client_secret: SecretStr | None = Field(default=None, description="Its secret there")


class MigrationSettings(BaseSettings):
    """What a migration needs: the owner's connection, which no running service has."""

    migration_database_url: SecretStr = Field(description="PostgreSQL URL of the owner role")


def service_home(package_file: str) -> Path:
    """Return the folder of a service, which holds its migrations and catalogue."""
    return Path(package_file).resolve().parents[2]
