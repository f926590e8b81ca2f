"""Watches clusters: schedules their checks, checks what is due, and says what has changed."""

from functools import lru_cache
from ipaddress import ip_network
from typing import cast
from uuid import UUID

from contracts.clusters import (
    Check,
    Checked,
    Cluster,
    ClusterDeleted,
    ClusterHealthChecked,
    ClusterRegistered,
    ClusterStatusChanged,
    RefreshCluster,
    cluster_health_key,
    cluster_key,
)
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from services.clusters import domain, status
from services.clusters.handlers.service import service
from services.clusters.probes import Probes
from services.runtime import schedules
from services.runtime.clock import SystemClock
from services.runtime.log import NOTHING, Conflict, Head
from services.runtime.outbound.addresses import AddressRules
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.targets import Target
from services.runtime.schedules import Schedule
from services.runtime.service import Due
from services.runtime.store import Accepted, Store

_CHECK = "check"
_AT_ONCE = 256
"""Checks in work in one process: so many clusters may hang without delaying another."""


@lru_cache(maxsize=1)
def _probes(allowed: tuple[str, ...]) -> Probes:
    """One for the process: its clients share their connections."""
    clock = SystemClock()
    rules = AddressRules(frozenset(map(ip_network, allowed)))
    return Probes(Outbound(clock, rules=rules), clock)


@service.on(ClusterRegistered, from_start=True)
@service.on(ClusterDeleted, from_start=True)
async def watch(event: Recorded, store: Store) -> None:
    """Schedule the health checks of a new cluster by its type, the first one at once."""
    match event.event:
        case ClusterDeleted() as gone:
            await schedules.cancel(store.log.bus, _CHECK, str(gone.cluster_id))
        case ClusterRegistered() as told:
            await schedules.put(store.log.bus, _schedule(told.cluster), first=True)
        case _:
            return


def _schedule(cluster: Cluster) -> Schedule:
    """When a cluster is checked; what is due tells by which rule, so that an old one shows."""
    interval, _ = status.interval_and_timeout(cluster.cluster_type)
    rule = status.rule(cluster.id, interval)
    return Schedule(_CHECK, str(cluster.id), rule, rule.encode(), keep=interval * 2)


@service.when_due(_CHECK, places=_AT_ONCE)
async def check(due: Due, store: Store) -> None:
    """Check a cluster's health, and say so if it is not as before."""
    cluster_id = UUID(due.id)
    cluster = await _registered(cluster_id, store)
    if cluster is None:
        await schedules.cancel(store.log.bus, _CHECK, due.id)
        return
    if due.body != _schedule(cluster).body:
        # The cluster is of another type now. Seen here and not in its update, which most often
        # has nothing to do with checks, so that no change of a name pays for it.
        await schedules.put(store.log.bus, _schedule(cluster))
    await _check(cluster, store)


@service.handles(RefreshCluster, one_at_a_time=lambda command: command.cluster_id, repeatable=True)
async def refresh(command: RefreshCluster, store: Store) -> Accepted:
    """Check a cluster's health now."""
    cluster = await _registered(command.cluster_id, store)
    if cluster is None:
        text = f"there is no cluster {command.cluster_id}"
        raise Refused(Code.CLUSTER_NOT_FOUND, text)
    await schedules.put(store.log.bus, _schedule(cluster))
    return Accepted(str(cluster.id), sequence=await _check(cluster, store))


async def _registered(cluster_id: UUID, store: Store) -> Cluster | None:
    last = await store.log.head(cluster_key(cluster_id))
    if last is None:
        return None
    return domain.evolve(None, cast("domain.ClusterEvent", last.event)).cluster


async def _check(cluster: Cluster, store: Store) -> int | None:
    """Check, tell what was found, and what has changed; the change's position, if there is one."""
    key = cluster_health_key(cluster.id)
    last = await store.log.head(key)
    before = None if last is None else cast(ClusterStatusChanged, last.event)
    interval, seconds = status.interval_and_timeout(cluster.cluster_type)
    checks = await _found(cluster, _probes(store.settings.clusters.allowed_networks), seconds)
    since = 0.0 if last is None else (store.at - last.time).total_seconds()
    now, change = status.judge(cluster.id, before, checks, rounds_since=round(since / interval))
    await store.measure(
        "health",
        str(cluster.id),
        ClusterHealthChecked(
            cluster_id=cluster.id,
            checked_at=store.at,
            answered=status.answered(checks),
            state=now.state,
            health_score=now.health_score,
            checks=checks,
        ),
    )
    if change is None:
        return None
    try:
        head = NOTHING if last is None else Head(last.sequence)
        return (await store.append([change], {key: head})).sequence
    except Conflict:
        return None  # Another check was quicker, and is as good.


async def _found(cluster: Cluster, probes: Probes, seconds: float) -> tuple[Check, ...]:
    targets: dict[Checked, Target] = {}
    broken: list[Check] = []
    for name, url in status.endpoints(cluster).items():
        try:
            targets[name] = Target(base_url=url, timeout=seconds)
        except Refused as refused:
            broken.append(Check(name=name, healthy=False, latency_ms=0, error=refused.message))
    return status.in_order([*broken, *await probes.round(targets, seconds)])
