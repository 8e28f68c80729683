"""The gateway and the documents of the real services agree."""

from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway import openapi, routes
from tests.architecture import test_api

apps = test_api.apps


@pytest.fixture
def documents(apps: dict[str, FastAPI]) -> dict[str, dict[str, Any]]:
    return {service: app.openapi() for service, app in apps.items()}


def test_every_path_of_a_service_is_routed_to_it(documents: dict[str, dict[str, Any]]) -> None:
    astray = [
        f"{service}: {path}"
        for service, document in documents.items()
        for path in document["paths"]
        if routes.find_service(path) != service
    ]
    assert astray == []


def test_the_real_documents_merge_into_a_valid_one(documents: dict[str, dict[str, Any]]) -> None:
    login = openapi.login_scheme(development=True, issuer="https://issuer.test")
    own = openapi.own_paths(development=True)
    merged = openapi.merge(documents, missing=[], own_paths=own, login=login)
    OpenAPIV31SpecValidator(merged).validate()
    paths = {path for document in documents.values() for path in document["paths"]}
    assert merged["paths"].keys() == paths | own.keys()
    identifiers = [
        operation["operationId"] for item in merged["paths"].values() for operation in item.values()
    ]
    assert len(identifiers) == len(set(identifiers))
