"""The rules of the API that can be read off the OpenAPI documents of the three services."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from chungsuc.settings import ServiceSettings
from fastapi import FastAPI
from openapi_spec_validator import validate

from tests.architecture.sources import SERVICES

OPEN_PATHS = {"/healthz", "/readyz", "/metrics"}


@pytest.fixture
def apps(key_set: object) -> dict[str, FastAPI]:
    """The services, put together but not started."""
    return {
        service: importlib.import_module(f"{service}.main").create_app(_settings(service, key_set))
        for service in SERVICES
    }


def _settings(service: str, key_set: object) -> ServiceSettings:
    module = importlib.import_module(f"{service}.settings")
    settings_class = getattr(module, f"{service.capitalize()}Settings", ServiceSettings)
    values = {
        "port": 1,
        "database_url": "postgresql://nobody@127.0.0.1:1/nothing",
        "token_issuer": "https://issuer.test",
        "token_audience": "chungsuc",
        "token_keys": str(key_set),
        "token_url": "http://127.0.0.1:1/v1/token",
        "service_client_id": "x",
        "service_client_secret": "x",
        "criteria_url": "http://127.0.0.1:1",
        "funding_url": "http://127.0.0.1:1",
    }
    return settings_class.model_validate(values)  # type: ignore[no-any-return]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_documents_are_valid_openapi(apps: dict[str, FastAPI]) -> None:
    for app in apps.values():
        validate(app.openapi())


def test_operation_ids_are_unique_over_all_services(apps: dict[str, FastAPI]) -> None:
    seen = [
        operation["operationId"]
        for app in apps.values()
        for _, _, operation in operations(app.openapi())
    ]
    assert len(seen) == len(set(seen))
    assert all(name.isidentifier() for name in seen)


def test_every_operation_asks_for_a_login_and_describes_its_problems(
    apps: dict[str, FastAPI],
) -> None:
    naked = [
        f"{method} {path}"
        for app in apps.values()
        for path, method, operation in operations(app.openapi())
        if path not in OPEN_PATHS
        and (not operation.get("security") or "401" not in operation["responses"])
    ]
    assert naked == []


def test_posts_that_make_facts_take_an_idempotency_key(apps: dict[str, FastAPI]) -> None:
    """Those that make no fact are named here, each with the reason."""
    keyless = {
        # Checks a draft and writes nothing.
        "/v1/criteria-sets/{code}/check",
    }
    missing = [
        path
        for app in apps.values()
        for path, method, operation in operations(app.openapi())
        if method == "post" and path not in keyless
        if not any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", []))
    ]
    assert missing == []


def test_every_field_and_parameter_is_described(apps: dict[str, FastAPI]) -> None:
    undescribed = []
    for service, app in apps.items():
        document = app.openapi()
        for name, schema in document["components"]["schemas"].items():
            undescribed += [
                f"{service} {name}.{field}"
                for field, shape in schema.get("properties", {}).items()
                if not shape.get("description") and "$ref" not in shape
            ]
        undescribed += [
            f"{service} {method} {path} ?{parameter['name']}"
            for path, method, operation in operations(document)
            for parameter in operation.get("parameters", [])
            if not parameter.get("description")
        ]
    assert undescribed == []


def test_examples_validate(apps: dict[str, FastAPI]) -> None:
    from jsonschema import Draft202012Validator

    wrong = []
    for service, app in apps.items():
        document = app.openapi()
        for name, schema in document["components"]["schemas"].items():
            for field, shape in schema.get("properties", {}).items():
                validator = Draft202012Validator({**shape, "components": document["components"]})
                wrong += [
                    f"{service} {name}.{field}: {example!r}"
                    for example in shape.get("examples", [])
                    if not validator.is_valid(example)
                ]
    assert wrong == []
