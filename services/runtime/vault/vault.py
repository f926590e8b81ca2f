"""The vault: keeps secrets of clusters, and opens them for those who are named for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from contracts.refusals import Code, Refused
from services.runtime.logging import logger
from services.runtime.vault.material import Material, fingerprint, require_small
from services.runtime.vault.store import Resealed, SecretStore

_LOG = logger("vault")

# What a row and a key of a Kubernetes Secret can both be called.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class MayNotOpen(Exception):
    """A service asks for a secret that is not its business: a mistake in how it was built."""

    def __init__(self, who: str, name: str) -> None:
        super().__init__(f"{who} may not open {name}")


@dataclass(frozen=True, slots=True)
class Vault:
    """Secrets by cluster and name; whoever is not in ``may_open`` opens nothing."""

    store: SecretStore = field(repr=False)
    may_open: Mapping[str, frozenset[str]]
    """Service name to the names that it may open."""

    async def keep(self, cluster_id: UUID, name: str, material: bytes) -> str:
        """Keep a secret, in place of one of the same name; gives its fingerprint.

        Refused for a name that is none and for more than 256 KiB.
        """
        _require_sound(name, material)
        await self.store.put(cluster_id, name, material)
        _LOG.info("secret_kept", cluster_id=str(cluster_id), secret=name)
        return fingerprint(material)

    def opens(self, name: str, *, who: str) -> bool:
        """True if ``who`` may open secrets of this name."""
        return name in self.may_open.get(who, frozenset())

    async def open(self, cluster_id: UUID, name: str, *, who: str) -> Material | None:
        """A secret, or None if there is none of the name; MayNotOpen if ``who`` may not have it."""
        if not self.opens(name, who=who):
            raise MayNotOpen(who, name)
        return await self.store.get(cluster_id, name)

    async def replace(self, cluster_id: UUID, materials: Mapping[str, bytes]) -> dict[str, str]:
        """Keep these secrets, by name, and no others of the cluster; gives their fingerprints.

        One step: whoever opens one meanwhile gets the old or the new, never none in between.
        """
        for name, material in materials.items():
            _require_sound(name, material)
        await self.store.replace(cluster_id, materials)
        _LOG.info("secrets_replaced", cluster_id=str(cluster_id), secrets=sorted(materials))
        return {name: fingerprint(material) for name, material in materials.items()}

    async def names(self, cluster_id: UUID) -> tuple[str, ...]:
        """Which secrets a cluster has; says nothing of what is in them."""
        return await self.store.names(cluster_id)

    async def forget(self, cluster_id: UUID, name: str) -> bool:
        """Remove one secret; False if there was none."""
        return await self.store.delete(cluster_id, name)

    async def destroy(self, cluster_id: UUID) -> None:
        """Remove every secret of a cluster."""
        await self.store.destroy(cluster_id)
        _LOG.info("secrets_destroyed", cluster_id=str(cluster_id))

    async def reseal(self, limit: int) -> Resealed:
        """Bring up to ``limit`` secrets under the current key; asked again until none is left.

        Only then, and once every process knows the current key, may the older ones be removed.
        """
        step = await self.store.reseal(limit)
        if step.done or step.unreadable:
            _LOG.info("secrets_resealed", done=step.done, left=step.left, lost=step.unreadable)
        return step


def _require_sound(name: str, material: bytes) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(Code.VALIDATION_FAILED, "a secret's name is of a-z, 0-9, dot, _ and -")
    require_small(material)
