"""The token check of every request, remembered while the token lives."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from chungsuc import problems
from chungsuc.access import Principal
from chungsuc.text import Text

MAXIMUM_TOKEN_LENGTH = 16_384


class Verifier(Protocol):
    """What checks a token that was not seen before."""

    async def verify(self, token: str) -> Principal: ...


class TokenCheck:
    """Answers who the caller is; a token's signature is checked once, its expiry every time."""

    def __init__(
        self, verifier: Verifier, *, size: int, seconds_now: Callable[[], float] = time.time
    ) -> None:
        self._verifier = verifier
        self._size = size
        self._seconds_now = seconds_now
        self._checked: OrderedDict[bytes, Principal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._checked)

    async def principal(self, authorization: str | None) -> Principal:
        """Return the caller named by an Authorization header, or raise 401."""
        token = _bearer_token(authorization)
        digest = hashlib.sha256(token.encode()).digest()
        known = self._checked.get(digest)
        if known is not None:
            if known.expires_at > self._seconds_now():
                self._checked.move_to_end(digest)
                return known
            del self._checked[digest]
        principal = await self._verifier.verify(token)
        if principal.expires_at > self._seconds_now():
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
