"""Network functions by a cluster's Prometheus: the only source where the way is narrow."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from contracts.clusters import Checked
from contracts.cnf import CnfSource, CnfWorkload, DpdkStats, PtpStatus, SriovStatus
from contracts.refusals import Refused
from contracts.telemetry import Budget, QueryMetrics
from services.cnf import dpdk, ptp_metrics, sriov, workloads
from services.cnf.areas import Area
from services.cnf.vectors import NoVector, Sample, samples
from services.runtime.backends.backend import backend_of
from services.runtime.backends.prometheus import Prometheus
from services.runtime.replies import Asked

T = TypeVar("T")

_BUDGET = Budget(bytes=8 * 1024 * 1024, series=20_000)
_LARGE = 256 * 1024
_PODS = "count(kube_pod_info)"
_NO_PODS = "its Prometheus has no metrics of kube-state-metrics"


@dataclass(frozen=True, slots=True)
class Measured:
    """What the exporters of the operators and of DPDK tell."""

    ptp: Area[PtpStatus]
    dpdk: Area[DpdkStats]


@dataclass(frozen=True, slots=True)
class Counted:
    """What kube-state-metrics tells."""

    workloads: Area[CnfWorkload]
    sriov: Area[SriovStatus]


async def measured(asked: Asked) -> Measured:
    """Clocks and ports; empty where there are no such series."""
    clocks, ports = await _each(asked, ptp_metrics.QUERY, dpdk.QUERY)
    return Measured(
        _area(clocks, ptp_metrics.clocks),
        _area(ports, dpdk.of_samples),
    )


async def counted(asked: Asked) -> Counted:
    """Pods and virtual functions; unknown where kube-state-metrics is not scraped."""
    there, requested = await _each(asked, _PODS, sriov.QUERY)
    if isinstance(there, list) and not any(each.value for each in there):
        there = _NO_PODS
    if isinstance(there, str):
        return Counted(_unknown(there), _unknown(there))
    asks = sriov.requests(requested if isinstance(requested, list) else ())
    others: Mapping[tuple[str, str], str] = asks.others
    (pods,) = await _each(asked, workloads.query(others))
    if isinstance(pods, str):
        return Counted(_unknown(pods), _unknown(pods))
    ended = sriov.over(pods)
    found = workloads.of_samples(pods, others)
    resources = _area(requested, lambda _: asks.statuses(ended))
    return Counted(Area(CnfSource.METRICS, found), resources)


def _area(told: list[Sample] | str, read: Callable[[list[Sample]], tuple[T, ...]]) -> Area[T]:
    return _unknown(told) if isinstance(told, str) else Area(CnfSource.METRICS, read(told))


def _unknown(why: str) -> Area[T]:  # pyright: ignore[reportInvalidTypeVarUse]
    return Area(CnfSource.METRICS, None, why)


async def _each(asked: Asked, *queries: str) -> list[list[Sample] | str]:
    """What each of them finds, or why it finds nothing."""
    try:
        async with backend_of(asked, Checked.PROMETHEUS, _BUDGET) as backend:
            prometheus = Prometheus(backend, _BUDGET.series)
            return await asyncio.gather(*(_one(prometheus, query) for query in queries))
    except Refused as refused:
        return [refused.message for _ in queries]


async def _one(prometheus: Prometheus, query: str) -> list[Sample] | str:
    try:
        found = await prometheus.query(QueryMetrics(query=query, budget=_BUDGET))
        if len(found.data) < _LARGE:
            return samples(found.data)
        return await asyncio.to_thread(samples, found.data)
    except Refused as refused:
        return refused.message
    except NoVector as error:
        return f"Prometheus: {error}"
