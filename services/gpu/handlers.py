"""Samples the GPUs of clusters as telemetry, and tells what is remarkable about them.

Every registered cluster has a schedule. Without GPUs it is due seldom, and only to see whether that
is still so; where discovery knows nothing of GPUs, as it has no credentials, its metrics are looked
at then. What other sites reach is asked there; it is decided here all the same.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.clusters import (
    HUB,
    ClusterCapabilitiesChanged,
    ClusterDeleted,
    ClusterRegistered,
    ClusterUpdated,
    cluster_capabilities_key,
    cluster_key,
)
from contracts.envelope import Recorded
from contracts.gpu import ReadGpus
from contracts.refusals import Code, Refused
from services.gpu import chain
from services.gpu.asking import UPDATES, from_site
from services.gpu.chain import Ends
from services.gpu.failing import Failing
from services.gpu.sampling import Sampled, Sampler
from services.gpu.schedule import SAMPLE, Known
from services.gpu.service import service
from services.gpu.telling import tell
from services.runtime import schedules
from services.runtime.kube.access import registered
from services.runtime.replies import Asked, Reply
from services.runtime.service import Due
from services.runtime.store import Store

__all__ = ["read_gpus", "sample", "schedule_samples", "service"]

_AT_ONCE = 64
"""Clusters sampled at once in one process: so many may hang without delaying another."""
_MARGIN = 1.0
_sampler = Sampler()
_ends = Ends()
_failing = Failing()


@service.on(ClusterRegistered, from_start=True)
@service.on(ClusterCapabilitiesChanged, from_start=True)
@service.on(ClusterDeleted, from_start=True)
async def schedule_samples(event: Recorded, store: Store) -> None:
    """Have a cluster's GPUs sampled once it is known to have some; no more once it has left."""
    cluster_id = UUID(event.event.key.cluster)
    known = await _known(cluster_id, store)
    if known is None:
        await _end(cluster_id, store)
        return
    schedule = known.schedule(store.settings, gpus=bool(known.gpus))
    await schedules.put(store.log.bus, schedule)


@service.when_due(SAMPLE, places=_AT_ONCE)
async def sample(due: Due, store: Store) -> None:
    """Sample a cluster's GPUs, store that as telemetry and tell what is remarkable."""
    cluster_id = UUID(due.id)
    known = await _known(cluster_id, store)
    if known is None:
        await _end(cluster_id, store)
        return
    found = await _sample(known, store) if known.asked(store.settings) else None
    wanted = known.wanted(store.settings, due.body, found=found)
    if due.body != wanted.body:
        await schedules.put(store.log.bus, wanted)


@service.answers(ReadGpus)
async def read_gpus(query: ReadGpus, asked: Asked) -> Mapping[str, Any]:
    """Sample the GPUs of a cluster by the best source there is: nodes, or why there are none."""
    cluster_id = _id(asked.cluster)
    cluster = registered(cluster_id, await asked.log.head(cluster_key(cluster_id)))
    # Nobody hears what comes after the deadline.
    asked = replace(asked, seconds=asked.seconds - min(_MARGIN, asked.seconds / 5))
    found = await _sampler.sample(asked, cluster, query.interval_seconds)
    await asked.send(UPDATES.dump_json(found.updates))
    return {"why": found.why, "failed": found.failed, "said": found.said}


async def _sample(known: Known, store: Store) -> bool | None:
    """True if GPUs were found, None if a source could not be asked."""
    cluster_id = known.cluster.id
    found = await _sampled(known, store)
    _failing.note(cluster_id, found)
    if not found.updates:
        return None if found.failed else False
    try:
        await tell(await chain.store(found.updates, _ends, store), store)
    except BaseException:
        # What comes again has to see in the stream how far this came.
        _ends.forget(cluster_id)
        raise
    return True


async def _sampled(known: Known, store: Store) -> Sampled:
    cluster, seconds = known.cluster, known.seconds(store.settings)
    interval = known.interval(store.settings)
    if cluster.site != HUB:
        return await from_site(cluster, interval, seconds, store)
    # What is found is stored: nobody waits for parts of an answer.
    nobody = Reply(store.log.bus, "")
    asked = Asked(str(cluster.id), seconds, store.log, store.settings, store.outside, nobody)
    return await _sampler.sample(asked, cluster, interval)


async def _known(cluster_id: UUID, store: Store) -> Known | None:
    """What the log knows of a cluster, None if it is not registered."""
    keys = cluster_key(cluster_id), cluster_capabilities_key(cluster_id)
    found = await store.log.heads(keys)
    last, abilities = found.get(keys[0]), found.get(keys[1])
    match last.event if last is not None else None:
        case ClusterRegistered() | ClusterUpdated() as told:
            cluster = told.cluster
        case _:
            return None
    match abilities.event if abilities is not None else None:
        case ClusterCapabilitiesChanged() as changed:
            return Known(cluster, changed.capabilities.has_gpu_nodes)
        case _:
            return Known(cluster)


async def _end(cluster_id: UUID, store: Store) -> None:
    _ends.forget(cluster_id)
    _sampler.forget(cluster_id)
    _failing.forget(cluster_id)
    await schedules.cancel(store.log.bus, SAMPLE, str(cluster_id))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(Code.CLUSTER_NOT_FOUND, "the question names no cluster") from None
