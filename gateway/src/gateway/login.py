"""`POST /v1/token` of the development issuer: a password or a client secret for a token."""

import asyncio
import base64
import binascii
import time
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote_plus

import aiohttp
import structlog
from chungsuc import problems
from chungsuc.text import Text

from gateway.exchange import Exchange
from gateway.issuer import Account, Accounts, Issuer, hash_password, password_matches
from gateway.limits import RateLimiter

MOST_FORM_BYTES = 16 * 1024
MOST_FIELDS = 20
LOGINS_AT_ONCE = 2
AREA_LOOKUP_SECONDS = 5
AREA_KNOWN_SECONDS = 300


class LoginRefused(problems.BadRequest):
    """A form that gives no token; `error` is the code of RFC 6749."""

    def __init__(self, error: str, detail: Text) -> None:
        super().__init__(detail)
        self.error = error


class TokenEndpoint:
    """Checks who asks, resolves area codes to area ids, and signs the token."""

    def __init__(
        self, issuer: Issuer, accounts: Accounts, *, areas: "AreaCodes", limiter: RateLimiter
    ) -> None:
        self.issuer = issuer
        self._accounts = accounts
        self._areas = areas
        self._limiter = limiter
        self._hashing = asyncio.Semaphore(LOGINS_AT_ONCE)
        # an unknown name costs as much time as a wrong password
        self._nobody = Account("", "", hash_password("nobody"), ())

    async def answer(self, exchange: Exchange) -> None:
        """Answer a form with a token, or with the reason why not."""
        try:
            form = await _read_form(exchange)
            account = await self._authenticate(exchange, form)
        except LoginRefused as refused:
            detail = (refused.detail or refused.title).en
            extension = {"error": refused.error, "error_description": detail}
            await exchange.answer_problem(refused, extension)
            return
        groups = await self._areas.resolve(account.groups)
        token = self.issuer.token(account.subject, name=account.name, groups=groups)
        content = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.issuer.seconds,
        }
        await exchange.answer_json(200, content, {"Cache-Control": "no-store"})

    async def _authenticate(self, exchange: Exchange, form: dict[str, str]) -> Account:
        grant_type = form.get("grant_type", "")
        if grant_type == "password":
            name, secret = form.get("username", ""), form.get("password", "")
            known = self._accounts.users
        elif grant_type == "client_credentials":
            name, secret = _client_credentials(exchange, form)
            known = self._accounts.clients
        else:
            raise LoginRefused(
                "unsupported_grant_type",
                Text(
                    "grant_type phải là password hoặc client_credentials",
                    "grant_type must be password or client_credentials",
                ),
            )
        if not name or not secret:
            raise LoginRefused(
                "invalid_request",
                Text("Thiếu tên hoặc mật khẩu", "The name or the password is missing"),
            )
        await self._limiter.check_login(exchange.address, name)
        account = known.get(name)
        stored = (account or self._nobody).secret_hash
        async with self._hashing:
            matches = await asyncio.to_thread(password_matches, secret, stored=stored)
        if account is None or not matches:
            await self._limiter.count_failed_login(exchange.address, name)
            raise LoginRefused(
                "invalid_client" if grant_type == "client_credentials" else "invalid_grant",
                Text("Sai tên hoặc mật khẩu", "The name or the password is wrong"),
            )
        return account


class AreaCodes:
    """Turns the area code of a group into the area's id, as criteria knows it on a date."""

    def __init__(
        self, session: aiohttp.ClientSession, *, criteria_url: str | None, issuer: Issuer
    ) -> None:
        self._session = session
        self._criteria_url = (criteria_url or "").rstrip("/")
        self._issuer = issuer
        self._known: dict[str, tuple[float, str]] = {}

    async def resolve(self, groups: Sequence[str]) -> list[str]:
        """Return the groups with ids for codes; a code that no area has gives no grant."""
        resolved = [await self._resolve_group(group) for group in groups]
        return [group for group in resolved if group]

    async def _resolve_group(self, group: str) -> str | None:
        role, _, place = group.partition("@")
        area, slash, scope = place.partition("/")
        code, _, on = area.partition("@")
        if not code.isdigit():
            return group
        area_id = await self._area_id(code, on)
        if area_id is None:
            structlog.get_logger().warning("no area has the code of a group", group=group)
            return None
        return f"{role}@{area_id}{slash}{scope}"

    async def _area_id(self, code: str, on: str) -> str | None:
        key = f"{code}@{on}"
        known_at, area_id = self._known.get(key, (float("-inf"), ""))
        if time.monotonic() - known_at < AREA_KNOWN_SECONDS:
            return area_id
        found = await self._ask(code, on)
        if found is not None:
            self._known[key] = (time.monotonic(), found)
        return found

    async def _ask(self, code: str, on: str) -> str | None:
        token = self._issuer.token("gateway", name="gateway", groups=["integrator@vn"])
        try:
            async with self._session.get(
                f"{self._criteria_url}/v1/areas/{code}",
                params={"as_of": on} if on else {},
                headers={"Authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=AREA_LOOKUP_SECONDS),
            ) as response:
                if response.status == 404:
                    return None
                response.raise_for_status()
                return str((await response.json())["id"])
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
            raise problems.Unavailable(
                Text(
                    "Dịch vụ criteria chưa trả lời nên chưa thể cấp mã truy cập",
                    "The service criteria does not answer, so no token can be issued now",
                ),
                headers={"Retry-After": "2"},
            ) from error


async def _read_form(exchange: Exchange) -> dict[str, str]:
    media_type = exchange.header(b"content-type").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise LoginRefused(
            "invalid_request",
            Text(
                "Gửi biểu mẫu application/x-www-form-urlencoded",
                "Send a form as application/x-www-form-urlencoded",
            ),
        )
    body = await exchange.read_body(most_bytes=MOST_FORM_BYTES)
    try:
        return dict(parse_qsl(body.decode(), strict_parsing=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise LoginRefused(
            "invalid_request", Text("Biểu mẫu không hợp lệ", "The form is malformed")
        ) from error


def _client_credentials(exchange: Exchange, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = exchange.header(b"authorization").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)
