"""Opaque ids of register rows: a letter and twelve characters, never all digits."""

import base64
import hashlib
import secrets

NATION_ID = "vn"
ID_LENGTH = 12
_RANDOM_BYTES = 8


def derived_id(prefix: str, *, of: str) -> str:
    """Return the id that this text always has."""
    return prefix + _characters(hashlib.sha256(of.encode()).digest())


def new_id(prefix: str) -> str:
    """Return an id that nothing else has."""
    return prefix + _characters(secrets.token_bytes(_RANDOM_BYTES))


def catalogue_area_id(register: str, *, kind: str, code: str) -> str:
    """Return the id of a row of a register, for example `2025-06-30`, `commune`, `06976`."""
    return derived_id("a", of=f"{register}:{kind}:{code}")


def catalogue_document_id(number: str, *, issuer: str) -> str:
    """Return the id of a document of the catalogue."""
    return derived_id("d", of=f"{issuer}:{number}")


def peoples_committee_id(area_id: str) -> str:
    """Return the id of an area's People's Committee."""
    return derived_id("o", of=f"peoples_committee:{area_id}")


def _characters(digest: bytes) -> str:
    return base64.b32encode(digest).decode().lower()[:ID_LENGTH]
