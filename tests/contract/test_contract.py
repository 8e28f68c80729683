"""Whatever is sent, each service answers as its OpenAPI document says, and never with a 500."""

import time
from collections.abc import Callable

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from local_deployment.house import House
from schemathesis import APIOperation, Case, CheckContext, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


def never_crashes(_context: CheckContext, response: Response, _case: Case) -> None:
    """A 503 says to try again, which a house under fuzzing may; a 500 is a fault of ours."""
    assert response.status_code != 500, f"500: {response.text}"


CHECKS = [
    never_crashes,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 25
TOKEN_SECONDS = 300
# One who may do much there, so that the fuzzer comes past the door, and one who may only read.
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


fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def fault_of(operation: APIOperation, header: Callable[[], dict[str, str]]) -> str | None:
    """Send cases made from the operation's description; return how an answer went against it."""

    @fuzz
    @given(case=operation.as_strategy())
    def run(case: Case) -> None:
        if "wait" in (case.query or {}):
            case.query["wait"] = 0
        case.call_and_validate(headers=header(), checks=CHECKS)

    try:
        run()
    except (Exception, FailureGroup) as fault:
        return f"{operation.label}: {fault}"
    return None


@pytest.mark.parametrize(
    ("service", "user"), [(service, user) for service, users in USERS.items() for user in users]
)
def test_a_service_answers_as_described(
    house: House, login: Login, service: str, user: str
) -> None:
    schema = schemathesis.openapi.from_url(f"{house.urls[service]}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert operations
    faults = [fault_of(operation, lambda: login.header(user)) for operation in operations]
    assert [fault for fault in faults if fault] == []
