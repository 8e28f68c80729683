"""The development issuer, as a client and a service meet it."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest
from chungsuc.access import TokenVerifier
from chungsuc.clock import SystemClock
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway import issuer
from tests.conftest import AUDIENCE, ISSUER
from tests.gateway.conftest import IssuerFiles, OpenHouse

PASSWORD_FORM = {"grant_type": "password", "username": "officer", "password": "right"}
CLIENT_FORM = {"grant_type": "client_credentials", "client_id": "funding"}


@pytest.fixture(scope="module")
def login(
    open_house: OpenHouse, criteria_url: str, issuer_files: IssuerFiles
) -> Iterator[httpx.Client]:
    """A client without a token, at a gateway with the development issuer."""
    with (
        open_house(
            criteria_url=criteria_url,
            signing_key=issuer_files.key,
            development_users=issuer_files.users,
            token_keys=str(issuer_files.key_set),
            failed_logins_per_minute=5,
        ) as house,
        house.client() as client,
    ):
        yield client


def granted(answer: httpx.Response) -> dict[str, object]:
    """Return the claims of the token in an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()["access_token"]
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_a_password_gives_a_token_that_opens_the_api(login: httpx.Client) -> None:
    answer = login.post("/v1/token", data=PASSWORD_FORM)
    claims = granted(answer)
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    assert (claims["sub"], claims["name"]) == ("officer", "Cán bộ xã")
    assert int(str(claims["exp"])) - int(str(claims["iat"])) == answer.json()["expires_in"] <= 600
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert login.get("/v1/areas", headers=headers).status_code == 200


def test_area_codes_become_area_ids_when_the_token_is_issued(login: httpx.Client) -> None:
    claims = granted(login.post("/v1/token", data=PASSWORD_FORM))
    assert claims["groups"] == [
        "commune_officer@a06970on2023-08-15/nong-thon-moi",
        "department@a06970ontoday",
        "auditor@vn",
    ]


def test_a_client_logs_in_by_form_or_by_header(login: httpx.Client) -> None:
    by_form = login.post("/v1/token", data={**CLIENT_FORM, "client_secret": "client secret"})
    by_header = login.post(
        "/v1/token",
        data={"grant_type": "client_credentials"},
        auth=("funding", "client secret"),
    )
    assert granted(by_form)["groups"] == granted(by_header)["groups"] == ["feed@vn"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({**PASSWORD_FORM, "username": "nobody"}, "invalid_grant"),
        ({**PASSWORD_FORM, "username": "auditor", "password": "wrong"}, "invalid_grant"),
        ({**PASSWORD_FORM, "password": ""}, "invalid_request"),
        ({**CLIENT_FORM, "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password", "username": "funding", "password": "client secret"}, None),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
    ],
)
def test_a_wrong_form_gets_the_reason(
    login: httpx.Client, form: dict[str, str], error: str | None
) -> None:
    answer = login.post("/v1/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == (error or "invalid_grant")
    assert answer.json()["code"] == "bad-request"


def test_a_form_that_is_too_large_or_of_another_kind_is_refused(login: httpx.Client) -> None:
    too_large = login.post("/v1/token", data={**PASSWORD_FORM, "password": "x" * 20_000})
    assert too_large.status_code == 413
    assert login.post("/v1/token", json=PASSWORD_FORM).json()["error"] == "invalid_request"
    assert login.get("/v1/token").headers["allow"] == "POST"


def test_failed_logins_are_limited_and_others_go_on(login: httpx.Client) -> None:
    form = {"grant_type": "password", "username": "guessed", "password": "guess"}
    statuses = [login.post("/v1/token", data=form).status_code for _ in range(12)]
    assert 429 in statuses
    assert login.post("/v1/token", data=PASSWORD_FORM).status_code == 200


def test_a_code_cannot_be_resolved_while_criteria_is_down(
    open_house: OpenHouse, issuer_files: IssuerFiles
) -> None:
    with (
        open_house(signing_key=issuer_files.key, development_users=issuer_files.users) as house,
        house.client() as client,
    ):
        answer = client.post("/v1/token", data=PASSWORD_FORM)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "retry-after" in answer.headers
        form = {**CLIENT_FORM, "client_secret": "client secret"}
        assert client.post("/v1/token", data=form).status_code == 200


def test_the_key_set_and_the_discovery_document_are_published(
    login: httpx.Client,
) -> None:
    key_set = login.get("/.well-known/jwks.json").json()
    assert key_set["keys"][0]["alg"] == "EdDSA"
    assert "d" not in key_set["keys"][0]
    discovery = login.get("/.well-known/openid-configuration").json()
    assert discovery["issuer"] == ISSUER
    assert discovery["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"


def test_without_a_signing_key_there_is_no_issuer(open_house: OpenHouse) -> None:
    with open_house() as house, house.client() as client:
        assert client.post("/v1/token", data=PASSWORD_FORM).status_code == 404
        assert client.get("/.well-known/jwks.json").status_code == 404


def test_make_key_writes_a_private_key_once(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assert issuer.main(["make-key", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_bytes()
    assert (tmp_path / "jwks.json").exists()
    assert issuer.main(["make-key", str(path)]) == 1
    assert path.read_bytes() == written


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_other_keys_sign_tokens_that_a_service_accepts(
    tmp_path: Path, algorithm: str
) -> None:
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "key.pem").write_bytes(pem)
    key = issuer.read_key(tmp_path / "key.pem")
    assert key.algorithm == algorithm
    (tmp_path / "jwks.json").write_text(json.dumps(key.key_set))
    made = issuer.Issuer(key, issuer=ISSUER, audience=AUDIENCE, seconds=60, clock=SystemClock())
    verifier = TokenVerifier(issuer=ISSUER, audience=AUDIENCE, keys=str(tmp_path / "jwks.json"))
    principal = await verifier.verify(made.token("someone", name="Ai đó", groups=["auditor@vn"]))
    assert (principal.subject, principal.has_role("auditor")) == ("someone", True)


def test_a_password_is_kept_as_a_salted_hash() -> None:
    first, second = issuer.hash_password("bí mật"), issuer.hash_password("bí mật")
    assert first != second
    assert issuer.password_matches("bí mật", stored=first)
    assert not issuer.password_matches("bi mat", stored=first)
    assert "bí mật" not in first
