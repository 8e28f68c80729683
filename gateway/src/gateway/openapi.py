"""One OpenAPI 3.1 document out of the services' own.

A service that is down keeps the copy last seen; one never seen is left out, with a note.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import structlog

from gateway import routes

FETCH_SECONDS = 10
SCHEME = "login"
COMPONENTS = "#/components/"
_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))

Document = dict[str, Any]


def merge(
    documents: Mapping[str, Document], *, missing: list[str], own_paths: Document, login: Document
) -> Document:
    """Return one document with the paths of every service that the gateway routes to it."""
    paths: Document = dict(own_paths)
    components: dict[str, Document] = {}
    tags: dict[str, Document] = {}
    shared = _clashing_components(documents)
    taken = _operation_ids(own_paths)
    for service, document in documents.items():
        renamed = _rename_components(document, service=service, clashing=shared)
        for path, item in renamed.get("paths", {}).items():
            if routes.find_service(path) != service:
                continue
            paths[path] = _own_operations(item, service=service, taken=taken)
        for kind, entries in renamed.get("components", {}).items():
            if kind != "securitySchemes":
                components.setdefault(kind, {}).update(entries)
        tags.update({tag["name"]: tag for tag in renamed.get("tags", [])})
    components["securitySchemes"] = {SCHEME: login}
    return {
        "openapi": "3.1.0",
        "info": _information(missing),
        "paths": paths,
        "components": components,
        "tags": list(tags.values()),
        "security": [{SCHEME: []}],
    }


def _information(missing: list[str]) -> Document:
    description = (
        "Một API cho các Chương trình mục tiêu quốc gia: tiêu chí, vốn và báo cáo. "
        "One API for the National Target Programmes: criteria, funding and reporting."
    )
    information: Document = {"title": "Chung Sức", "version": "0.1.0", "description": description}
    if missing:
        names = ", ".join(missing)
        information["description"] += (
            "\n\n**Chưa có tài liệu, dịch vụ đang ngừng / "
            f"Not described now, the service is down:** {names}."
        )
        information["x-missing-services"] = missing
    return information


def _clashing_components(documents: Mapping[str, Document]) -> set[tuple[str, str]]:
    """Return (kind, name) of components that differ between services, directly or by reference."""
    versions: dict[tuple[str, str], set[str]] = {}
    for document in documents.values():
        for kind, entries in document.get("components", {}).items():
            for name, entry in entries.items():
                versions.setdefault((kind, name), set()).add(json.dumps(entry, sort_keys=True))
    clashing = {key for key, texts in versions.items() if len(texts) > 1}
    grown = True
    while grown:
        marks = [f'"{COMPONENTS}{kind}/{name}"' for kind, name in clashing]
        reached = {
            key
            for key, texts in versions.items()
            if key not in clashing and any(mark in text for text in texts for mark in marks)
        }
        clashing |= reached
        grown = bool(reached)
    return clashing


def _rename_components(
    document: Document, *, service: str, clashing: set[tuple[str, str]]
) -> Document:
    prefix = service.capitalize()
    references = {
        f"{COMPONENTS}{kind}/{name}": f"{COMPONENTS}{kind}/{prefix}{name}"
        for kind, name in clashing
    }
    renamed: Document = _replace_strings(document, references)
    for kind, entries in renamed.get("components", {}).items():
        renamed["components"][kind] = {
            f"{prefix}{name}" if (kind, name) in clashing else name: entry
            for name, entry in entries.items()
        }
    return renamed


def _replace_strings(node: Any, replacements: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _replace_strings(value, replacements) for key, value in node.items()}
    if isinstance(node, list):
        return [_replace_strings(value, replacements) for value in node]
    if isinstance(node, str):
        return replacements.get(node, node)
    return node


def _operation_ids(paths: Document) -> set[str]:
    return {
        operation["operationId"]
        for item in paths.values()
        for method, operation in item.items()
        if method in _METHODS
    }


def _own_operations(item: Document, *, service: str, taken: set[str]) -> Document:
    """Return the path item with operation ids that no other service has, and one login."""
    owned: Document = {}
    for method, operation in item.items():
        if method not in _METHODS:
            owned[method] = operation
            continue
        identifier = operation.get("operationId", f"{method}_{service}")
        if identifier in taken:
            identifier = f"{service}_{identifier}"
        taken.add(identifier)
        kept = {name: value for name, value in operation.items() if name != "security"}
        owned[method] = {"tags": [service], **kept, "operationId": identifier}
    return owned


def _resources(document: Document) -> dict[str, list[str]]:
    """Return the first path of each resource that is described, by service."""
    found: dict[str, set[str]] = {}
    for path in document["paths"]:
        service = routes.find_service(path)
        if service:
            found.setdefault(service, set()).add("/".join(path.split("/")[:3]))
    return {service: sorted(paths) for service, paths in found.items()}


class MergedDocument:
    """The merged document, fetched anew when it has aged, ready as bytes with its ETag."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        urls: Mapping[str, str | None],
        own_paths: Document,
        login: Document,
        seconds: float,
        seconds_now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._urls = urls
        self._own_paths = own_paths
        self._login = login
        self._seconds = seconds
        self._seconds_now = seconds_now
        self._documents: dict[str, Document] = {}
        self._fetched_at = float("-inf")
        self._lock = asyncio.Lock()
        self.missing = list(urls)
        self.resources: dict[str, list[str]] = {}
        self.body = b""
        self.etag = ""

    async def refresh(self) -> None:
        """Fetch every service's document when the merged one is old or lacks a service."""
        async with self._lock:
            complete = len(self._documents) == len(self._urls)
            age = self._seconds_now() - self._fetched_at
            if age < (self._seconds if complete else min(2, self._seconds)):
                return
            fetched = await asyncio.gather(
                *(self._fetch(service, url) for service, url in self._urls.items())
            )
            found = zip(self._urls, fetched, strict=True)
            self._documents |= {service: document for service, document in found if document}
            self._fetched_at = self._seconds_now()
            self._build()

    async def _fetch(self, service: str, url: str | None) -> Document | None:
        if url is None:
            return None
        try:
            async with self._session.get(
                f"{url.rstrip('/')}/openapi.json",
                timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS, connect=2),
            ) as response:
                response.raise_for_status()
                document = json.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            structlog.get_logger().warning(
                "no OpenAPI document", upstream=service, reason=str(error)
            )
            return None
        return document if isinstance(document, dict) else None

    def _build(self) -> None:
        ordered = {name: self._documents[name] for name in self._urls if name in self._documents}
        self.missing = [name for name in self._urls if name not in self._documents]
        document = merge(
            ordered, missing=self.missing, own_paths=self._own_paths, login=self._login
        )
        self.body = json.dumps(document, ensure_ascii=False).encode()
        self.resources = _resources(document)
        self.etag = f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


