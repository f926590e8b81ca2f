"""What the log and the vault know of a cluster, for handlers that go out to it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from contracts.clusters import (
    Cluster,
    ClusterCapabilitiesChanged,
    ClusterCredentialsDeleted,
    ClusterEvent,
    ClusterStatusChanged,
    Credentials,
    CredentialsEvent,
    cluster_capabilities_key,
    cluster_credentials_key,
    cluster_health_key,
    cluster_key,
)
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from services.clusters import domain
from services.clusters.handlers.service import service
from services.clusters.probes import Probes
from services.runtime import leases
from services.runtime.log import NOTHING, Head
from services.runtime.store import Store
from services.runtime.vault.logins import Logins

NO_LOGINS = Logins()
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Known:
    """A registered cluster, and the last event of each of its facts."""

    cluster: Cluster
    health: Recorded | None
    secrets: Recorded | None
    abilities: Recorded | None

    @property
    def status(self) -> ClusterStatusChanged | None:
        """How it was found last."""
        return None if self.health is None else cast(ClusterStatusChanged, self.health.event)

    @property
    def credentials(self) -> Credentials | None:
        """What is known of its credentials, None if it has none."""
        if self.secrets is None:
            return None
        event = cast(CredentialsEvent, self.secrets.event)
        return None if isinstance(event, ClusterCredentialsDeleted) else event.credentials

    @property
    def capabilities(self) -> ClusterCapabilitiesChanged | None:
        """What discovery has found last."""
        found = self.abilities
        return None if found is None else cast(ClusterCapabilitiesChanged, found.event)


async def known(cluster_id: UUID, store: Store) -> Known | None:
    """What the log knows of a cluster, None if it is not registered."""
    keys = (
        cluster_key(cluster_id),
        cluster_health_key(cluster_id),
        cluster_credentials_key(cluster_id),
        cluster_capabilities_key(cluster_id),
    )
    found = await store.log.heads(keys)
    registered = found.get(keys[0])
    if registered is None:
        return None
    cluster = domain.evolve(None, cast(ClusterEvent, registered.event)).cluster
    if cluster is None:
        return None
    return Known(cluster, *(found.get(key) for key in keys[1:]))


async def required(cluster_id: UUID, store: Store) -> Known:
    """The same; Refused if it is not registered."""
    found = await known(cluster_id, store)
    if found is None:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")
    return found


def standing(last: Recorded | None) -> Head:
    """Where a fact stands."""
    return NOTHING if last is None else Head(last.sequence)


async def logins_of(found: Known, store: Store) -> Logins:
    """A cluster's logins, none if it has no credentials."""
    if found.credentials is None:
        return NO_LOGINS
    wallet = await store.outside.wallet(service.name)
    return await wallet.logins(found.cluster.id, found.credentials.fingerprint)


@asynccontextmanager
async def alone(cluster_id: UUID, store: Store) -> AsyncGenerator[None]:
    """Change a cluster's credentials: nobody else does meanwhile, in whatever process.

    TryLater if somebody goes on doing so for longer than one patiently waits.
    """
    async with leases.lease(store.log.bus, f"credentials/{cluster_id}", wait=_PATIENCE):
        yield


def probes(store: Store) -> Probes:
    """What asks endpoints."""
    return Probes(store.outside.outbound, store.outside.clock)
