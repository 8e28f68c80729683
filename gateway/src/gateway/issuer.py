"""The development issuer: its key, its users and the tokens it signs.

`python -m gateway.issuer make-key PATH` writes a signing key to PATH and the public key set to
`jwks.json` beside it. Production uses any OpenID Connect provider instead of this module.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from chungsuc.clock import Clock
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import AllowedPrivateKeys, get_default_algorithms

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
SALT_BYTES = 16
KEY_SET_NAME = "jwks.json"


def hash_password(password: str) -> str:
    """Return what a users file keeps of a password: `scrypt$n$r$p$salt$hash`."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = _scrypt(password, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
    parts = (str(SCRYPT_N), str(SCRYPT_R), str(SCRYPT_P), salt.hex(), digest.hex())
    return "scrypt$" + "$".join(parts)


def password_matches(password: str, *, stored: str) -> bool:
    """Tell in constant time whether this password made that hash."""
    _, n, r, p, salt, digest = stored.split("$")
    made = _scrypt(password, salt=bytes.fromhex(salt), n=int(n), r=int(r), p=int(p))
    return hmac.compare_digest(made, bytes.fromhex(digest))


def _scrypt(password: str, *, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r)


@dataclass(frozen=True)
class Account:
    """A user or a client of the development issuer."""

    subject: str
    name: str
    secret_hash: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Accounts:
    """The users, who log in with a password, and the clients, which have a secret."""

    users: Mapping[str, Account]
    clients: Mapping[str, Account]


def read_accounts(path: Path) -> Accounts:
    """Read `{"users": {name: {"name", "password", "groups"}}, "clients": {id: {…, "secret"}}}`."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return Accounts(
        users=_accounts(document.get("users", {}), secret="password"),  # noqa: S106 - a field name
        clients=_accounts(document.get("clients", {}), secret="secret"),  # noqa: S106 - as above
    )


def _accounts(entries: Mapping[str, Mapping[str, Any]], *, secret: str) -> dict[str, Account]:
    return {
        subject: Account(
            subject=subject,
            name=entry.get("name", subject),
            secret_hash=entry[secret],
            groups=tuple(entry["groups"]),
        )
        for subject, entry in entries.items()
    }


@dataclass(frozen=True)
class SigningKey:
    """A private key with the algorithm it signs with and the public form others check with."""

    private: AllowedPrivateKeys
    algorithm: str
    public: Mapping[str, str]

    @property
    def key_id(self) -> str:
        return self.public["kid"]

    @property
    def key_set(self) -> dict[str, Any]:
        """The JSON Web Key Set with this one key."""
        return {"keys": [dict(self.public)]}


def read_key(path: Path) -> SigningKey:
    """Read a PEM file with an Ed25519, P-256 or RSA private key."""
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return _signing_key(private, "EdDSA")
    if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        return _signing_key(private, "ES256")
    if isinstance(private, rsa.RSAPrivateKey):
        return _signing_key(private, "RS256")
    raise ValueError(f"{path}: the key must be Ed25519, P-256 or RSA")


def _signing_key(private: Any, algorithm: str) -> SigningKey:
    public: dict[str, str] = get_default_algorithms()[algorithm].to_jwk(
        private.public_key(), as_dict=True
    )
    required: dict[str, str] = {
        name: public[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in public
    }
    # RFC 7638: the key's id is the hash of its required members
    thumbprint = json.dumps(required, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(thumbprint).digest()
    key_id = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    shown = {**required, "kid": key_id, "alg": algorithm, "use": "sig"}
    return SigningKey(private=private, algorithm=algorithm, public=shown)


def make_key(path: Path) -> SigningKey:
    """Write a new Ed25519 key that only its owner can read, and its key set beside it."""
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    key = read_key(path)
    path.with_name(KEY_SET_NAME).write_text(json.dumps(key.key_set, indent=2) + "\n")
    return key


class Issuer:
    """Signs tokens of one issuer for one audience."""

    def __init__(
        self, key: SigningKey, *, issuer: str, audience: str, seconds: int, clock: Clock
    ) -> None:
        self.key = key
        self.issuer = issuer
        self.audience = audience
        self.seconds = seconds
        self._clock = clock

    def token(self, subject: str, *, name: str, groups: Sequence[str]) -> str:
        """Return a signed token with these groups."""
        issued_at = int(self._clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "name": name,
            "groups": list(groups),
            "iat": issued_at,
            "exp": issued_at + self.seconds,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(
            claims,
            self.key.private,
            algorithm=self.key.algorithm,
            headers={"kid": self.key.key_id},
        )

    def configuration(self) -> dict[str, Any]:
        """Return the discovery document of OpenID Connect."""
        base = self.issuer.rstrip("/")
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "token_endpoint": f"{base}/v1/token",
            "grant_types_supported": ["password", "client_credentials"],
            "token_endpoint_auth_methods_supported": [
                "none",
                "client_secret_post",
                "client_secret_basic",
            ],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.key.algorithm],
            "claims_supported": ["iss", "aud", "sub", "name", "groups", "iat", "exp"],
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: `make-key PATH`."""
    parser = argparse.ArgumentParser(prog="python -m gateway.issuer")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make-key", help="write a signing key, and jwks.json beside it")
    make.add_argument("path", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        key = make_key(chosen.path)
    except FileExistsError:
        sys.stderr.write(f"{chosen.path} exists already and was left as it is\n")
        return 1
    sys.stdout.write(f"{chosen.path}: key {key.key_id}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
