"""Looks for new error traces in clusters' Tempos, and tells of them.

Every registered cluster has a schedule. Where there is nothing to look at it is due seldom, and
only to see whether that is still so: a reaction to every update would cost more than that.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts.clusters import (
    HUB,
    Cluster,
    ClusterDeleted,
    ClusterRegistered,
    ClusterType,
    ClusterUpdated,
    cluster_key,
)
from contracts.envelope import Recorded
from contracts.refusals import Refused
from contracts.telemetry import TraceReceived, trace_key
from services.runtime import metrics, schedules
from services.runtime.log import NOTHING, Conflict
from services.runtime.logging import logger
from services.runtime.replies import Asked, Reply
from services.runtime.schedules import Schedule
from services.runtime.service import Due
from services.runtime.settings import Settings
from services.runtime.store import Store
from services.telemetry.error_traces import ErrorTrace, Look, Looks, Picked, pick, ripe
from services.telemetry.error_traces_search import error_traces
from services.telemetry.service import service

LOOK = "error_traces"
_AT_ONCE = 64
"""Looks in work in one process: so many Tempos may hang without delaying another."""
_SECONDS = 10.0
"""How long a Tempo may take."""
_SELDOM = 300
"""Seconds between looks at a cluster behind a narrow way, or with nothing to look at."""
_LOG = logger("error_traces")
_looks = Looks()


@service.on(ClusterRegistered, from_start=True)
@service.on(ClusterDeleted, from_start=True)
async def schedule_looks(event: Recorded, store: Store) -> None:
    """Have a new cluster looked at for error traces; no more once it has left the fleet."""
    match event.event:
        case ClusterDeleted() as gone:
            await _end(gone.cluster_id, store)
        case ClusterRegistered() as told:
            await schedules.put(store.log.bus, look_schedule(told.cluster, store.settings))
        case _:
            return


@service.when_due(LOOK, places=_AT_ONCE)
async def look(due: Due, store: Store) -> None:
    """Tell of error traces that a cluster's Tempo has and that were not told yet."""
    cluster = await _registered(UUID(due.id), store)
    if cluster is None:
        await _end(UUID(due.id), store)
        return
    schedule = look_schedule(cluster, store.settings)
    if due.body != schedule.body:
        await schedules.put(store.log.bus, schedule)
    if _is_looked_at(cluster, store.settings):
        await _look(cluster.id, store)


def look_schedule(cluster: Cluster, settings: Settings) -> Schedule:
    """When a cluster is looked at; what is due tells by which rule, so that an old one shows."""
    every = settings.collector.error_traces_seconds
    if not _is_looked_at(cluster, settings) or cluster.cluster_type is ClusterType.EDGE:
        every = max(every, _SELDOM)
    rule = schedules.spread(cluster.id, every)
    return Schedule(LOOK, str(cluster.id), rule, rule.encode(), keep=every)


def _is_looked_at(cluster: Cluster, settings: Settings) -> bool:
    """A far edge is metrics-only; and what the hub does not reach it does not look at."""
    near = cluster.cluster_type is not ClusterType.FAR_EDGE and cluster.site == HUB
    wanted = settings.collector.error_traces_seconds > 0
    return near and wanted and cluster.endpoints.tempo_url is not None


async def _registered(cluster_id: UUID, store: Store) -> Cluster | None:
    last = await store.log.head(cluster_key(cluster_id))
    match last.event if last is not None else None:
        case ClusterRegistered() | ClusterUpdated() as told:
            return told.cluster
        case _:
            return None


async def _end(cluster_id: UUID, store: Store) -> None:
    _looks.forget(cluster_id)
    await schedules.cancel(store.log.bus, LOOK, str(cluster_id))


async def _look(cluster_id: UUID, store: Store) -> None:
    now, before = store.outside.clock.now(), _looks.of(cluster_id)
    # What is found becomes events: nobody waits for parts of an answer.
    nobody = Reply(store.log.bus, "")
    asked = Asked(str(cluster_id), _SECONDS, store.log, store.settings, store.outside, nobody)
    try:
        found = ripe(await error_traces(asked, before.since(now), now), now)
    except Refused as refused:
        # The next look is soon. The circuit tells the fleet; here one line is enough.
        if not before.failing:
            _LOG.warning("no_answer", cluster_id=str(cluster_id), reason=refused.message)
        _looks.put(cluster_id, replace(before, failing=True))
        return
    new = await _new(
        cluster_id, [each for each in found if each.trace_id not in before.seen], store
    )
    told = pick(new)
    await _tell(cluster_id, told, store)
    metrics.ERROR_TRACES.labels("left_out").inc(len(new) - len(told))
    _looks.put(cluster_id, Look(now, frozenset(each.trace_id for each in found)))


async def _new(cluster_id: UUID, found: Sequence[ErrorTrace], store: Store) -> list[ErrorTrace]:
    """Those that nobody has told yet."""
    keys = {each.trace_id: trace_key(cluster_id, each.trace_id) for each in found}
    known = await store.log.heads(keys.values()) if keys else {}
    return [each for each in found if keys[each.trace_id] not in known]


async def _tell(cluster_id: UUID, told: Sequence[Picked], store: Store) -> None:
    """One event a trace, whoever else tells it too."""
    changes = [(_event(cluster_id, each), NOTHING) for each in told]
    for answer in await store.log.append_each(changes, store.context, store.at) if changes else ():
        if isinstance(answer, int):
            metrics.ERROR_TRACES.labels("told").inc()
        elif not isinstance(answer, Conflict):
            raise answer


def _event(cluster_id: UUID, told: Picked) -> TraceReceived:
    trace = told.trace
    return TraceReceived(
        cluster_id=cluster_id,
        trace_id=trace.trace_id,
        root_service=trace.service,
        root_operation=trace.operation,
        started_at=trace.started_at,
        duration_ms=trace.duration_ms,
        span_count=trace.span_count,
        error_count=trace.error_count,
        similar=told.similar,
    )
