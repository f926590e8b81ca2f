"""Chooses where samples of a cluster's GPUs come from, and says why.

DCGM's metrics say most and cost least; nvidia-smi is run where there are none. What was found is
remembered for a while, by this process alone.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.clusters import Checked, Cluster, ClusterType
from contracts.gpu import GpuSource, GpuUpdate
from contracts.refusals import Code, Refused
from services.gpu import dcgm, smi_source
from services.gpu.service import service
from services.runtime import metrics
from services.runtime.backends.backend import backend_of
from services.runtime.kube import access
from services.runtime.kube.failures import ApiFailure
from services.runtime.replies import Asked

_LOOK_AGAIN = 300.0
"""Seconds after which a Prometheus without DCGM's metrics is asked whether they have come."""
_ITS_SHARE = 0.5
"""Of the time there is, for a Prometheus that hangs; the rest is for nvidia-smi."""
_GRACE = 0.5
"""Seconds: a source ends by itself in time, with what it has."""
_MOST = 4096
"""Clusters of which something is remembered."""
_FOUND = "dcgm-exporter's metrics are in the cluster's Prometheus"
_NO_METRICS = "the cluster's Prometheus has no metrics of dcgm-exporter"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a source."""

    asked: Asked
    cluster: Cluster
    reason: str
    """Why this source."""
    interval: int
    """Seconds from one sample to the next."""

    @property
    def now(self) -> datetime:
        """What counts as the time of what has none of its own."""
        return self.asked.outside.clock.now()


Source = Callable[[Asking], Awaitable[list[GpuUpdate]]]
"""Refused or ApiFailure for a cluster that cannot be asked."""


async def from_dcgm(asking: Asking) -> list[GpuUpdate]:
    """What the cluster's Prometheus knows; nothing if it has no metrics of GPUs."""
    async with backend_of(asking.asked, Checked.PROMETHEUS, dcgm.BUDGET) as backend:
        return await dcgm.sample(
            backend,
            asking.cluster.id,
            reason=asking.reason,
            now=asking.now,
            interval=asking.interval,
        )


async def from_nvidia_smi(asking: Asking) -> list[GpuUpdate]:
    """What nvidia-smi says on each node; nothing if there are no pods to run it in."""
    asked, cluster_id = asking.asked, asking.cluster.id
    until = asyncio.get_running_loop().time() + asked.seconds
    api = await access.client(
        asked.log, asked.outside, cluster_id, service.name, seconds=asked.seconds
    )
    wanted = smi_source.Wanted(
        cluster_id=cluster_id,
        namespace=asked.settings.gpu.namespace,
        reason=asking.reason,
        now=asking.now,
        interval=asking.interval,
    )
    left = max(until - asyncio.get_running_loop().time(), 0.001)
    return await smi_source.sample(api, wanted, seconds=left)


@dataclass(frozen=True, slots=True)
class Sampled:
    """What was found of a cluster's GPUs."""

    updates: list[GpuUpdate]
    why: str = ""
    """There are none: what each source says."""
    failed: bool = False
    """A source could not be asked, so that nothing follows from there being none."""
    said: str = ""
    """By those that could not, in their own words."""


@dataclass(eq=False)
class Sampler:
    """Asks the best source that there is."""

    dcgm: Source = from_dcgm
    nvidia_smi: Source = from_nvidia_smi
    _without: OrderedDict[UUID, float] = field(default_factory=OrderedDict[UUID, float])
    """Clusters without DCGM's metrics, but with nvidia-smi: when to look again."""

    async def sample(self, asked: Asked, cluster: Cluster, interval: int) -> Sampled:
        """One sample of each node, within the time there is."""
        until = asyncio.get_running_loop().time() + asked.seconds
        first = await self._metrics(Asking(asked, cluster, _FOUND, interval))
        if first.updates:
            return first
        if cluster.cluster_type is ClusterType.FAR_EDGE:
            return replace(first, why=f"{first.why}; a FAR_EDGE cluster is asked for metrics only")
        left = max(until - asyncio.get_running_loop().time(), 0.001)
        asking = Asking(replace(asked, seconds=left), cluster, first.why, interval)
        second = await _tried(GpuSource.NVIDIA_SMI, self.nvidia_smi, asking)
        if second.updates and not first.failed:
            self._remember(cluster.id, asked.outside.clock.monotonic())
        return second if second.updates else _neither(first, second)

    def forget(self, cluster_id: UUID) -> None:
        """A cluster has left."""
        self._without.pop(cluster_id, None)
        smi_source.forget(cluster_id)

    def _remember(self, cluster_id: UUID, now: float) -> None:
        if self._without.setdefault(cluster_id, now + _LOOK_AGAIN) <= now:
            self._without[cluster_id] = now + _LOOK_AGAIN
        while len(self._without) > _MOST:
            self._without.popitem(last=False)

    async def _metrics(self, asking: Asking) -> Sampled:
        cluster, asked = asking.cluster, asking.asked
        if not cluster.endpoints.prometheus_url:
            self._without.pop(cluster.id, None)
            return Sampled([], "the cluster has no Prometheus")
        if asked.outside.clock.monotonic() < self._without.get(cluster.id, 0.0):
            return Sampled([], _NO_METRICS)
        if cluster.cluster_type is not ClusterType.FAR_EDGE:
            asking = replace(asking, asked=replace(asked, seconds=asked.seconds * _ITS_SHARE))
        found = await _tried(GpuSource.DCGM, self.dcgm, asking)
        if found.updates:
            self._without.pop(cluster.id, None)
        return found


def _neither(first: Sampled, second: Sampled) -> Sampled:
    why = f"{first.why}; {second.why}"
    said = "; ".join(each.said for each in (first, second) if each.said)
    return Sampled([], why, first.failed or second.failed, said)


async def _tried(source: GpuSource, ask: Source, asking: Asking) -> Sampled:
    """What a source says, or why it says nothing: in words that stay the same while it fails."""
    try:
        with metrics.GPU_SAMPLING_SECONDS.labels(source.value).time():
            async with asyncio.timeout(asking.asked.seconds + _GRACE):
                updates = await ask(asking)
    except TimeoutError:
        return _failed(source, "has not answered in time")
    except Refused as refused:
        if refused.code is Code.CREDENTIALS_NOT_FOUND:
            return Sampled([], "there are no credentials for its API server")
        return _failed(source, f"does not answer ({refused.code.name})", refused.message)
    except ApiFailure as failure:
        return _failed(source, f"does not answer ({failure.kind.value})", failure.message)
    return Sampled(updates, "" if updates else _NOTHING[source])


def _failed(source: GpuSource, what: str, said: str = "") -> Sampled:
    metrics.GPU_SAMPLING_FAILURES.labels(source.value).inc()
    return Sampled([], f"{_SPOKEN[source]} {what}", failed=True, said=said)


_SPOKEN = {
    GpuSource.DCGM: "the cluster's Prometheus",
    GpuSource.NVIDIA_SMI: "nvidia-smi in the cluster's pods",
}
_NOTHING = {
    GpuSource.DCGM: _NO_METRICS,
    GpuSource.NVIDIA_SMI: "there are no pods to run nvidia-smi in",
}
