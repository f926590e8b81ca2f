"""Asks clusters which alerts they have, and settles what was missed, is over, muted or pending.

What clusters send is enough as long as all of it comes; this finds what did not, and what is never
sent: that an alert is muted or pending, or that an Alertmanager has forgotten it. It asks through
the collector, so that clusters of far-edge sites are asked there. From what does not answer nothing
is concluded. Every registered cluster has a schedule; where there is nothing to ask it is due
seldom, and only to see whether that is still so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from contracts.alerts import OpenAlerts
from contracts.clusters import (
    Cluster,
    ClusterDeleted,
    ClusterRegistered,
    ClusterType,
    ClusterUpdated,
    cluster_key,
)
from contracts.envelope import Query, Recorded
from contracts.telemetry import MOST_BYTES, Budget, Described, DescribeMetrics, ReadAlerts
from services.alerts import answers
from services.alerts.answers import Had, Unreadable
from services.alerts.asking import NoAnswer, ask, open_alerts
from services.alerts.leaving import at_rest, end_all
from services.alerts.normalize import Observation
from services.alerts.polled import Margins, Poll, Polls
from services.alerts.polling import Round
from services.alerts.service import service
from services.runtime import schedules
from services.runtime.asking import Place
from services.runtime.logging import logger
from services.runtime.schedules import Schedule
from services.runtime.service import Due
from services.runtime.settings import Settings
from services.runtime.store import Store

T = TypeVar("T")

POLL = "alerts"
_AT_ONCE = 64
"""Polls in work in one process: so many Alertmanagers may hang without delaying another."""
_NARROW = frozenset({ClusterType.EDGE, ClusterType.FAR_EDGE})
_SECONDS = 10.0
_NARROW_SECONDS = 30.0
_SLOW = 120
"""Seconds between polls of a cluster behind a narrow way."""
_SELDOM = 300
"""And of one with nothing to ask."""
_BUDGET = Budget(bytes=MOST_BYTES, series=200_000)
_LARGE = 256 * 1024
_LOG = logger("alert_polls")
_polls = Polls()
_margins = Margins()


@service.on(ClusterRegistered, from_start=True)
@service.on(ClusterDeleted, from_start=True)
async def schedule_polls(event: Recorded, store: Store) -> None:
    """Have a new cluster asked for its alerts; end them once it has left the fleet."""
    match event.event:
        case ClusterDeleted() as gone:
            # What is not known yet, or comes late, at one of the next polls, which are seldom now.
            await schedules.put(store.log.bus, _schedule(gone.cluster_id, _SELDOM))
            await _leave(gone.cluster_id, store)
        case ClusterRegistered() as told:
            await schedules.put(store.log.bus, poll_schedule(told.cluster, store.settings))
        case _:
            return


@service.when_due(POLL, places=_AT_ONCE)
async def poll(due: Due, store: Store) -> None:
    """Compare a cluster's alerts, as it has them, with what is known of them."""
    cluster = await _registered(UUID(due.id), store)
    if cluster is None:
        if await _leave(UUID(due.id), store) and await at_rest(UUID(due.id), store):
            await schedules.cancel(store.log.bus, POLL, due.id)
        return
    schedule = poll_schedule(cluster, store.settings)
    if due.body != schedule.body:
        await schedules.put(store.log.bus, schedule)
    if store.settings.collector.alerts_seconds:
        await _poll(cluster, store)


def poll_schedule(cluster: Cluster, settings: Settings) -> Schedule:
    """When a cluster is asked; what is due tells by which rule, so that an old one shows."""
    every = settings.collector.alerts_seconds
    asked = cluster.endpoints.alertmanager_url or cluster.endpoints.prometheus_url
    if not asked or not every:
        every = _SELDOM
    elif cluster.cluster_type in _NARROW:
        every = max(every, _SLOW)
    return _schedule(cluster.id, every)


def _schedule(cluster_id: UUID, every: int) -> Schedule:
    rule = schedules.spread(cluster_id, every)
    return Schedule(POLL, str(cluster_id), rule, rule.encode(), keep=every)


async def _registered(cluster_id: UUID, store: Store) -> Cluster | None:
    last = await store.log.head(cluster_key(cluster_id))
    match last.event if last is not None else None:
        case ClusterRegistered() | ClusterUpdated() as told:
            return told.cluster
        case _:
            return None


async def _leave(cluster_id: UUID, store: Store) -> bool:
    """End what is open of a cluster that has left; False if that was something, or is not known."""
    _polls.forget(cluster_id)
    try:
        opened = await open_alerts(OpenAlerts(cluster_id=cluster_id), store)
    except NoAnswer as nothing:
        _LOG.warning("no_answer", of="projection", cluster_id=str(cluster_id), reason=str(nothing))
        return False
    await end_all(opened, store)
    return not opened


async def _poll(cluster: Cluster, store: Store) -> None:
    memory, asked_at = _polls.of(cluster.id), store.outside.clock.now()
    had, pending = await asyncio.gather(
        _known("alertmanager", _had(cluster, store), memory),
        _known("prometheus", _pending(cluster, asked_at, store), memory),
    )
    if had is None and pending is None:
        return
    question = OpenAlerts(cluster_id=cluster.id)
    opened = await _known("projection", open_alerts(question, store), memory)
    if opened is None:
        return
    current = Round(cluster.id, asked_at, opened, memory, _margins, store)
    if had is not None:
        await current.compare(had)
    if pending is not None:
        await current.pend(pending)


async def _known(what: str, asking: Awaitable[T], memory: Poll) -> T | None:
    """What was asked, None if it is not known; the log says so once until it is."""
    try:
        found = await asking
    except NoAnswer as nothing:
        if what not in memory.failing:
            _LOG.warning("no_answer", of=what, cluster_id=str(memory.of), reason=str(nothing))
        memory.failing.add(what)
        return None
    memory.failing.discard(what)
    return found


async def _had(cluster: Cluster, store: Store) -> Had | None:
    if not cluster.endpoints.alertmanager_url:
        return None
    return await _read(ReadAlerts(budget=_BUDGET), answers.had, cluster, store)


async def _pending(cluster: Cluster, asked_at: datetime, store: Store) -> Mapping[str, Observation]:
    if not cluster.endpoints.prometheus_url:
        return {}
    question = DescribeMetrics(what=Described.ALERTS, budget=_BUDGET)
    read = partial(answers.pending, cluster_id=cluster.id, asked_at=asked_at)
    return await _read(question, read, cluster, store)


async def _read(question: Query, read: Callable[[bytes], T], cluster: Cluster, store: Store) -> T:
    """What the collector answers, read; in a thread if it is large, so that nobody has to wait."""
    seconds = _NARROW_SECONDS if cluster.cluster_type in _NARROW else _SECONDS
    body = await ask(Place(cluster.site, str(cluster.id)), question, store, seconds)
    try:
        return read(body) if len(body) < _LARGE else await asyncio.to_thread(read, body)
    except Unreadable as error:
        raise NoAnswer(f"the answer cannot be read: {error}") from None
