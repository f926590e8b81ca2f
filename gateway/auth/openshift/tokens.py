"""Whose a token is, by the API server's TokenReview (`authentication.k8s.io/v1`)."""

import re
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from gateway.auth.identity import Identity
from gateway.auth.oidc.people import Naming
from gateway.auth.openshift.server import ApiServer, Review

_SHAPE = re.compile(r"sha256~[A-Za-z0-9_-]{1,128}|[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST = 8192
_SCOPES = "scopes.authorization.openshift.io"
_FULL = "user:full"
_NAMING = Naming("username", "groups")


class _Status(msgspec.Struct, frozen=True):
    """What the server says of a token; its text about what is wrong is for nobody's eyes."""

    authenticated: bool = False
    user: dict[str, Any] = {}
    audiences: list[str] | None = None


_REVIEW = Review("TokenReview", "authentication.k8s.io", "tokenreviews", _Status)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a token is, and whether it may be used as that person."""

    identity: Identity
    full: bool
    """False: it was given to somebody for less than everything that its owner may do."""


def is_bearer(token: str) -> bool:
    """True for the shape of a token of OpenShift, or of a service account: others are not sent."""
    return len(token) <= _LONGEST and _SHAPE.fullmatch(token) is not None


async def owner(server: ApiServer, token: str, audiences: tuple[str, ...] = ()) -> Owner | None:
    """Whose it is, None if nobody's (any more), or for others; TryLater if nobody can say.

    Without audiences: one that is for the API server itself.
    """
    spec: dict[str, Any] = {"token": token}
    if audiences:
        spec["audiences"] = audiences
    status = await server.review(_REVIEW, spec)
    if not status.authenticated:
        return None
    # A server that knows no audiences says nothing of them, and has not looked.
    if audiences and not set(audiences).intersection(status.audiences or ()):
        return None
    found = _NAMING.identity(status.user)
    return None if found is None else Owner(found, _is_full(status.user.get("extra")))


def _is_full(extra: object) -> bool:
    """Whether its owner has let it do everything; only OAuth tokens have scopes.

    An application that was allowed to know who somebody is must not be them here.
    """
    if extra is None:
        return True
    if not isinstance(extra, dict):
        return False
    scopes: object = cast(dict[str, object], extra).get(_SCOPES, [_FULL])
    return isinstance(scopes, list) and _FULL in scopes
