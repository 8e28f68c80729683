"""Where the parts of the repository lie, seen from an editable install of this package."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
POSTGRES_SQL = ROOT / "deploy" / "postgres"
DEMONSTRATION = ROOT / "deploy" / "local" / "demonstration"
SERVICES = ("criteria", "funding", "reporting")


def local_folder() -> Path:
    """Return the one folder that everything made while running is written to."""
    return Path(os.environ.get("LOCAL_FOLDER") or ROOT / ".local").resolve()


def service_folder(service: str) -> Path:
    """Return the folder of a service: its migrations, catalogue and OpenAPI document."""
    return ROOT / "services" / service
