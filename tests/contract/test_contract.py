"""Whatever is sent, each service answers as its OpenAPI document says, and never with a 500."""

import time

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from local_deployment.house import House
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 25
TOKEN_SECONDS = 300
# One who may do everything there, so that the fuzzer comes past the door, and one who may only read.
USERS = {
    "criteria": ("administrator", "officer"),
    "funding": ("finance", "auditor"),
    "reporting": ("administrator", "lai-chau"),
}


class Login:
    """Tokens of one house, renewed before they end."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._tokens: dict[str, tuple[str, float]] = {}

    def header(self, user: str) -> dict[str, str]:
        token, made_at = self._tokens.get(user, ("", -TOKEN_SECONDS))
        if time.monotonic() - made_at >= TOKEN_SECONDS:
            token = self._house.token(user)
            self._tokens[user] = (token, time.monotonic())
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
def login(house: House) -> Login:
    return Login(house)


@pytest.fixture
def criteria_schema(house: House) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{house.urls['criteria']}/openapi.json")


@pytest.fixture
def funding_schema(house: House) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{house.urls['funding']}/openapi.json")


@pytest.fixture
def reporting_schema(house: House) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{house.urls['reporting']}/openapi.json")


fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def check(case: Case, service: str, login: Login) -> None:
    """Send the case as each user; long polls are shortened so that the run stays short."""
    if "wait" in (case.query or {}):
        case.query["wait"] = 0
    for user in USERS[service]:
        case.call_and_validate(headers=login.header(user), checks=CHECKS)


criteria = schemathesis.pytest.from_fixture("criteria_schema")
funding = schemathesis.pytest.from_fixture("funding_schema")
reporting = schemathesis.pytest.from_fixture("reporting_schema")


@criteria.parametrize()
@fuzz
def test_criteria_answers_as_described(case: Case, login: Login) -> None:
    check(case, "criteria", login)


@funding.parametrize()
@fuzz
def test_funding_answers_as_described(case: Case, login: Login) -> None:
    check(case, "funding", login)


@reporting.parametrize()
@fuzz
def test_reporting_answers_as_described(case: Case, login: Login) -> None:
    check(case, "reporting", login)
