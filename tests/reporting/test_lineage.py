"""Every figure says where it comes from, in addresses that the services really have."""

import importlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from chungsuc.database import Database
from chungsuc.settings import ServiceSettings

from tests.architecture.sources import SERVICES
from tests.reporting import feeds
from tests.reporting.conftest import OpenReporting
from tests.reporting.feeds import Sources
from tests.reporting.test_overview import OVERVIEW, add_dien_bien, add_lai_chau

LINKS = {"lineage", "summary", "transfers", "overview"}


def links(node: Any) -> Iterator[str]:
    """Every address in a document."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name in LINKS)
        for value in node.values():
            yield from links(value)
    elif isinstance(node, list):
        for value in node:
            yield from links(value)


@pytest.fixture(scope="module")
def operations() -> dict[str, set[str]]:
    """What may be read: each path of the three services as a pattern, with its query fields."""
    found: dict[str, set[str]] = {}
    for service in SERVICES:
        module = importlib.import_module(f"{service}.settings")
        settings = getattr(module, f"{service.capitalize()}Settings", ServiceSettings)
        app = importlib.import_module(f"{service}.main").create_app(
            settings.model_validate(
                {
                    "port": 1,
                    "database_url": "postgresql://nobody@127.0.0.1:1/nothing",
                    "token_issuer": "https://issuer.test",
                    "token_audience": "chungsuc",
                    "token_keys": "nowhere",
                    "criteria_url": "http://127.0.0.1:1",
                    "funding_url": "http://127.0.0.1:1",
                }
            )
        )
        for path, methods in app.openapi()["paths"].items():
            fields = methods.get("get", {}).get("parameters", [])
            pattern = re.sub(r"\{[a-z_]+\}", "[^/]+", path)
            found[f"^{pattern}$"] = {field["name"] for field in fields if field["in"] == "query"}
    return found


async def test_every_link_of_a_report_is_an_address_of_the_api(
    database: Database,
    sources: Sources,
    open_reporting: OpenReporting,
    operations: dict[str, set[str]],
) -> None:
    add_lai_chau(sources.criteria)
    add_dien_bien(sources)
    await sources.read_all(database)
    seen: set[str] = set()
    async with open_reporting("auditor@vn") as client:
        for area in ("12", "11"):
            found = await feeds.read_body(client, OVERVIEW, area=area, as_of="2024-12-31")
            seen |= set(links(found))
        for measure in ("criteria_met", "plan_vnd"):
            page = await feeds.read_body(
                client, "/v1/facts", measure=measure, under="vn", as_of="2024-12-31", limit=2
            )
            seen |= set(links(page))
    assert {urlsplit(link).path.split("/")[2] for link in seen} == {
        "assessments",
        "assessment-summaries",
        "disbursements",
        "transfers",
        "targets",
        "reports",
    }
    for link in seen:
        address = urlsplit(link)
        matching = [
            fields for pattern, fields in operations.items() if re.match(pattern, address.path)
        ]
        assert matching, link
        assert set(parse_qs(address.query)) <= matching[0], link
