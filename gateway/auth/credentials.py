"""The secret that a request shows: a token as bearer or password, or a browser's session cookie."""

import base64
import binascii
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

SESSION_COOKIE = "aiops_session"
ATTEMPT_COOKIE = "aiops_login"
"""Ties a login at an identity provider to the browser that has begun it."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def credentials(headers: Mapping[bytes, bytes], method: str) -> str | None:
    """The token or session in the headers, None if there is neither.

    A cookie counts only for a request that comes from our own pages: with an Origin, or without
    one where nothing changes. A token may also come as the password of basic authentication, which
    many tools have a field for; nobody is asked for it, so that no browser keeps one.
    """
    authorization = headers.get(b"authorization")
    if authorization is not None:
        scheme, _, secret = authorization.decode("latin-1").partition(" ")
        match scheme.lower():
            case "bearer":
                return secret.strip()
            case "basic":
                # A browser that was told one in an address sends it for foreign pages too.
                return "" if is_foreign(headers) else _password(secret)
            case _:
                return ""
    cookie = session_cookie(headers.get(b"cookie"))
    if cookie is None or not _is_ours(headers, method):
        return None
    return cookie


def _password(told: str) -> str:
    try:
        _, _, password = base64.b64decode(told.strip(), validate=True).partition(b":")
        return password.decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def session_cookie(header: bytes | None) -> str | None:
    """The session in a Cookie header."""
    if header is None:
        return None
    try:
        found = SimpleCookie(header.decode("latin-1")).get(SESSION_COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _is_ours(headers: Mapping[bytes, bytes], method: str) -> bool:
    if b"origin" not in headers:
        return method in _SAFE
    return not is_foreign(headers)


def is_foreign(headers: Mapping[bytes, bytes]) -> bool:
    """True for a request that a page of another site has made a browser send."""
    origin = headers.get(b"origin")
    if origin is None:
        return False
    return urlsplit(origin.decode("latin-1")).netloc.encode() != headers.get(b"host")
