"""Kept connections, shared by all clients of the same host with the same TLS.

One pool per host: at every request `httpcore` compares each of a pool's connections with all of
them, which takes 190 ms with a thousand hosts in one pool; and a host that hangs would use up the
share of the others.
"""

import ssl
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import httpcore

from services.runtime.clock import Clock
from services.runtime.outbound.streamed import Keeping, StreamedConnections
from services.runtime.outbound.tls import TlsKey

Origin = tuple[str, str, int]
"""Scheme, host and port (RFC 6454)."""

_CONNECTIONS = 16
_LASTING = 256
"""Many clusters may have their logs behind one host."""
_KEPT = 4
_KEPT_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class PoolKey:
    """Who may share a connection: it was made with this trust, for this host, under this name."""

    tls: TlsKey
    origin: Origin
    server_name: str | None
    lasting: bool = False
    """For connections that are kept for long, beside those for requests."""
    streamed: bool = False
    """For answers that come word by word."""


class Connections(Protocol):
    """The connections to one host; their errors are `httpcore`'s."""

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """The head of the answer."""
        ...

    async def aclose(self) -> None:
        """Close all."""
        ...


@dataclass(slots=True)
class Pool:
    """The connections to one host, and how many requests are using them."""

    connections: Connections
    busy: int = 0
    used_at: float = 0.0


class Pools:
    """All pools; those at rest are closed after a while, and the oldest beyond ``bound``."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, clock: Clock, bound: int) -> None:
        self._network = network
        self._clock = clock
        self._bound = bound
        self._kept: OrderedDict[PoolKey, Pool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def lend(self, key: PoolKey, context: Callable[[], ssl.SSLContext]) -> Pool:
        """The pool for a request, which must be given back."""
        pool = self._kept.get(key)
        if pool is None:
            pool = self._kept[key] = Pool(self._new(context(), key))
        pool.busy += 1
        self._touch(key, pool)
        try:
            await self._close_old()
        except BaseException:
            pool.busy -= 1
            raise
        return pool

    def give_back(self, key: PoolKey, pool: Pool) -> None:
        """The request is over."""
        pool.busy -= 1
        if self._kept.get(key) is pool:
            self._touch(key, pool)

    async def close(self) -> None:
        """Close every connection, those in use too."""
        while self._kept:
            _, pool = self._kept.popitem()
            await pool.connections.aclose()

    def _touch(self, key: PoolKey, pool: Pool) -> None:
        pool.used_at = self._clock.monotonic()
        self._kept.move_to_end(key)

    async def _close_old(self) -> None:
        """A pool in use is never closed, so requests in flight may stand beyond the bound."""
        # All are taken out before the first is closed: meanwhile none of them can be lent.
        for pool in [self._kept.pop(key) for key in self._outdated()]:
            await pool.connections.aclose()

    def _outdated(self) -> list[PoolKey]:
        # `httpcore` closes an idle connection only at the next request to the same pool.
        since = self._clock.monotonic() - _KEPT_SECONDS
        beyond, found = len(self._kept) - self._bound, list[PoolKey]()
        for key, pool in self._kept.items():
            if pool.used_at > since and len(found) >= beyond:
                break
            if not pool.busy:
                found.append(key)
        return found

    def _new(self, context: ssl.SSLContext, key: PoolKey) -> Connections:
        if key.streamed:
            keeping = Keeping(_LASTING, _KEPT, _KEPT_SECONDS)
            return StreamedConnections(self._network, context, self._clock, keeping)
        return httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_LASTING if key.lasting else _CONNECTIONS,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=self._network,
        )
