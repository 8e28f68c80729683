"""Lets the pages of named origins call the API from a browser; nobody else's."""

from gateway.exchange import Exchange, Headers

_EXPOSED = b"change-id, etag, idempotent-replayed, link, location, retry-after, x-request-id"
_PREFLIGHT_SECONDS = b"600"


class Origins:
    """The origins whose pages may read answers."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed

    def headers(self, exchange: Exchange) -> Headers:
        """Return what a browser must be told with every answer."""
        if not self._allowed:
            return []
        origin = exchange.header(b"origin")
        if origin not in self._allowed:
            return [(b"vary", b"Origin")]
        return [
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", _EXPOSED),
        ]

    def is_preflight(self, exchange: Exchange) -> bool:
        """Tell a browser's question from an ordinary OPTIONS request."""
        return (
            exchange.method == "OPTIONS"
            and exchange.header(b"origin") in self._allowed
            and b"access-control-request-method" in exchange.headers
        )

    async def answer_preflight(self, exchange: Exchange) -> None:
        """Allow the methods and headers of the API."""
        headers = {
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": (
                "accept, accept-language, authorization, content-type, idempotency-key, "
                "if-match, if-none-match, traceparent, x-request-id"
            ),
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS.decode(),
        }
        await exchange.answer(200, b"", "text/plain", headers)
