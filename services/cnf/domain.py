"""Which states of network functions have changed: pure.

What a sample does not know changes nothing. What is well when it is first seen is not told, as
there is nothing to tell; what is not well is. Each state is decided from the sample, the one before
it and the last event about the same thing, so that who decides twice decides the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from contracts.clusters import CnfType
from contracts.cnf import (
    ClockState,
    CnfArea,
    CnfStatusChanged,
    CnfUpdate,
    CnfWorkload,
    DpdkPort,
    PtpStatus,
    SriovStatus,
    WorkloadState,
)

CRASHING, GONE = "CRASHING", "GONE"
AVAILABLE, EXHAUSTED = "AVAILABLE", "EXHAUSTED"
OK, DROPPING = "OK", "DROPPING"

_WELL = frozenset(
    {WorkloadState.RUNNING, WorkloadState.SUCCEEDED, ClockState.LOCKED, AVAILABLE, OK}
)
_WORKLOADS = "workloads"
_CRASHES = "CrashLoopBackOff"
"""``ImagePullBackOff`` is another thing: nothing has been started yet."""
_DROPPING_FROM = 1.0
"""Packets a second."""
_FREE_AGAIN = 0.1
"""Share of a resource that must be free before it counts as available again; at least one."""
_SHORTEST = 1.0
"""Seconds between two samples of which a rate says something."""

Name = tuple[CnfArea, str]
Standings = Mapping[Name, CnfStatusChanged]
"""The last event about each thing that there ever was one about."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of one thing, as a sample tells it."""

    area: CnfArea
    name: str
    state: str
    reason: str
    value: float | None = None
    node_name: str | None = None
    pod_namespace: str | None = None
    cnf_type: CnfType | None = None


def decide(
    before: CnfUpdate | None, update: CnfUpdate, standings: Standings
) -> list[CnfStatusChanged]:
    """The events that follow from a sample, in the order of what they are about."""
    old = {(each.area, each.name): each.state for each in _plain(before)}
    found = {(each.area, each.name): each for each in _seen(before, update, standings)}
    events: list[CnfStatusChanged] = []
    for name, each in sorted(found.items()):
        stood = standings.get(name)
        if each.state == stood.new_state if stood is not None else each.state in _WELL:
            continue
        events.append(_event(update, each, stood.new_state if stood is not None else old.get(name)))
    return events


def _event(update: CnfUpdate, seen: Seen, old: str | None) -> CnfStatusChanged:
    return CnfStatusChanged(
        cluster_id=update.cluster_id,
        area=seen.area,
        name=seen.name,
        node_name=seen.node_name,
        pod_namespace=seen.pod_namespace,
        cnf_type=seen.cnf_type,
        old_state=None if old == seen.state else old,
        new_state=seen.state,
        reason=seen.reason,
        value=seen.value,
    )


def _plain(update: CnfUpdate | None) -> Iterator[Seen]:
    """What a sample says by itself: of workloads and clocks."""
    if update is not None:
        yield from (_workload(each, None, None) for each in update.workloads or ())
        yield from _clocks(update.ptp or ())


def _seen(before: CnfUpdate | None, update: CnfUpdate, standings: Standings) -> Iterator[Seen]:
    pods = _by_name(before)
    for pod in update.workloads or ():
        stood = standings.get((CnfArea.WORKLOAD, _pod(pod)))
        yield _workload(pod, pods.get(_pod(pod)), stood)
    yield from _gone(before, update, standings)
    yield from _clocks(update.ptp or ())
    for resource in update.sriov or ():
        name = f"{resource.node_name}/{resource.resource_name}"
        yield from _resource(name, resource, standings.get((CnfArea.SRIOV, name)))
    yield from _ports(before, update)


def _by_name(update: CnfUpdate | None) -> dict[str, CnfWorkload]:
    return {_pod(each): each for each in (update and update.workloads) or ()}


def _pod(workload: CnfWorkload) -> str:
    return f"{workload.namespace}/{workload.pod}"


def _workload(pod: CnfWorkload, before: CnfWorkload | None, stood: CnfStatusChanged | None) -> Seen:
    state: str = pod.state
    if pod.state is WorkloadState.RUNNING and _crashes(pod, before, stood):
        state = CRASHING
    return Seen(
        area=CnfArea.WORKLOAD,
        name=_pod(pod),
        state=state,
        reason=pod.reason or f"its phase is {pod.state}",
        node_name=pod.node_name,
        pod_namespace=pod.namespace,
        cnf_type=pod.cnf_type,
    )