def login_scheme(*, development: bool, issuer: str) -> Document:
    """Return how to log in: the development issuer's form, or the provider's discovery."""
    if development:
        return {
            "type": "oauth2",
            "description": "Đăng nhập bằng tài khoản thử nghiệm. Log in with a test account.",
            "flows": {"password": {"tokenUrl": "/v1/token", "scopes": {}}},
        }
    discovery = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    return {"type": "openIdConnect", "openIdConnectUrl": discovery}


def own_paths(*, development: bool) -> Document:
    """Describe what the gateway answers itself."""
    health = {
        "/healthz": _own_get("get_health", "Cổng còn sống / The gateway is alive", {200}),
        "/readyz": _own_get(
            "get_readiness",
            "Tình trạng từng dịch vụ / State of each service",
            {200, 503},
        ),
    }
    return {**({"/v1/token": _TOKEN_PATH} if development else {}), **health}


def _own_get(identifier: str, summary: str, statuses: set[int]) -> Document:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "get": {
            "operationId": identifier,
            "summary": summary,
            "tags": ["gateway"],
            "security": [],
            "responses": {
                str(status): {"description": summary, "content": content}
                for status in sorted(statuses)
            },
        }
    }


def _form_field(description: str, **rest: Any) -> Document:
    return {"type": "string", "description": description, **rest}


_TOKEN_PATH: Document = {
    "post": {
        "operationId": "create_token",
        "summary": "Lấy mã truy cập / Get an access token (development issuer)",
        "tags": ["gateway"],
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type"],
                        "properties": {
                            "grant_type": _form_field(
                                "Form of login", enum=["password", "client_credentials"]
                            ),
                            "username": _form_field("User name, for password"),
                            "password": _form_field("Password", format="password"),
                            "client_id": _form_field("Client id, for client_credentials"),
                            "client_secret": _form_field("Client secret", format="password"),
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "A bearer token that lives at most 10 minutes",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["access_token", "token_type", "expires_in"],
                            "properties": {
                                "access_token": _form_field("Send it as a bearer token"),
                                "token_type": _form_field("Always Bearer"),
                                "expires_in": {
                                    "type": "integer",
                                    "description": "Seconds until it expires",
                                },
                            },
                        }
                    }
                },
            },
            "400": {
                "description": "Wrong name, password or form",
                "content": {"application/problem+json": {"schema": {"type": "object"}}},
            },
        },
    }
}
