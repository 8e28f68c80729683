"""What the gateway answers itself: documents, pages, health and metrics."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway import openapi, routes
from tests.gateway.conftest import House, IssuerFiles, OpenHouse, serving
from tests.gateway.upstream import Upstream

HTML = {"Accept": "text/html,application/xhtml+xml"}


def service_document(path: str, *, operation: str, area: dict[str, Any]) -> dict[str, Any]:
    """Return what a service might publish: one list, and the platform's own operations."""
    reference = {"$ref": "#/components/schemas/Page"}
    answer = {"description": "OK", "content": {"application/json": {"schema": reference}}}
    get = {
        "operationId": operation,
        "responses": {"200": answer},
        "security": [{"OAuth2PasswordBearer": []}],
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": operation, "version": "1"},
        "paths": {path: {"get": get}, "/internal": {"get": {**get, "operationId": "hidden"}}},
        "components": {
            "schemas": {
                "Area": area,
                "Page": {
                    "type": "object",
                    "properties": {
                        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Area"}}
                    },
                },
                "Problem": {"type": "object"},
            },
            "securitySchemes": {
                "OAuth2PasswordBearer": {
                    "type": "oauth2",
                    "flows": {"password": {"tokenUrl": "token", "scopes": {}}},
                }
            },
        },
    }


CRITERIA = service_document("/v1/areas", operation="list_items", area={"type": "object"})
FUNDING = service_document("/v1/pockets", operation="list_items", area={"type": "string"})


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for operation in item.values()
    }


@pytest.fixture(scope="module")
def documented(open_house: OpenHouse, issuer_files: IssuerFiles) -> Iterator[House]:
    """A gateway with two documented services and the third one down."""
    with (
        serving(Upstream("criteria", CRITERIA)) as criteria_url,
        serving(Upstream("funding", FUNDING)) as funding_url,
        open_house(
            criteria_url=criteria_url,
            funding_url=funding_url,
            signing_key=issuer_files.key,
            development_users=issuer_files.users,
            demonstration=True,
        ) as house,
    ):
        yield house


def test_one_document_describes_every_service(documented: House) -> None:
    with documented.client() as client:
        answer = client.get("/openapi.json")
        again = client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    document = answer.json()
    OpenAPIV31SpecValidator(document).validate()
    assert {"/v1/areas", "/v1/pockets", "/v1/token", "/readyz"} <= document["paths"].keys()
    assert "/internal" not in document["paths"]
    assert {"list_items", "funding_list_items"} <= operations(document).keys()
    assert document["info"]["x-missing-services"] == ["reporting"]
    assert (again.status_code, again.content) == (304, b"")


def test_schemas_that_differ_keep_their_own_meaning(documented: House) -> None:
    with documented.client() as client:
        document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert schemas["CriteriaArea"] == {"type": "object"}
    assert schemas["FundingArea"] == {"type": "string"}
    assert "Problem" in schemas
    page = schemas["FundingPage"]["properties"]["items"]["items"]["$ref"]
    assert page == "#/components/schemas/FundingArea"


def test_one_login_opens_every_operation_but_the_public_ones(documented: House) -> None:
    with documented.client() as client:
        document = client.get("/openapi.json").json()
    assert list(document["components"]["securitySchemes"]) == ["login"]
    flow = document["components"]["securitySchemes"]["login"]["flows"]["password"]
    assert flow["tokenUrl"] == "/v1/token"
    assert document["security"] == [{"login": []}]
    public = {name for name, operation in operations(document).items() if "security" in operation}
    assert public == {"create_token", "get_health", "get_readiness"}


def test_a_service_that_goes_down_keeps_its_last_description(open_house: OpenHouse) -> None:
    with serving(Upstream("criteria", CRITERIA)) as criteria_url:
        opened = open_house(criteria_url=criteria_url, openapi_seconds=0.01)
        house = opened.__enter__()
        with house.client() as client:
            assert "/v1/areas" in client.get("/openapi.json").json()["paths"]
    with house.client() as client:
        assert "/v1/areas" in client.get("/openapi.json").json()["paths"]
    opened.__exit__(None, None, None)


def test_in_production_the_login_is_the_provider_s() -> None:
    scheme = openapi.login_scheme(development=False, issuer="https://login.example/")
    assert scheme["openIdConnectUrl"] == "https://login.example/.well-known/openid-configuration"
    assert "/v1/token" not in openapi.own_paths(development=False)


