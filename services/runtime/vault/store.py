"""What the vault asks of a place that keeps secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from contracts.refusals import TryLater
from services.runtime.vault.material import Material


class VaultUnavailable(TryLater):
    """The place that keeps the secrets does not answer, or is too busy."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """What a step of changing the key has done, and what is left to do."""

    done: int
    left: int
    """Secrets under an older key that further steps will bring over."""
    unreadable: int = 0
    """Secrets under no key that we have, or damaged; they are left as they are."""


class SecretStore(Protocol):
    """Keeps secrets by cluster and name. Every change is seen whole or not at all."""

    async def put(self, cluster_id: UUID, name: str, material: bytes) -> None:
        """Keep a secret, in place of one of the same name."""
        ...

    async def replace(self, cluster_id: UUID, materials: Mapping[str, bytes]) -> None:
        """Keep these secrets, by name, and no others of the cluster."""
        ...

    async def get(self, cluster_id: UUID, name: str) -> Material | None:
        """A secret, or None."""
        ...

    async def names(self, cluster_id: UUID) -> tuple[str, ...]:
        """The names of a cluster's secrets, in order."""
        ...

    async def delete(self, cluster_id: UUID, name: str) -> bool:
        """Remove a secret; False if there was none."""
        ...

    async def destroy(self, cluster_id: UUID) -> None:
        """Remove every secret of a cluster."""
        ...

    async def reseal(self, limit: int) -> Resealed:
        """Bring up to ``limit`` secrets under the current key, where the store has keys."""
        ...
