"""Logins at hand: opened once, and again when the log or the clock says that there are others."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from services.runtime.clock import Clock
from services.runtime.vault import logins
from services.runtime.vault.logins import Logins
from services.runtime.vault.vault import Vault

_HELD = 2048
_EARLY = timedelta(seconds=30)
"""Renewed logins are looked for so long before the old ones end."""


@dataclass(frozen=True, slots=True)
class _Held:
    fingerprint: str
    logins: Logins = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wallet:
    """The logins that one service uses, in memory for as long as they are good."""

    vault: Vault
    who: str
    clock: Clock
    _held: OrderedDict[UUID, _Held] = field(default_factory=OrderedDict[UUID, _Held], repr=False)

    async def logins(self, cluster_id: UUID, fingerprint: str) -> Logins:
        """A cluster's logins; ``fingerprint`` is what the log says of them."""
        held = self._held.get(cluster_id)
        if held is not None and held.fingerprint == fingerprint and not self._ends(held.logins):
            self._held.move_to_end(cluster_id)
            return held.logins
        opened = await self.open(cluster_id)
        self._held[cluster_id] = _Held(fingerprint, opened)
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return opened

    async def open(self, cluster_id: UUID) -> Logins:
        """A cluster's logins, read anew: those that the service may see, which must be some."""
        kubernetes = None
        if self.vault.opens(logins.KUBERNETES, who=self.who):
            kubernetes = await self.vault.open(cluster_id, logins.KUBERNETES, who=self.who)
        backends = await self.vault.open(cluster_id, logins.BACKENDS, who=self.who)
        return logins.read(kubernetes, backends)

    def _ends(self, found: Logins) -> bool:
        soon = self.clock.now() + _EARLY
        return any(login.expires_at and login.expires_at <= soon for login in found.each.values())
