"""Who gets past the gateway."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from chungsuc import problems
from chungsuc.access import Grant, Principal
from chungsuc.clock import FixedClock
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gateway.access import TokenCheck

from tests.conftest import AUDIENCE, ISSUER, KEY_ID, TokenFor
from tests.gateway.conftest import House

EARLY = FixedClock(datetime.fromtimestamp(0, UTC))


def claims(**changed: object) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "tester",
        "groups": ["auditor@vn"],
        "iat": now,
        "exp": now + timedelta(minutes=5),
        **changed,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.test"},
        {"aud": "another system"},
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"exp": datetime.now(UTC) + timedelta(hours=2)},
    ],
)
def test_a_token_of_another_house_or_time_is_refused(
    house: House, signing_key: Ed25519PrivateKey, changed: dict[str, object]
) -> None:
    token = jwt.encode(claims(**changed), signing_key, algorithm="EdDSA", headers={"kid": KEY_ID})
    with house.client(token) as client:
        answer = client.get("/v1/areas")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_without_a_signature_or_with_anothers_is_refused(
    house: House, signing_key: Ed25519PrivateKey
) -> None:
    headers = {"kid": KEY_ID}
    unsigned = jwt.encode(claims(), "", algorithm="none", headers=headers)
    symmetric = jwt.encode(claims(), "x" * 32, algorithm="HS256", headers=headers)
    foreign = jwt.encode(claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=headers)
    good = jwt.encode(claims(), signing_key, algorithm="EdDSA", headers=headers)
    head, _, signature = good.split(".")
    forged_payload = unsigned.split(".")[1]
    for token in (unsigned, symmetric, foreign, f"{head}.{forged_payload}x.{signature}", "a.b.c"):
        with house.client(token) as client:
            assert client.get("/v1/areas").status_code == 401


def test_no_token_gets_401_and_says_how_to_send_one(house: House) -> None:
    with house.client() as client:
        answer = client.get("/v1/areas")
        basic = client.get("/v1/areas", headers={"Authorization": "Basic YTpi"})
    assert answer.status_code == basic.status_code == 401
    assert "Authorization: Bearer" in answer.json()["detail"]


def test_a_caller_without_any_role_gets_403(house: House, token_for: TokenFor) -> None:
    with house.client(token_for("staff", "unknown_role@vn")) as client:
        answer = client.get("/v1/areas")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_the_log_names_the_caller_and_never_the_token_or_the_query(
    house: House, client: httpx.Client, token: str
) -> None:
    client.get("/v1/areas?search=private", headers={"X-Request-ID": "find-me-in-the-log"})
    lines = house.logged()
    [line] = [line for line in lines if line["request_id"] == "find-me-in-the-log"]
    assert (line["caller"], line["upstream"], line["status"]) == ("auditor", "criteria", 200)
    assert "private" not in json.dumps(line)
    assert token not in json.dumps(lines)


class CountingVerifier:
    """Checks nothing, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def verify(self, token: str) -> Principal:
        self.asked += 1
        if token == "bad":
            raise problems.Unauthorised
        return Principal(token, token, (Grant("auditor", "vn"),), token, expires_at=100.0)


async def test_a_token_is_checked_once_until_it_expires() -> None:
    clock = FixedClock(datetime.fromtimestamp(50, UTC))
    verifier = CountingVerifier()
    check = TokenCheck(verifier, size=10, clock=clock)
    for _ in range(3):
        assert (await check.principal("Bearer one")).subject == "one"
    assert verifier.asked == 1
    clock.instant = datetime.fromtimestamp(100, UTC)
    await check.principal("bearer one")
    assert verifier.asked == 2
    assert len(check) == 0


async def test_the_cache_is_bounded_and_forgets_the_least_used() -> None:
    verifier = CountingVerifier()
    check = TokenCheck(verifier, size=2, clock=EARLY)
    for token in ("one", "two", "one", "three", "one"):
        await check.principal(f"Bearer {token}")
    assert (verifier.asked, len(check)) == (3, 2)
    await check.principal("Bearer two")
    assert verifier.asked == 4


async def test_a_refused_token_is_never_remembered() -> None:
    verifier = CountingVerifier()
    check = TokenCheck(verifier, size=2, clock=EARLY)
    for _ in range(2):
        with pytest.raises(problems.Unauthorised):
            await check.principal("Bearer bad")
    assert (verifier.asked, len(check)) == (2, 0)
