"""What handlers reach beyond the log: other systems, and the secrets that they want to see.

Made when it is first asked for, so that a process that needs none of it pays for none.
"""

import asyncio
from collections.abc import Generator
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID

import httpcore
import httpx

from services.runtime.chat_keys import ChatKeys
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.outbound.addresses import AddressRules
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.network import Resolve
from services.runtime.outbound.targets import Target
from services.runtime.settings import InvalidSettings, Settings, environment
from services.runtime.tracing import UNTRACED, Tracing
from services.runtime.vault.files import FileSecrets
from services.runtime.vault.keys import Keys, find_keys
from services.runtime.vault.kubernetes import KubernetesSecrets
from services.runtime.vault.logins import BACKENDS, COLLECTOR, FIRST_GRANT, KUBERNETES, RENEWAL
from services.runtime.vault.references import References
from services.runtime.vault.store import SecretStore
from services.runtime.vault.table import TableSecrets
from services.runtime.vault.vault import Vault
from services.runtime.vault.wallet import Wallet

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts a pod's token and its API server's CA."""
_MAY_OPEN = {
    "clusters": frozenset({KUBERNETES, BACKENDS, RENEWAL, FIRST_GRANT}),
    COLLECTOR: frozenset({BACKENDS}),
    "gpu": frozenset({KUBERNETES, BACKENDS}),
    "cnf": frozenset({KUBERNETES, BACKENDS}),
}


class Outside:
    """Clients and secrets of one process."""

    def __init__(
        self,
        settings: Settings | None,
        part: str = "",
        *,
        resolve: Resolve | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        tracing: Tracing = UNTRACED,
    ) -> None:
        """``resolve`` and ``network`` take the place of the system's name service and network."""
        self._settings_or_none = settings
        self._part = part
        self._resolve = resolve
        self._network = network
        self._tracing = tracing
        self._opening = asyncio.Lock()
        self._database: Database | None = None
        self._vault: Vault | None = None
        self._wallets: dict[str, Wallet] = {}
        self.clock = SystemClock()

    @cached_property
    def outbound(self) -> Outbound:
        """Makes clients of other systems."""
        allowed = self._settings.clusters.allowed_networks
        rules = AddressRules(frozenset(map(ip_network, allowed)))
        return Outbound(
            self.clock,
            rules=rules,
            resolve=self._resolve,
            network=self._network,
            tracing=self._tracing,
        )

    async def vault(self) -> Vault:
        """The secrets of clusters."""
        if self._vault is None:
            self._vault = Vault(await self._store(), _MAY_OPEN)
        return self._vault

    async def references(self) -> References:
        """Material on its way to a command."""
        return References(await self.database(), self._keys)

    async def chat_keys(self) -> ChatKeys:
        """Keys of chats."""
        return ChatKeys(await self.database(), self._keys, self.clock)

    async def wallet(self, who: str) -> Wallet:
        """The logins that a service uses."""
        if who not in self._wallets:
            self._wallets[who] = Wallet(await self.vault(), who, self.clock)
        return self._wallets[who]

    async def database(self) -> Database:
        """The durable tables."""
        async with self._opening:
            if self._database is None:
                found = Database(self._settings.database, f"{self._part}-vault")
                await found.open()
                self._database = found
        return self._database

    async def close(self) -> None:
        """Hang up."""
        if "outbound" in self.__dict__:
            await self.outbound.close()
        if self._database is not None:
            await self._database.close()

    @property
    def _settings(self) -> Settings:
        if self._settings_or_none is None:
            raise RuntimeError("this process was started without a way outside")
        return self._settings_or_none

    @cached_property
    def _keys(self) -> Keys:
        return vault_keys(self._settings)

    def kept_here(self, cluster_id: UUID) -> str:
        """Another text after every change of what a site keeps of a cluster; empty for nothing.

        At a site the log does not tell of credentials: they are given there.
        """
        return self.site_secrets.version(cluster_id) if self._settings.edge.worker else ""

    @cached_property
    def site_secrets(self) -> FileSecrets:
        """The vault of a far-edge site."""
        return FileSecrets(self._settings.data_dir / "secrets", self._keys)

    async def _store(self) -> SecretStore:
        if self._settings.edge.worker:
            return self.site_secrets
        namespace = self._settings.vault.kubernetes_namespace
        if namespace:
            return KubernetesSecrets(_in_cluster(self.outbound), namespace)
        return TableSecrets(await self.database(), self._keys, self.clock)


def vault_keys(settings: Settings) -> Keys:
    """The keys that secrets of this installation are sealed with."""
    return find_keys(settings.vault.keys, vault_folder(settings))


def vault_folder(settings: Settings) -> Path:
    """Where the keys are if no setting names any."""
    return settings.data_dir / "vault"


class _AccountToken(httpx.Auth):
    """The pod's own token, read at each use: Kubernetes replaces it every hour."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add it."""
        request.headers["Authorization"] = f"Bearer {(_ACCOUNT / 'token').read_text().strip()}"
        yield request


def _in_cluster(outbound: Outbound) -> httpx.AsyncClient:
    """A client of the API server of the cluster that this process runs in."""
    told = environment()
    host, port = told.get("KUBERNETES_SERVICE_HOST"), told.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise InvalidSettings(
            "AIOPS_VAULT__KUBERNETES_NAMESPACE: this process does not run in Kubernetes"
        )
    where = f"[{host}]" if ":" in host else host
    ca = (_ACCOUNT / "ca.crt").read_text()
    client = outbound.client(Target(base_url=f"https://{where}:{port}", ca=ca))
    client.auth = _AccountToken()
    return client


NOTHING_OUTSIDE = Outside(None)
"""Of processes and tests that reach nothing."""