def test_a_browser_gets_a_page_and_a_client_an_index(documented: House) -> None:
    with documented.client() as client:
        page = client.get("/", headers=HTML)
        index = client.get("/").json()
    assert page.headers["content-type"].startswith("text/html")
    assert "Một API cho các Chương trình mục tiêu quốc gia" in page.text
    assert 'lang="en"' in page.text
    assert "Dữ liệu minh hoạ" in page.text
    assert f"{documented.url}/v1/token" in page.text
    assert index["resources"] == {"criteria": ["/v1/areas"], "funding": ["/v1/pockets"]}
    assert index["missing_services"] == ["reporting"]


def test_no_page_loads_anything_from_another_host(documented: House) -> None:
    with documented.client() as client:
        for path in ("/", "/docs"):
            page = client.get(path, headers=HTML)
            assert "//" not in page.text.replace(documented.url, "")
            assert "default-src 'none'" in page.headers["content-security-policy"]
        for name in ("start.css", "icon.svg", "docs.js", "swagger-ui.css", "swagger-ui-bundle.js"):
            assert client.get(f"/assets/{name}").status_code == 200
        for name in ("", "start.html", "../app.py", "%2e%2e/app.py"):
            assert client.get(f"/assets/{name}").status_code in (400, 404)


def test_a_host_header_cannot_write_into_the_page(documented: House) -> None:
    with documented.client() as client:
        answer = client.get("/", headers={**HTML, "Host": '"><script>'})
    assert answer.status_code == 400


def test_readiness_names_what_is_degraded(house: House) -> None:
    with house.client() as client:
        assert client.get("/healthz").json() == {"status": "alive"}
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["degraded"] == ["funding", "reporting"]
    assert answer.json()["services"]["criteria"] == {"status": "ready", "degraded": []}


def test_a_gateway_without_any_service_is_not_ready(open_house: OpenHouse) -> None:
    with open_house() as house, house.client() as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")


def test_metrics_count_requests_and_upstream_errors(house: House, client: httpx.Client) -> None:
    client.get("/v1/areas")
    client.get("/v1/programmes")
    text = client.get("/metrics").text
    assert 'gateway_requests_total{method="GET",service="criteria",status="200"}' in text
    assert 'gateway_upstream_errors_total{service="funding",status="503"}' in text
    assert 'gateway_request_seconds_count{route_class="json",service="criteria"}' in text


def test_only_named_origins_may_call_from_a_browser(
    open_house: OpenHouse, criteria_url: str, token: str
) -> None:
    origin = {"Origin": "https://app.example.test"}
    preflight = {**origin, "Access-Control-Request-Method": "POST"}
    with (
        open_house(criteria_url=criteria_url, allowed_origins="https://app.example.test") as house,
        house.client() as client,
    ):
        asked = client.options("/v1/areas", headers=preflight)
        refused = client.get("/v1/areas", headers=origin)
        stranger = client.options("/v1/areas", headers={**preflight, "Origin": "https://evil.test"})
    assert asked.headers["access-control-allow-origin"] == "https://app.example.test"
    assert "idempotency-key" in asked.headers["access-control-allow-headers"]
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example.test"
    assert stranger.status_code == 401
    assert "access-control-allow-origin" not in stranger.headers


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/areas", "criteria"),
        ("/v1/area-cards/a1", "criteria"),
        ("/v1/criteria/changes", "criteria"),
        ("/v1/transfers/batches", "funding"),
        ("/v1/exchange/sdmx/data", "reporting"),
        ("/v1/me", "reporting"),
        ("/v1/areasx", None),
        ("/v1/", None),
        ("/v1", None),
        ("/areas", None),
    ],
)
def test_a_path_belongs_to_one_service(path: str, service: str | None) -> None:
    assert routes.find_service(path) == service


def test_no_resource_belongs_to_two_services() -> None:
    names = [name for resources in routes.RESOURCES.values() for name in resources]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "expected"),
    [
        ("GET", "/v1/areas", "", "", "json"),
        ("POST", "/v1/transfers", "", "application/json", "json"),
        ("GET", "/v1/criteria/changes", "after=0", "", "long_poll"),
        ("GET", "/v1/criteria/changes", "", "application/x-ndjson", "stream"),
        ("GET", "/v1/areas", "", "text/csv", "stream"),
        ("GET", "/v1/reports/m01", "format=xlsx&area=vn", "", "stream"),
        ("GET", "/v1/reports/m01", "format=json", "", "json"),
        ("POST", "/v1/observations/imports", "", "application/json", "upload"),
        ("POST", "/v1/observations", "", "text/csv; header=present", "upload"),
        ("PUT", "/v1/files/abc", "", "image/jpeg", "upload"),
        ("GET", "/v1/files/abc", "", "", "stream"),
    ],
)
def test_a_request_falls_under_the_limits_of_its_kind(
    method: str, path: str, query: str, headers: str, expected: str
) -> None:
    found = routes.classify(method, path, query=query, accept=headers, content_type=headers)
    assert found.value == expected
