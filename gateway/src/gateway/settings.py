"""What the gateway is told by its environment; every limit has a name and a generous default."""

from pathlib import Path

from chungsuc.settings import ProcessSettings
from pydantic import Field

MEBIBYTE = 1024 * 1024


class GatewaySettings(ProcessSettings):
    """Settings of the gateway process, read from variables of the same names."""

    port: int = Field(default=8080, description="Port to listen on")

    signing_key: Path | None = Field(
        default=None, description="PEM file; the development issuer runs only when this is set"
    )
    development_users: Path | None = Field(
        default=None, description="JSON file with the users and clients of that issuer"
    )
    demonstration: bool = Field(
        default=False, description="Tell visitors that the data are a demonstration"
    )
    token_seconds: int = Field(
        default=600, ge=10, le=600, description="Lifetime of a token of the development issuer"
    )

    trusted_proxies: str = Field(
        default="", description="Addresses, separated by commas, whose X-Forwarded-* are believed"
    )
    allowed_origins: str = Field(
        default="", description="Origins, separated by commas, whose pages may call the API"
    )

    requests_per_minute: int = Field(default=60_000, ge=1, description="Per logged-in caller")
    anonymous_per_minute: int = Field(
        default=6_000, ge=1, description="Per address, without a token or with a refused one"
    )
    failed_logins_per_minute: int = Field(
        default=30, ge=1, description="Per address and user name; then logins are refused"
    )

    json_bytes: int = Field(default=8 * MEBIBYTE, ge=1, description="Body of an ordinary request")
    upload_bytes: int = Field(default=256 * MEBIBYTE, ge=1, description="Body of an upload")
    header_bytes: int = Field(default=32 * 1024, ge=1, description="All headers of a request")
    path_bytes: int = Field(default=8 * 1024, ge=1, description="Path and query of a request")

    connect_seconds: float = Field(default=2, gt=0, description="To reach a service")
    json_seconds: float = Field(default=30, gt=0, description="Whole ordinary request")
    long_poll_seconds: float = Field(default=75, gt=0, description="Whole long poll of a feed")
    idle_seconds: float = Field(default=60, gt=0, description="Silence within a stream or upload")
    stream_seconds: float = Field(default=1800, gt=0, description="Whole stream or upload")
    keep_alive_seconds: float = Field(
        default=4, gt=0, description="Idle life of a pooled connection; less than the services' own"
    )

    json_in_flight: int = Field(default=512, ge=1, description="Ordinary requests at once")
    long_poll_in_flight: int = Field(default=256, ge=1, description="Long polls at once")
    stream_in_flight: int = Field(default=64, ge=1, description="Streams at once")
    upload_in_flight: int = Field(default=32, ge=1, description="Uploads at once")

    token_cache_size: int = Field(default=10_000, ge=1, description="Checked tokens kept")
    openapi_seconds: float = Field(default=60, gt=0, description="Age at which it is fetched anew")

    @property
    def service_urls(self) -> dict[str, str | None]:
        """Where each service is; None when this gateway was not told."""
        return {
            "criteria": self.criteria_url,
            "funding": self.funding_url,
            "reporting": self.reporting_url,
        }


def listed(text: str) -> frozenset[str]:
    """Read a setting that holds several values separated by commas."""
    return frozenset(part.strip() for part in text.split(",") if part.strip())
