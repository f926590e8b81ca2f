"""The one constructor of clients for systems outside."""

from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from services.runtime.clock import Clock
from services.runtime.outbound.addresses import AddressRules
from services.runtime.outbound.network import CheckedNetwork, Resolve, SystemNames, plain_network
from services.runtime.outbound.pools import Pools
from services.runtime.outbound.targets import Target
from services.runtime.outbound.tls import Contexts, tls_of
from services.runtime.outbound.transport import Home, SharedTransport, origin
from services.runtime.tracing import UNTRACED, Tracing

__all__ = ["Bounds", "Outbound", "Target"]

_HEADERS = {
    "User-Agent": "aiops-nextgen",
    "Accept-Encoding": "gzip",  # The one that reading can bound while it unpacks.
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept for the next request. The defaults are for a fleet of a thousand."""

    contexts: int = 2048
    pools: int = 1024


class Outbound:
    """Makes clients that share their connections and TLS contexts; one per process."""

    def __init__(
        self,
        clock: Clock,
        *,
        rules: AddressRules | None = None,
        resolve: Resolve | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        bounds: Bounds | None = None,
        tracing: Tracing = UNTRACED,
    ) -> None:
        bounds = bounds or Bounds()
        self._tracing = tracing
        names = SystemNames()
        self._names = names
        checked = CheckedNetwork(
            rules or AddressRules(), resolve or names, network or plain_network()
        )
        self._contexts = Contexts(bounds.contexts)
        self._pools = Pools(checked, clock, bounds.pools)

    def client(self, target: Target) -> httpx.AsyncClient:
        """A client for a target; Refused if its certificates cannot be read.

        It is made in microseconds and holds nothing open, so it may be made anew for every use;
        closing it does no harm to others. Token and client certificate go to the target's own
        host only. Neither the environment's proxies nor cookies are used.
        """
        tls, url = tls_of(target), httpx.URL(target.base_url)
        self._contexts.get(tls)
        home = Home(origin(url), tls, target.server_name, target.authorization)
        return httpx.AsyncClient(
            base_url=url,
            headers=_HEADERS,
            timeout=target.timeout,
            transport=SharedTransport(home, self._pools, self._contexts, self._tracing),
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    @property
    def kept(self) -> tuple[int, int]:
        """How many TLS contexts and how many pools are kept."""
        return len(self._contexts), len(self._pools)

    async def close(self) -> None:
        """Close all connections, those in use too."""
        await self._pools.close()
        self._names.close()
