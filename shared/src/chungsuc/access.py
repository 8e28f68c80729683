"""Who is asking, and what they were granted.

A token's groups read `role@area` or `role@area/scope`. This module treats area and scope as opaque
nodes; the service that knows the tree says whether a node covers a target on a date.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from jwt import PyJWK, PyJWKSet

from chungsuc import http, problems
from chungsuc.text import Text

NATION = "vn"
ROLES = frozenset(
    [
        "commune_officer",
        "department",
        "front",
        "investor",
        "finance_officer",
        "approver",
        "certifier",
        "province_office",
        "steering_committee",
        "auditor",
        "integrator",
        "feed",
        "administrator",
    ]
)
ALGORITHMS = ("EdDSA", "ES256", "RS256")
MAXIMUM_LIFETIME_SECONDS = 600
CLOCK_LEEWAY_SECONDS = 10
KEYS_REFRESH_SECONDS = 30

Covers = Callable[[str, str, date], Awaitable[bool]]


@dataclass(frozen=True)
class Grant:
    """A role over the subtree of an area, perhaps for one programme, criteria set or office."""

    role: str
    area: str
    scope: str | None = None


@dataclass(frozen=True)
class Principal:
    """The caller of a request, as the token says."""

    subject: str
    name: str
    grants: tuple[Grant, ...]
    token: str = field(repr=False)
    expires_at: float = 0.0

    def has_role(self, *roles: str) -> bool:
        return any(grant.role in roles for grant in self.grants)


def parse_group(group: str) -> Grant | None:
    """Read `role@area[/scope]`; groups of other systems give None."""
    role, at, place = group.partition("@")
    area, _, scope = place.partition("/")
    if not at or role not in ROLES or not area:
        return None
    return Grant(role, area, scope or None)


def _refused(vi: str, en: str) -> problems.Unauthorised:
    return problems.Unauthorised(Text(vi, en), headers={"WWW-Authenticate": "Bearer"})


class TokenVerifier:
    """Checks tokens against one issuer, audience and key set (an URL or a file)."""

    def __init__(self, *, issuer: str, audience: str, keys: str) -> None:
        self.issuer = issuer
        self.audience = audience
        self.keys = keys
        self._keys: dict[str, PyJWK] = {}
        self._loaded_at = 0.0
        self._lock = asyncio.Lock()

    async def verify(self, token: str) -> Principal:
        """Return the caller; an unusable token raises `Unauthorised` with the reason."""
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(str(header.get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self.issuer,
                audience=self.audience,
                leeway=CLOCK_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise _refused("Phiên đăng nhập đã hết hạn", "The token has expired") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise _refused("Mã truy cập không hợp lệ", "The token is not valid") from error
        if claims["exp"] - claims["iat"] > MAXIMUM_LIFETIME_SECONDS:
            raise _refused("Mã truy cập sống quá lâu", "The token lives longer than 10 minutes")
        return _principal(claims, token)

    async def _key(self, key_id: str) -> PyJWK:
        if key_id not in self._keys:
            async with self._lock:
                if time.monotonic() - self._loaded_at > KEYS_REFRESH_SECONDS or not self._keys:
                    self._keys = await self._load()
                    self._loaded_at = time.monotonic()
        if key_id not in self._keys:
            raise jwt.InvalidTokenError("unknown key")
        return self._keys[key_id]

    async def _load(self) -> dict[str, PyJWK]:
        try:
            if self.keys.startswith(("http://", "https://")):
                async with http.create_client("", timeout_seconds=5) as client:
                    document = (await client.get(self.keys)).raise_for_status().json()
            else:
                document = json.loads(await asyncio.to_thread(Path(self.keys).read_text))
        except (OSError, http.HTTPError) as error:
            raise problems.Unavailable(
                Text("Chưa đọc được khoá của nơi cấp mã", "The issuer's keys cannot be read yet"),
                headers={"Retry-After": "2"},
            ) from error
        return {str(key.key_id): key for key in PyJWKSet.from_dict(document).keys}


def _principal(claims: dict[str, Any], token: str) -> Principal:
    groups = claims.get("groups", [])
    grants = [parse_group(group) for group in groups if isinstance(group, str)]
    return Principal(
        subject=str(claims["sub"]),
        name=str(claims.get("name", claims["sub"])),
        grants=tuple(grant for grant in grants if grant),
        token=token,
        expires_at=float(claims["exp"]),
    )


_bearer = OAuth2PasswordBearer(tokenUrl="/v1/token", scheme_name="login", auto_error=False)


async def current_principal(
    request: Request, token: Annotated[str | None, Depends(_bearer)]
) -> Principal:
    """Return the caller of this request, or answer 401."""
    if not token:
        raise _refused("Gửi mã truy cập trong Authorization", "Send a bearer token")
    verifier: TokenVerifier = request.app.state.verifier
    principal = await verifier.verify(token)
    request.state.principal = principal
    return principal


Caller = Annotated[Principal, Depends(current_principal, scope="function")]


async def require_grant(
    principal: Principal,
    *,
    roles: Collection[str],
    target: str,
    on: date,
    covers: Covers,
    scope: str | None = None,
) -> Grant:
    """Return the grant that lets the caller act on `target` on that date, or answer 403."""
    for grant in principal.grants:
        if grant.role not in roles or grant.scope not in (None, scope):
            continue
        if grant.area in (NATION, target) or await covers(grant.area, target, on):
            return grant
    raise forbidden(roles, target=target)


def require_role(principal: Principal, roles: Collection[str]) -> Grant:
    """Return the caller's grant of one of these roles anywhere, or answer 403."""
    for grant in principal.grants:
        if grant.role in roles:
            return grant
    raise forbidden(roles, target=None)


def forbidden(roles: Collection[str], *, target: str | None) -> problems.Forbidden:
    """The 403 that names what is missing: a role, and over which area."""
    names = ", ".join(sorted(roles))
    place = Text(f" trên địa bàn {target}", f" over area {target}") if target else Text("", "")
    return problems.Forbidden(
        Text(f"Cần vai trò {names}{place.vi}", f"Needs the role {names}{place.en}")
    )
