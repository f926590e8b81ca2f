"""Looks at the network functions of clusters, stores what is found, and tells what has changed.

Every registered cluster has a schedule. Without network functions it is due seldom, and looked at
only until a sample says so too; where discovery knows nothing of them, as it has no credentials,
its metrics are looked at then. What other sites reach is asked there; it is decided here all the
same.
"""

from collections.abc import Mapping
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
from contracts.cnf import CnfUpdate, ReadCnf
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from services.cnf import sampling
from services.cnf.asking import NoAnswer, from_site
from services.cnf.sampling import Memory
from services.cnf.schedule import LOOK, Known, tells
from services.cnf.service import service
from services.cnf.telling import last_of, tell
from services.runtime import metrics, schedules
from services.runtime.kube.access import registered
from services.runtime.logging import logger
from services.runtime.replies import Asked, Reply
from services.runtime.service import Due
from services.runtime.store import Store

__all__ = ["look", "read_cnf", "schedule_looks", "service"]

_AT_ONCE = 32
"""Clusters looked at at once in one process: each may hold a few pages of pods."""
_LOG = logger("cnf")
_memory = Memory()
_silent: set[UUID] = set()
"""Clusters whose sites did not answer last time."""


@service.on(ClusterRegistered, from_start=True)
@service.on(ClusterCapabilitiesChanged, from_start=True)
@service.on(ClusterDeleted, from_start=True)
async def schedule_looks(event: Recorded, store: Store) -> None:
    """Have a cluster's network functions looked at once it is known to have some."""
    cluster_id = UUID(event.event.key.cluster)
    known = await _known(cluster_id, store)
    if known is None:
        await _end(cluster_id, store)
        return
    schedule = known.schedule(store.settings, functions=bool(known.functions))
    await schedules.put(store.log.bus, schedule)


@service.when_due(LOOK, places=_AT_ONCE)
async def look(due: Due, store: Store) -> None:
    """Look at a cluster's network functions, store that as telemetry, tell what has changed."""
    cluster_id = UUID(due.id)
    known = await _known(cluster_id, store)
    if known is None:
        await _end(cluster_id, store)
        return
    before = await last_of(cluster_id, store)
    update = await _look(known, store) if known.asked(store.settings, before) else None
    wanted = known.wanted(store.settings, due.body, found=_found(update))
    # Of a cluster that never had any there is nothing to tell.
    if update is not None and (tells(update) or known.functions or before is not None):
        # Whoever reads it goes by that to see whether the next one is late.
        update = update.model_copy(update={"interval_seconds": wanted.keep})
        await tell(before, update, store)
    if due.body != wanted.body:
        await schedules.put(store.log.bus, wanted)


@service.answers(ReadCnf)
async def read_cnf(query: ReadCnf, asked: Asked) -> Mapping[str, Any]:
    """Tell what is known of a cluster's network functions, by the best sources that there are."""
    cluster_id = _id(asked.cluster)
    cluster = registered(cluster_id, await asked.log.head(cluster_key(cluster_id)))
    found = await sampling.sample(asked, cluster, query.interval_seconds, _memory)
    await asked.send(found.model_dump_json().encode())
    return {}


def _found(update: CnfUpdate | None) -> bool | None:
    """Whether there are network functions, None if that cannot be said."""
    if update is None:
        return None
    return True if tells(update) else None if update.missing else False


async def _look(known: Known, store: Store) -> CnfUpdate | None:
    """What there is, None if its site does not answer."""
    cluster_id = known.cluster.id
    try:
        update = await _sampled(known, store)
    except NoAnswer as nothing:
        if cluster_id not in _silent:
            _LOG.warning("no_answer", cluster_id=str(cluster_id), reason=str(nothing))
        _silent.add(cluster_id)
        return None
    _silent.discard(cluster_id)
    for area in update.missing:
        metrics.CNF_LACKING.labels(area).inc()
    return update


async def _sampled(known: Known, store: Store) -> CnfUpdate:
    cluster, seconds = known.cluster, known.seconds(store.settings)
    interval = known.interval(store.settings)
    if cluster.site != HUB:
        return await from_site(cluster, interval, seconds, store)
    # What is found is stored: nobody waits for parts of an answer.
    nobody = Reply(store.log.bus, "")
    asked = Asked(str(cluster.id), seconds, store.log, store.settings, store.outside, nobody)
    with metrics.CNF_SECONDS.time():
        return await sampling.sample(asked, cluster, interval, _memory)


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
            return Known(cluster, changed.capabilities.has_cnf_workloads)
        case _:
            return Known(cluster)


async def _end(cluster_id: UUID, store: Store) -> None:
    _memory.places.forget(cluster_id)
    _silent.discard(cluster_id)
    await schedules.cancel(store.log.bus, LOOK, str(cluster_id))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(Code.CLUSTER_NOT_FOUND, "the question names no cluster") from None
