"""The token check of every request, remembered while the token lives."""

import hashlib
from collections import OrderedDict
from typing import Protocol

from chungsuc import problems
from chungsuc.access import Principal
from chungsuc.clock import Clock
from chungsuc.text import Text

MAXIMUM_TOKEN_LENGTH = 16_384


class Verifier(Protocol):
    """What checks a token that was not seen before."""

    async def verify(self, token: str) -> Principal: ...


class TokenCheck:
    """Answers who the caller is; a token's signature is checked once, its expiry every time."""

    def __init__(self, verifier: Verifier, *, size: int, clock: Clock) -> None:
        self._verifier = verifier
        self._size = size
        self._clock = clock
        self._checked: OrderedDict[bytes, Principal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._checked)

    async def principal(self, authorization: str | None) -> Principal:
        """Return the caller named by an Authorization header, or raise 401."""
        token = _bearer_token(authorization)
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock.now().timestamp()
        known = self._checked.get(digest)
        if known is not None:
            if known.expires_at > now:
                self._checked.move_to_end(digest)
                return known
            del self._checked[digest]
        principal = await self._verifier.verify(token)
        if principal.expires_at > now:
            self._checked[digest] = principal
            if len(self._checked) > self._size:
                self._checked.popitem(last=False)
        return principal


def _bearer_token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > MAXIMUM_TOKEN_LENGTH:
        raise problems.Unauthorised(
            Text(
                "Gửi mã truy cập trong tiêu đề Authorization: Bearer …",
                "Send a token in the header Authorization: Bearer …",
            ),
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token
