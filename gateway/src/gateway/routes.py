"""Which service owns which resource, and which limits a request falls under. Plain data.

The gateway reads the first segments after `/v1`; the longest prefix wins.
"""

from dataclasses import dataclass
from enum import StrEnum

RESOURCES: dict[str, tuple[str, ...]] = {
    "criteria": (
        "area-cards",
        "area-changes",
        "areas",
        "assessment-summaries",
        "assessments",
        "codelists",
        "criteria",
        "criteria-sets",
        "documents",
        "files",
        "measures",
        "observations",
        "organisations",
        "recognitions",
        "registrations",
        "scorecards",
        "targets",
        "what-if",
    ),
    "funding": (
        "capital-kinds",
        "commitments",
        "contributions",
        "counterpart-checks",
        "credit-positions",
        "deadlines",
        "disbursements",
        "funding",
        "funding-impact",
        "funding-sources",
        "investment-proposals",
        "medium-term-plans",
        "pockets",
        "programmes",
        "projects",
        "transfers",
        "treasury-statements",
        "warnings",
    ),
    "reporting": (
        "completeness",
        "deliveries",
        "events",
        "exchange",
        "facts",
        "forms",
        "home",
        "me",
        "obstacles",
        "regimes",
        "reporting",
        "reporting-periods",
        "reports",
        "search",
        "submissions",
        "tasks",
        "webhooks",
        "work-items",
    ),
}

PREFIX = "/v1/"

UPLOAD_MEDIA_TYPES = (
    "application/octet-stream",
    "application/offset+octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-ndjson",
    "multipart/form-data",
    "text/csv",
)
UPLOAD_SEGMENTS = frozenset({"files", "imports", "batches"})
STREAM_MEDIA_TYPES = ("application/x-ndjson", "text/csv")
STREAM_FORMATS = ("csv", "xlsx", "docx", "pdf", "svg", "ndjson", "geojson")
WRITING_METHODS = frozenset({"POST", "PUT", "PATCH"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RouteClass(StrEnum):
    """Requests that share limits of size, time and number."""

    JSON = "json"
    LONG_POLL = "long_poll"
    STREAM = "stream"
    UPLOAD = "upload"


@dataclass(frozen=True)
class Limits:
    """What a class of requests may take."""

    body_bytes: int
    idle_seconds: float
    total_seconds: float
    in_flight: int


_SERVICE_OF = {resource: service for service, names in RESOURCES.items() for resource in names}
_DEPTH = max(resource.count("/") for resource in _SERVICE_OF) + 1


def find_service(path: str) -> str | None:
    """Return the service that owns this path, or None when nothing is known under it."""
    if not path.startswith(PREFIX):
        return None
    segments = path[len(PREFIX) :].split("/", _DEPTH)[:_DEPTH]
    for length in range(len(segments), 0, -1):
        service = _SERVICE_OF.get("/".join(segments[:length]))
        if service:
            return service
    return None


def classify(method: str, path: str, *, query: str, accept: str, content_type: str) -> RouteClass:
    """Return the class whose limits hold for this request."""
    if method in WRITING_METHODS:
        if content_type.startswith(UPLOAD_MEDIA_TYPES):
            return RouteClass.UPLOAD
        if not UPLOAD_SEGMENTS.isdisjoint(path.split("/")):
            return RouteClass.UPLOAD
        return RouteClass.JSON
    if accept.startswith(STREAM_MEDIA_TYPES) or "/files/" in path or _asks_for_file(query):
        return RouteClass.STREAM
    if path.endswith("/changes"):
        return RouteClass.LONG_POLL
    return RouteClass.JSON


def _asks_for_file(query: str) -> bool:
    if "format=" not in query:
        return False
    fields = dict(field.partition("=")[::2] for field in query.split("&"))
    return fields.get("format") in STREAM_FORMATS
