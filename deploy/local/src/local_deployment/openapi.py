"""The OpenAPI documents of the services, kept in the repository so that a change is seen."""

import importlib
import json
import os

from local_deployment import layout
from local_deployment.errors import LocalError

# A document depends on none of these; the factory only refuses to start without them.
PLACEHOLDERS = {
    "PORT": "1",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere",
    "TOKEN_ISSUER": "http://127.0.0.1:1",
    "TOKEN_AUDIENCE": "chungsuc",
    "TOKEN_KEYS": "http://127.0.0.1:1/jwks.json",
    "CRITERIA_URL": "http://127.0.0.1:1",
    "FUNDING_URL": "http://127.0.0.1:1",
    "REPORTING_URL": "http://127.0.0.1:1",
    "TOKEN_URL": "http://127.0.0.1:1/v1/token",
    "SERVICE_CLIENT_ID": "nobody",
    "SERVICE_CLIENT_SECRET": "nothing",
}


def write() -> int:
    """Write each service's document beside its code."""
    for service, text in documents().items():
        path = layout.service_folder(service) / "openapi.json"
        path.write_text(text, encoding="utf-8")
        print(f"services/{service}/openapi.json")
    return 0


def check() -> int:
    """Fail when a kept document is not what the code says."""
    stale = [
        service
        for service, text in documents().items()
        if not (kept := layout.service_folder(service) / "openapi.json").exists()
        or kept.read_text(encoding="utf-8") != text
    ]
    if stale:
        raise LocalError(
            f"The OpenAPI documents of {', '.join(stale)} are not up to date.\n"
            "Write them anew with: make openapi"
        )
    print("The OpenAPI documents agree with the code.")
    return 0


def documents() -> dict[str, str]:
    """Return each service's document as its code describes it now."""
    os.environ.update(PLACEHOLDERS)
    found = {}
    for service in layout.SERVICES:
        app = importlib.import_module(f"{service}.main").create_app()
        found[service] = json.dumps(app.openapi(), ensure_ascii=False, indent=2) + "\n"
    return found