def _crashes(pod: CnfWorkload, before: CnfWorkload | None, stood: CnfStatusChanged | None) -> bool:
    """True if it keeps crashing: between two crashes it runs for a moment and looks well."""
    if pod.reason == _CRASHES:
        return True
    if stood is None or stood.new_state != CRASHING:
        return False
    restarted = before is not None and (pod.restarts or 0) > (before.restarts or 0)
    return pod.ready is False or restarted


def _gone(before: CnfUpdate | None, update: CnfUpdate, standings: Standings) -> Iterator[Seen]:
    """Workloads that are not there any more; none where not all of them are known.

    Nor where they come by another source than before, which may know of others.
    """
    if before is None or not _comparable(before, update):
        return
    pods = _by_name(before)
    there = {_pod(each) for each in update.workloads or ()}
    told = {name: each for (area, name), each in standings.items() if area is CnfArea.WORKLOAD}
    for name in {*told, *pods} - there:
        stood, pod = told.get(name), pods.get(name)
        last = stood.new_state if stood is not None else pod and pod.state
        if last in {GONE, WorkloadState.SUCCEEDED}:
            continue
        yield Seen(
            area=CnfArea.WORKLOAD,
            name=name,
            state=GONE,
            reason="its pod is not there any more",
            node_name=pod.node_name if pod is not None else stood and stood.node_name,
            pod_namespace=name.partition("/")[0],
            cnf_type=pod.cnf_type if pod is not None else stood and stood.cnf_type,
        )


def _comparable(before: CnfUpdate, update: CnfUpdate) -> bool:
    known = before.workloads is not None and update.workloads is not None
    same = before.sources.get(_WORKLOADS) == update.sources.get(_WORKLOADS)
    return known and same and _WORKLOADS not in update.missing


def _clocks(ptp: Iterable[PtpStatus]) -> Iterator[Seen]:
    for clock in ptp:
        if clock.clock_state is None:
            continue
        far = "" if clock.offset_ns is None else f", {clock.offset_ns:g} ns from its master"
        role = "" if clock.role is None else f"; its port is {clock.role}"
        yield Seen(
            area=CnfArea.PTP,
            name=f"{clock.node_name}/{clock.interface}",
            state=clock.clock_state,
            reason=f"its clock is {clock.clock_state}{far}{role}",
            value=clock.offset_ns,
            node_name=clock.node_name,
        )


def _resource(name: str, resource: SriovStatus, stood: CnfStatusChanged | None) -> Iterator[Seen]:
    used, most = resource.used_vfs, resource.allocatable_vfs
    if used is None or not most:
        return  # None allocatable: its device plugin is not ready, which says nothing of its use.
    was = stood is not None and stood.new_state == EXHAUSTED
    wanted = max(1, ceil(most * _FREE_AGAIN)) if was else 1
    yield Seen(
        area=CnfArea.SRIOV,
        name=name,
        state=AVAILABLE if most - used >= wanted else EXHAUSTED,
        reason=f"{used} of {most} virtual functions are in use",
        value=float(used),
        node_name=resource.node_name,
    )


def _ports(before: CnfUpdate | None, update: CnfUpdate) -> Iterator[Seen]:
    if before is None or before.dpdk is None or update.dpdk is None:
        return
    seconds = (update.sampled_at - before.sampled_at).total_seconds()
    if seconds < _SHORTEST:
        return
    known = {
        (stats.namespace, stats.pod, port.port): port
        for stats in before.dpdk
        for port in stats.ports
    }
    for stats in update.dpdk:
        for port in stats.ports:
            last = known.get((stats.namespace, stats.pod, port.port))
            rate = None if last is None else dropped(last, port, seconds)
            if rate is None or 0 < rate < _DROPPING_FROM:
                continue
            yield Seen(
                area=CnfArea.DPDK,
                name=f"{stats.namespace}/{stats.pod}/{port.port}",
                state=DROPPING if rate else OK,
                reason=f"{rate:.1f} packets a second are dropped" if rate else "none are dropped",
                value=rate,
                node_name=stats.node_name,
                pod_namespace=stats.namespace,
            )


def dropped(before: DpdkPort, port: DpdkPort, seconds: float) -> float | None:
    """Packets dropped per second between two samples.

    None if that is not known, or if the counters have begun anew in between.
    """
    lost = 0
    known = False
    for name in ("rx_packets", "tx_packets", "rx_dropped", "tx_dropped"):
        old, new = getattr(before, name), getattr(port, name)
        if old is None or new is None:
            continue
        if new < old:
            return None
        if name.endswith("_dropped"):
            lost, known = lost + new - old, True
    return lost / seconds if known else None
