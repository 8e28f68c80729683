"""How much one caller, one address and the whole gateway may ask for at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from chungsuc import problems
from chungsuc.text import Text
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from gateway.routes import Limits, RouteClass
from gateway.settings import GatewaySettings


def limits_of(settings: GatewaySettings) -> dict[RouteClass, Limits]:
    """Return the limits of each class of requests."""
    idle, stream = settings.idle_seconds, settings.stream_seconds
    return {
        RouteClass.JSON: Limits(
            settings.json_bytes,
            settings.json_seconds,
            settings.json_seconds,
            settings.json_in_flight,
        ),
        RouteClass.LONG_POLL: Limits(
            settings.json_bytes,
            settings.long_poll_seconds,
            settings.long_poll_seconds,
            settings.long_poll_in_flight,
        ),
        RouteClass.STREAM: Limits(settings.json_bytes, idle, stream, settings.stream_in_flight),
        RouteClass.UPLOAD: Limits(settings.upload_bytes, idle, stream, settings.upload_in_flight),
    }


class RateLimiter:
    """Counts requests per minute in memory; each gateway process counts for itself."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._caller = RateLimitItemPerMinute(settings.requests_per_minute)
        self._address = RateLimitItemPerMinute(settings.anonymous_per_minute)
        self._failed_login = RateLimitItemPerMinute(settings.failed_logins_per_minute)

    async def count_caller(self, subject: str) -> None:
        """Count one request of a logged-in caller; too many raise 429."""
        if not await self._limiter.hit(self._caller, "caller", subject):
            raise _too_many()

    async def count_address(self, address: str) -> None:
        """Count one request without a usable token; too many raise 429."""
        if not await self._limiter.hit(self._address, "address", address):
            raise _too_many()

    async def check_login(self, address: str, user: str) -> None:
        """Refuse a login while this address has failed too often with this name."""
        if not await self._limiter.test(self._failed_login, "login", address, user):
            raise _too_many()

    async def count_failed_login(self, address: str, user: str) -> None:
        """Remember a failed login."""
        await self._limiter.hit(self._failed_login, "login", address, user)


class InFlight:
    """Places of each class of requests, so that slow ones cannot crowd out the others."""

    def __init__(self, limits: dict[RouteClass, Limits]) -> None:
        self._limits = limits
        self.taken = dict.fromkeys(limits, 0)

    @contextmanager
    def place(self, route_class: RouteClass) -> Iterator[None]:
        """Hold a place while the request runs; none free raises 503."""
        if self.taken[route_class] >= self._limits[route_class].in_flight:
            raise problems.Unavailable(
                Text(
                    "Cổng đang xử lý quá nhiều yêu cầu cùng loại",
                    "The gateway is handling too many requests of this kind",
                ),
                headers={"Retry-After": "1"},
            )
        self.taken[route_class] += 1
        try:
            yield
        finally:
            self.taken[route_class] -= 1


def _too_many() -> problems.TooManyRequests:
    return problems.TooManyRequests(
        Text("Quá số yêu cầu cho phép mỗi phút", "More requests than allowed in one minute"),
        headers={"Retry-After": "60"},
    )
