"""Finds out what clusters can do: when credentials come, on refresh, and once a day."""

from uuid import UUID

from contracts.clusters import (
    Capabilities,
    ClusterCapabilitiesChanged,
    Evidence,
    cluster_capabilities_key,
)
from services.clusters import discovery
from services.clusters.handlers.known import Known, known, logins_of, standing
from services.clusters.handlers.service import service
from services.clusters.handlers.timetable import DISCOVER
from services.clusters.kube_api import ApiFailure, Discovered, KubeApi
from services.runtime import schedules
from services.runtime.log import Conflict
from services.runtime.logging import logger
from services.runtime.service import Due
from services.runtime.store import Store
from services.runtime.vault.logins import fits, target

_AT_ONCE = 8
"""Discoveries in work in one process: each may hold a few pages of a large cluster."""
_REQUEST_SECONDS, _DEADLINE_SECONDS = 20.0, 120.0
_LOG = logger("discovery")


@service.when_due(DISCOVER, places=_AT_ONCE)
async def discover(due: Due, store: Store) -> None:
    """Find out what a cluster can do, and say so if it is not as before."""
    found = await known(UUID(due.id), store)
    if found is None or found.credentials is None:
        await schedules.cancel(store.log.bus, DISCOVER, due.id)
        return
    try:
        await discover_now(found, store)
    except ApiFailure as failure:
        # The next one is tomorrow, and health checks tell of a cluster that does not answer.
        _LOG.warning("discovery_failed", cluster_id=due.id, reason=failure.message)


async def discover_now(found: Known, store: Store) -> int | None:
    """Find out what a cluster can do; the position of the change, if there is one.

    None as well without credentials for where its API server is. ApiFailure if it does not say.
    """
    cluster, last = found.cluster, found.abilities
    login = (await logins_of(found, store)).kubernetes
    if login is None or not fits(login, cluster.api_server_url):
        return None
    aim = target(login, cluster.api_server_url, _REQUEST_SECONDS)
    api = KubeApi(store.outside.outbound.client(aim), _REQUEST_SECONDS)
    new = _event(found, await api.discover(_DEADLINE_SECONDS))
    if _same(found.capabilities, new):
        return None
    try:
        return (
            await store.append([new], {cluster_capabilities_key(cluster.id): standing(last)})
        ).sequence
    except Conflict:
        return None  # Another discovery was quicker, and is as good.


def _event(found: Known, discovered: Discovered) -> ClusterCapabilitiesChanged:
    told = discovered.capabilities
    fields = {name: getattr(told, name) for name in Capabilities.model_fields if name != "evidence"}
    evidence = {finding: tuple(map(_evidence, each)) for finding, each in told.evidence.items()}
    return ClusterCapabilitiesChanged(
        cluster_id=found.cluster.id,
        platform_version=discovered.platform_version,
        capabilities=Capabilities(**fields, evidence=evidence),
    )


def _evidence(piece: discovery.Evidence) -> Evidence:
    return Evidence(
        kind=piece.kind, namespace=piece.namespace or None, name=piece.name, reason=piece.reason
    )


def _same(old: ClusterCapabilitiesChanged | None, new: ClusterCapabilitiesChanged) -> bool:
    """Other evidence for the same is no change."""
    if old is None or old.platform_version != new.platform_version:
        return False
    ignored = {"evidence"}
    return old.capabilities.model_dump(exclude=ignored) == new.capabilities.model_dump(
        exclude=ignored
    )
