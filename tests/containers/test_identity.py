"""The one-shot that makes the development issuer's key and accounts, without a container."""

import subprocess
import sys
from pathlib import Path

from local_deployment import layout
from local_deployment.identity import USERS

from gateway import issuer

SCRIPT = layout.ROOT / "deploy" / "docker" / "prepare-identity"


def prepare(folder: Path, **told: str) -> "subprocess.CompletedProcess[str]":
    secrets = {f"{service.upper()}_CLIENT_SECRET": f"of {service}" for service in layout.SERVICES}
    environment = {
        "TOKEN_KEYS": str(folder / "keys" / "jwks.json"),
        "DEVELOPMENT_USERS": str(folder / "identity" / "accounts.json"),
        **secrets,
        **told,
    }
    for volume in ("keys", "identity"):
        (folder / volume).mkdir(exist_ok=True)
    return subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True)


def wished(folder: Path, password: str) -> dict[str, str]:
    key = folder / "identity" / "signing-key.pem"
    return {"SIGNING_KEY": str(key), "DEMONSTRATION_PASSWORD": password}


def test_every_user_and_service_can_log_in_with_its_secret(tmp_path: Path) -> None:
    done = prepare(tmp_path, **wished(tmp_path, "open sesame"))
    assert done.returncode == 0, done.stderr
    accounts = issuer.read_accounts(tmp_path / "identity" / "accounts.json")
    assert set(accounts.users) == {user.username for user in USERS}
    for user in accounts.users.values():
        assert issuer.password_matches("open sesame", stored=user.secret_hash)
    for service in layout.SERVICES:
        stored = accounts.clients[service].secret_hash
        assert issuer.password_matches(f"of {service}", stored=stored)


def test_the_key_stays_private_and_its_public_half_is_shared(tmp_path: Path) -> None:
    prepare(tmp_path, **wished(tmp_path, "open sesame"))
    key = tmp_path / "identity" / "signing-key.pem"
    assert key.stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["jwks.json"]
    assert issuer.read_key(key).key_id in (tmp_path / "keys" / "jwks.json").read_text()


def test_repeated_it_keeps_the_key_and_follows_a_new_password(tmp_path: Path) -> None:
    prepare(tmp_path, **wished(tmp_path, "open sesame"))
    key = (tmp_path / "identity" / "signing-key.pem").read_bytes()
    prepare(tmp_path, **wished(tmp_path, "another"))
    assert (tmp_path / "identity" / "signing-key.pem").read_bytes() == key
    accounts = issuer.read_accounts(tmp_path / "identity" / "accounts.json")
    assert issuer.password_matches("another", stored=accounts.users["officer"].secret_hash)


def test_without_a_signing_key_it_makes_nothing(tmp_path: Path) -> None:
    done = prepare(tmp_path)
    assert done.returncode == 0, done.stderr
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
