"""What must not be answered, whoever asks; and what no cache keeps."""

import re
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from litestar.types import Message, Send

from contracts.refusals import Code

Header = tuple[bytes, bytes]
Unfit = tuple[Code, str]
"""Why; the text repeats nothing of what was sent, which may be a secret."""

_ONCE = frozenset({b"host", b"origin", b"authorization"})
"""Who asks, from where and for whom: of two of them each program on the way may take another."""
_TOKENS = frozenset(
    {
        "access_token",
        "api_key",
        "api_token",
        "apikey",
        "auth_token",
        "authorization",
        "bearer",
        "id_token",
        "refresh_token",
        "token",
    }
)
"""Names under which other systems take a token in an address; here none is the name of anything."""
_MAY_NAME_ONE = re.compile(rb"%|token|key|auth|bearer", re.IGNORECASE)
"""Parsed is only a query with this in it: it stands in every request's way."""
_PRIVATE = re.compile(r"/+(?:api|auth|prometheus|alertmanager|mcp|metrics|health/detailed)(?:/|$)")
_NO_STORE = (b"cache-control", b"no-store")


def unfit(headers: Iterable[Header], path: str, query: bytes) -> Unfit | None:
    """Why a request or handshake is not answered; None if it may be.

    For the Host see `is_served`: a socket's handshake is told of that in another way.
    """
    seen: set[bytes] = set()
    for name, value in headers:
        if name in _ONCE:
            if name in seen:
                return Code.BAD_REQUEST, f"{name.decode()} was sent more than once"
            seen.add(name)
            if name == b"origin" and not _is_address(value):
                return Code.BAD_REQUEST, "Origin is not the origin of any page"
    # Nothing that is stored holds it, and PostgreSQL's text cannot.
    if "\0" in path or b"%00" in query:
        return Code.BAD_REQUEST, "an address must not hold U+0000"
    if query and _MAY_NAME_ONE.search(query) and _holds_token(query):
        return Code.BAD_REQUEST, (
            "a token must not stand in an address, which histories and logs of others keep:"
            " revoke it, and send a new one as Authorization: Bearer <token>"
        )
    return None


def is_served(host: bytes | None, names: Collection[str]) -> bool:
    """True for a Host header with one of these names; a page that was led here has another."""
    told = ("" if host is None else host.decode("latin-1")).lower()
    if told.startswith("["):
        return told.partition("]")[0] + "]" in names
    return told.partition(":")[0] in names


def kept_by_nobody(path: str, send: Send) -> Send:
    """Answers of an API are for who asked alone: no cache keeps one, unless its route says so."""
    if _PRIVATE.match(path) is None:
        return send

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: list[Any] = [*message["headers"]]
            if not any(name == b"cache-control" for name, _ in headers):
                message["headers"] = [*headers, _NO_STORE]
        await send(message)

    return sending


def _is_address(origin: bytes) -> bool:
    try:
        urlsplit(origin.decode("latin-1"))
    except ValueError:
        return False
    return True


def _holds_token(query: bytes) -> bool:
    # As many as there is room for in a head, of which `gateway.limits.heads` bounds the bytes.
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return any(name.strip().lower().replace("-", "_") in _TOKENS for name, _ in pairs)
