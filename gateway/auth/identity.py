"""Who somebody is elsewhere: what an identity provider says of them."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from contracts.access import LoginMethod


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom a provider knows."""

    user: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that has begun: what is kept here while the browser is at the provider."""

    state: str = field(repr=False)
    """Comes back with the browser, once."""
    verifier: str = field(repr=False)
    """Of PKCE (RFC 7636)."""
    nonce: str = field(repr=False)
    """Must stand in the ID token."""
    back: str
    """Path of ours where the browser goes afterwards."""

    @property
    def challenge(self) -> str:
        """S256 of the verifier (RFC 7636, section 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def is_state(self, told: str) -> bool:
        """True for the state that was sent along; how long that takes tells nothing."""
        return hmac.compare_digest(told.encode(errors="replace"), self.state.encode())


class Provider(Protocol):
    """An OpenID provider, or OpenShift's OAuth server.

    Each raises Refused(AUTH_FAILED) for what is not good, and TryLater if it cannot be asked now.
    """

    @property
    def method(self) -> LoginMethod:
        """How events name a login by it."""
        ...

    async def address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where the browser is sent to log in."""
        ...

    async def finish(
        self, attempt: Attempt, query: Mapping[str, str], redirect_uri: str
    ) -> Identity:
        """Who has come back, by the query of the address that the provider sent them to."""
        ...

    async def bearer(self, token: str) -> Identity | None:
        """Whose bearer token this is, None if it is not one of this provider (any more)."""
        ...
