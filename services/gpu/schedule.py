"""When a cluster's GPUs are sampled: pure."""

from dataclasses import dataclass
from uuid import UUID

from contracts.clusters import Cluster, ClusterType
from services.runtime import schedules
from services.runtime.schedules import Schedule
from services.runtime.settings import Settings

SAMPLE = "gpu"
SELDOM = 300
"""Seconds between looks at a cluster without GPUs, which only see whether that is still so."""
_FAR = 60
"""And at least between samples of a far edge."""
_FAR_SECONDS = 30.0
_LEAST_SECONDS = 5.0
_MARGIN = 2.0


@dataclass(frozen=True, slots=True)
class Known:
    """A registered cluster, and whether it has GPUs, as far as discovery knows."""

    cluster: Cluster
    gpus: bool | None = None

    def interval(self, settings: Settings) -> int:
        """Seconds from one sample to the next; 0: none is taken."""
        every = settings.collector.gpu_seconds
        far = self.cluster.cluster_type is ClusterType.FAR_EDGE
        return max(every, _FAR) if every and far else every

    def seconds(self, settings: Settings) -> float:
        """How long a sample may take: it ends before the next one."""
        if self.cluster.cluster_type is ClusterType.FAR_EDGE:
            return _FAR_SECONDS
        return max(self.interval(settings) - _MARGIN, _LEAST_SECONDS)

    def asked(self, settings: Settings) -> bool:
        """Whether it is sampled at all, if only to find out."""
        return bool(self.interval(settings)) and self.gpus is not False

    def schedule(self, settings: Settings, *, gpus: bool) -> Schedule:
        """With GPUs, or without; what is due tells by which rule, so that an old one shows."""
        every = self.interval(settings)
        return schedule(self.cluster.id, every if gpus and every else SELDOM)

    def wanted(self, settings: Settings, now: bytes, *, found: bool | None) -> Schedule:
        """The schedule that it should have, where ``now`` is what was due by the one it has.

        Where discovery knows nothing of GPUs it depends on whether some were ``found``, and stays
        as it is if that cannot be said.
        """
        there = self.gpus if self.gpus is not None else found
        if there is not None:
            return self.schedule(settings, gpus=there)
        often = self.schedule(settings, gpus=True)
        return often if now == often.body else self.schedule(settings, gpus=False)


def schedule(cluster_id: UUID, every: int) -> Schedule:
    """So often, at a second of the cluster's own."""
    rule = schedules.spread(cluster_id, every)
    return Schedule(SAMPLE, str(cluster_id), rule, rule.encode(), keep=every)
