"""What pages of other origins may ask: with a token only, and only those that are set.

Credentials are never allowed: a cookie counts for our own pages only (`gateway.auth.credentials`).
"""

from collections.abc import Collection, Mapping

Headers = list[tuple[bytes, bytes]]

_METHODS = b"GET, POST, PUT, PATCH, DELETE"
_SENT = b"authorization, content-type, if-match, if-none-match, cache-control, traceparent"
_SHOWN = (
    b"etag, location, retry-after, x-as-of-sequence, x-event-sequence, x-ratelimit-limit,"
    b" x-ratelimit-remaining, x-ratelimit-reset, x-trace-id"
)
_MAX_AGE = b"600"
_VARY: Headers = [(b"vary", b"Origin")]


class Cors:
    """Cross-origin resource sharing by a list of origins."""

    def __init__(self, origins: Collection[str]) -> None:
        self._everybody = "*" in origins
        self._origins = frozenset(each.encode() for each in origins)

    def preflight(self, method: str, headers: Mapping[bytes, bytes]) -> Headers | None:
        """What more to answer a browser that asks beforehand; None where nobody allowed does."""
        if method != "OPTIONS" or b"access-control-request-method" not in headers:
            return None
        if not self._allows(headers):
            return None
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _SENT),
            (b"access-control-max-age", _MAX_AGE),
        ]

    def headers(self, headers: Mapping[bytes, bytes]) -> Headers:
        """What an answer says, by the headers of its request."""
        if not self._origins:
            return []
        if not self._allows(headers):
            return _VARY
        shown = (b"access-control-expose-headers", _SHOWN)
        if self._everybody:
            return [(b"access-control-allow-origin", b"*"), shown]
        return [(b"access-control-allow-origin", headers[b"origin"]), shown, *_VARY]

    def _allows(self, headers: Mapping[bytes, bytes]) -> bool:
        origin = headers.get(b"origin")
        return origin is not None and (self._everybody or origin in self._origins)
