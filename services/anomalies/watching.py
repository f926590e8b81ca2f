"""Asks what people want watched, again and again, and tells the answers as telemetry.

Every registered cluster has one schedule for all of its watches (`schedule`). What one finds is no
decision: whoever follows ``tel.metric.>`` decides.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.anomalies import WatchDefined, WatchRemoved
from contracts.clusters import (
    Cluster,
    ClusterDeleted,
    ClusterRegistered,
    ClusterState,
    ClusterStatusChanged,
    ClusterUpdated,
    cluster_health_key,
    cluster_key,
)
from contracts.envelope import Recorded
from services.anomalies import watching_chain as chain
from services.anomalies.schedule import (
    WATCHES,
    concerns,
    interval,
    is_asked,
    moment,
    period,
    schedule,
)
from services.anomalies.service import service
from services.anomalies.watching_asking import Failed, ask
from services.anomalies.watching_watched import Defined, Watched, Watches
from services.runtime import metrics, schedules
from services.runtime.service import Due
from services.runtime.store import Store

_PLACES = 64
"""Clusters in work in one process: so many may hang without delaying another."""
_AT_ONCE = 4
"""Questions to one of them."""
_SECONDS = 30.0
_MARGIN = 2.0
_LEAST = 0.001


@service.on(ClusterRegistered, from_start=True)
@service.on(ClusterDeleted, from_start=True)
async def schedule_watches(event: Recorded, store: Store) -> None:
    """Have what is watched in a new cluster asked again and again; no more once it has left."""
    match event.event:
        case ClusterDeleted() as gone:
            await _end(gone.cluster_id, store)
        case ClusterRegistered() as told:
            watches = await _of(told.cluster, store)
            made = schedule(told.cluster, [each.watch for each in watches])
            await schedules.put(store.log.bus, made)
        case _:
            return


@service.on(WatchDefined)
@service.on(WatchRemoved)
async def wake_clusters(event: Recorded, store: Store) -> None:
    """Have clusters look at once at what is watched in them, and ask the watch if it is there."""
    match event.event:
        case WatchDefined(watch=watch) | WatchRemoved(watch=watch):
            clusters = [str(each) for each in watch.cluster_ids]
            woken = Woken(event.sequence, watch.id).body
            found = clusters or await schedules.scheduled_of(store.log.bus, WATCHES)
            await schedules.wake(store.log.bus, WATCHES, found, woken)
        case _:
            return


@service.when_due(WATCHES, places=_PLACES)
async def ask_watches(due: Due, store: Store) -> None:
    """Ask what is due in a cluster, and store the answers as telemetry."""
    cluster_id = UUID(due.id)
    cluster, state = await _known(cluster_id, store)
    if cluster is None:
        await _end(cluster_id, store)
        return
    woken = Woken.of(due.body)
    defined = await _of(cluster, store, woken)
    wanted = schedule(cluster, [each.watch for each in defined])
    if due.body != wanted.body:
        await schedules.put(store.log.bus, wanted)
    if state is not ClusterState.OFFLINE and is_asked(cluster):
        await _ask_all(_due(cluster, defined, due, woken), store)


@dataclass(frozen=True, slots=True)
class Woken:
    """Why a cluster is due out of turn: a watch has changed."""

    sequence: int
    """Of the event that tells it."""
    watch_id: str

    @property
    def body(self) -> bytes:
        """As it is told to the cluster."""
        return f"{self.sequence} {self.watch_id}".encode()

    @staticmethod
    def of(body: bytes) -> "Woken | None":
        """What was told; None for a body that is the rule of a schedule."""
        sequence, _, watch_id = body.decode(errors="replace").partition(" ")
        # A rule has six fields.
        return Woken(int(sequence), watch_id) if _is_one(sequence, watch_id) else None


def _is_one(sequence: str, watch_id: str) -> bool:
    return sequence.isdecimal() and bool(watch_id) and " " not in watch_id


def _due(
    cluster: Cluster, defined: Collection[Defined], due: Due, woken: Woken | None
) -> list[Watched]:
    """What is to be asked now, each for the last moment that it is due at."""
    patience = period(cluster, [each.watch for each in defined])
    found: list[Watched] = []
    for each in defined:
        every = interval(each.watch, cluster)
        at = moment(cluster.id, every, due.at)
        if woken is not None:
            wanted = each.watch.id == woken.watch_id
        else:
            wanted = (due.at - at).total_seconds() < patience
        if wanted:
            found.append(Watched(each.watch, each.version, cluster, at))
    return found


async def _ask_all(watched: Sequence[Watched], store: Store) -> None:
    """What some of them have to say is stored, whatever goes wrong with others."""
    turns = asyncio.Semaphore(_AT_ONCE)
    until = asyncio.get_running_loop().time() + _seconds(watched)

    async def one(each: Watched) -> None:
        async with turns:
            await _ask(each, store, until - asyncio.get_running_loop().time())

    answers = await asyncio.gather(*(one(each) for each in watched), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer


def _seconds(watched: Sequence[Watched]) -> float:
    """All of them are asked before they are due again."""
    every = min((interval(each.watch, each.cluster) for each in watched), default=0)
    return min(every - _MARGIN, _SECONDS)


async def _ask(watched: Watched, store: Store, seconds: float) -> None:
    try:
        found = await ask(watched, store, max(seconds, _LEAST))
    except Failed as failed:
        await chain.store_error(watched, failed.told, store)
        metrics.WATCH_ANSWERS.labels("failed").inc()
        return
    stored = await chain.store_found(watched, found, store)
    metrics.WATCH_ANSWERS.labels("stored" if stored else "stored_before").inc()


async def _of(cluster: Cluster, store: Store, woken: Woken | None = None) -> list[Defined]:
    """What is watched in a cluster."""
    watches = Watches.of(store.log.bus)
    known = await watches.known(store, woken.sequence if woken else 0)
    return [each for each in known if concerns(each.watch, cluster.id)]


async def _known(cluster_id: UUID, store: Store) -> tuple[Cluster | None, ClusterState | None]:
    """A cluster, None if it is not registered; and how it is, if that is known."""
    keys = cluster_key(cluster_id), cluster_health_key(cluster_id)
    found = await store.log.heads(keys)
    last, health = found.get(keys[0]), found.get(keys[1])
    match health.event if health is not None else None:
        case ClusterStatusChanged() as changed:
            state = changed.new_state
        case _:
            state = None
    match last.event if last is not None else None:
        case ClusterRegistered() | ClusterUpdated() as told:
            return told.cluster, state
        case _:
            return None, state


async def _end(cluster_id: UUID, store: Store) -> None:
    await schedules.cancel(store.log.bus, WATCHES, str(cluster_id))
