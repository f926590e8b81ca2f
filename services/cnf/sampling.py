"""Finds out about a cluster's network functions, each area by the best source that there is.

Objects of the API server say more than metrics, and are read where the vault has credentials and
the way is not narrow; clocks and packet counters are read from metrics, and only where there are
none by running programs. These do not take the place of a Prometheus that fails for a while, as
they call the same clocks by other names. Each area fails by itself, and says why.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx

from contracts.clusters import Cluster, ClusterType
from contracts.cnf import CnfSource, CnfUpdate, CnfWorkload, DpdkStats, PtpStatus, SriovStatus
from contracts.refusals import Refused
from services.cnf import prometheus_source
from services.cnf.areas import Area, first_known
from services.cnf.exec_source import ExecSource, Mute
from services.cnf.kube_source import REQUEST_SECONDS, KubeSource, Objects, Places
from services.cnf.prometheus_source import Counted, Measured
from services.runtime.kube import access
from services.runtime.replies import Asked

T = TypeVar("T")

WHO = "cnf"
"""As whom the vault is asked."""
_STEPS = 2
"""What is asked at first, and what is asked as the first has found nothing."""
_LONGEST = 12.0
"""Seconds for one of them."""
_MARGIN, _SHORTEST = 0.5, 0.1
_MOST, _MOST_WORKLOADS = 1_000, 2_000
LARGEST = 1_500_000
"""Bytes of one sample."""


@dataclass
class Memory:
    """What a process knows of clusters that costs to find out."""

    places: Places = field(default_factory=Places)
    mute: Mute = field(default_factory=Mute)


@dataclass(frozen=True, slots=True)
class _Found:
    """All areas of one cluster."""

    workloads: Area[CnfWorkload]
    ptp: Area[PtpStatus]
    sriov: Area[SriovStatus]
    dpdk: Area[DpdkStats]

    def update(self, cluster_id: UUID, at: datetime, interval: int) -> CnfUpdate:
        """As it is told."""
        areas: dict[str, Area[Any]] = {
            "workloads": self.workloads.cut(_MOST_WORKLOADS),
            "ptp": self.ptp.cut(_MOST),
            "sriov": self.sriov.cut(_MOST),
            "dpdk": self.dpdk.cut(_MOST),
        }
        return CnfUpdate(
            cluster_id=cluster_id,
            sampled_at=at,
            interval_seconds=interval,
            sources={name: each.source for name, each in areas.items() if each.found is not None},
            missing={name: each.lacking for name, each in areas.items() if each.lacking},
            **{name: each.found for name, each in areas.items()},
        )


async def sample(asked: Asked, cluster: Cluster, interval: int, memory: Memory) -> CnfUpdate:
    """What is known of a cluster's network functions now; takes no longer than ``asked`` says."""
    step = max(min(_LONGEST, (asked.seconds - _MARGIN) / _STEPS), _SHORTEST)
    asked, at = replace(asked, seconds=step), asked.outside.clock.now()
    client = await _client(asked, cluster)
    measured, objects = await asyncio.gather(
        prometheus_source.measured(asked), _objects(client, cluster.id, memory, step)
    )
    programs = _programs(client, cluster, memory, (measured, objects), step)
    counted, (ptp, dpdk) = await asyncio.gather(_counted(asked, objects), programs)
    pods = first_known([objects.workloads, counted.workloads])
    found = _Found(
        workloads=pods,
        ptp=ptp,
        sriov=first_known([objects.sriov, counted.sriov]),
        dpdk=_placed(dpdk, pods),
    )
    return fitting(found.update(cluster.id, at, interval))


async def _client(asked: Asked, cluster: Cluster) -> httpx.AsyncClient | str:
    """The way to its API server, or why there is none."""
    if cluster.cluster_type is ClusterType.FAR_EDGE:
        return "a FAR_EDGE cluster is asked for metrics only"
    try:
        return await access.client(
            asked.log, asked.outside, cluster.id, WHO, seconds=REQUEST_SECONDS
        )
    except Refused as refused:
        return refused.message


async def _objects(
    client: httpx.AsyncClient | str, cluster_id: UUID, memory: Memory, seconds: float
) -> Objects:
    if isinstance(client, str):
        nothing = CnfSource.KUBERNETES, None, client
        return Objects(Area(*nothing), Area(*nothing))
    return await KubeSource(client, cluster_id, memory.places, seconds).objects()


async def _counted(asked: Asked, objects: Objects) -> Counted:
    """What metrics tell instead of objects, if something is lacking there."""
    if objects.workloads.found is not None and objects.sriov.found is not None:
        nothing = CnfSource.METRICS, None, ""
        return Counted(Area(*nothing), Area(*nothing))
    # Two questions, one after the other.
    return await prometheus_source.counted(replace(asked, seconds=asked.seconds / 2))


async def _programs(
    client: httpx.AsyncClient | str,
    cluster: Cluster,
    memory: Memory,
    told: tuple[Measured, Objects],
    seconds: float,
) -> tuple[Area[PtpStatus], Area[DpdkStats]]:
    """Clocks and counters: by metrics if there are any, else by programs in pods."""
    measured, objects = told
    if isinstance(client, str):
        return measured.ptp, measured.dpdk
    source = ExecSource(client, cluster.id, memory.mute, seconds)
    return await asyncio.gather(
        _or_run(measured.ptp, cluster, source.ptp),
        _or_run(measured.dpdk, cluster, lambda: _ports(source, objects)),
    )


async def _ports(source: ExecSource, objects: Objects) -> Area[DpdkStats]:
    if objects.workloads.found is None:
        return Area(CnfSource.EXEC, None, objects.workloads.lacking)
    return await source.dpdk(objects.dpdk)


def _placed(dpdk: Area[DpdkStats], pods: Area[CnfWorkload]) -> Area[DpdkStats]:
    """With the nodes of pods whose exporter does not tell them."""
    nodes = {(each.namespace, each.pod): each.node_name for each in pods.found or ()}
    found = dpdk.found and tuple(
        each
        if each.node_name is not None
        else each.model_copy(update={"node_name": nodes.get((each.namespace, each.pod))})
        for each in dpdk.found
    )
    return replace(dpdk, found=found)


async def _or_run(
    measured: Area[T], cluster: Cluster, run: Callable[[], Awaitable[Area[T]]]
) -> Area[T]:
    """What programs tell where metrics tell of none; if they tell of none either, that counts."""
    unanswered = measured.found is None and cluster.endpoints.prometheus_url
    if measured.found or unanswered:
        return measured
    told = await run()
    # Without metrics of it nobody knows whether there is something that cannot be asked.
    return told if told.found or told.lacking or measured.found is None else measured


def fitting(update: CnfUpdate) -> CnfUpdate:
    """The same without its largest areas, if it is too large for the bus."""
    while len(update.model_dump_json().encode()) > LARGEST:
        sizes = {name: len(repr(getattr(update, name) or ())) for name in update.sources}
        largest = max(sizes, key=lambda name: sizes[name])
        update = update.model_copy(
            update={
                largest: None,
                "sources": {k: v for k, v in update.sources.items() if k != largest},
                "missing": update.missing | {largest: "what there is of it is too much to be told"},
            }
        )
    return update
