"""What is kept of an issuer for a while: documents, and whose tokens it has given."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from contracts.refusals import TryLater
from gateway.auth.identity import Identity
from services.runtime.clock import Clock

_MAX_AGE = 3600.0
_PAUSE = 10.0
_FAILED_PAUSE = 2.0
_TOKEN_SECONDS, _MOST_TOKENS = 60.0, 10_000
_T = TypeVar("_T")


@dataclass
class Kept(Generic[_T]):
    """One document, fetched once for all who ask for it at the same time.

    A failure counts for 2 seconds for everybody, so that nobody waits in line for a dead issuer.
    """

    fetch: Callable[[], Awaitable[_T]]
    clock: Clock
    _found: tuple[float, _T] | None = field(default=None, init=False)
    _failed: tuple[float, TryLater] | None = field(default=None, init=False)
    _fetching: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def get(self) -> _T:
        """At most an hour old; TryLater if it cannot be fetched now."""
        return await self._at_most(_MAX_AGE)

    async def anew(self) -> _T:
        """At most 10 seconds old, as it is not fetched more often."""
        return await self._at_most(_PAUSE)

    async def _at_most(self, seconds: float) -> _T:
        if (found := self._fresh(seconds)) is not None:
            return found[1]
        async with self._fetching:
            if (found := self._fresh(seconds)) is not None:
                return found[1]
            return await self._fetch()

    def _fresh(self, seconds: float) -> tuple[float, _T] | None:
        found = self._found
        if found is None or self.clock.monotonic() - found[0] >= seconds:
            return None
        return found

    async def _fetch(self) -> _T:
        failed = self._failed
        if failed is not None and self.clock.monotonic() - failed[0] < _FAILED_PAUSE:
            raise TryLater(failed[1].reason, failed[1].delay)
        try:
            value = await self.fetch()
        except TryLater as error:
            self._failed = (self.clock.monotonic(), error)
            raise
        self._found, self._failed = (self.clock.monotonic(), value), None
        return value


@dataclass
class KnownTokens:
    """Whose good tokens are, by their SHA-256, for a minute at most."""

    clock: Clock
    _known: OrderedDict[bytes, tuple[float, Identity]] = field(
        default_factory=OrderedDict[bytes, tuple[float, Identity]], init=False, repr=False
    )

    def get(self, token: str) -> Identity | None:
        """Whose it is; None if that must be found out."""
        key = _digest(token)
        known = self._known.get(key)
        if known is None:
            return None
        if known[0] <= self.clock.monotonic():
            del self._known[key]
            return None
        return known[1]

    def put(self, token: str, identity: Identity, ends: datetime) -> None:
        """Keep it, until the token ends at the latest."""
        left = min((ends - self.clock.now()).total_seconds(), _TOKEN_SECONDS)
        if left <= 0:
            return
        key = _digest(token)
        self._known[key] = (self.clock.monotonic() + left, identity)
        self._known.move_to_end(key)
        while len(self._known) > _MOST_TOKENS:
            self._known.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
