"""When a cluster's network functions are looked at: pure."""

from dataclasses import dataclass
from uuid import UUID

from contracts.clusters import Cluster, ClusterType
from contracts.cnf import CnfUpdate
from services.runtime import schedules
from services.runtime.schedules import Schedule
from services.runtime.settings import Settings

LOOK = "cnf"
SELDOM = 300
"""Seconds between looks at a cluster without network functions, to see whether that is still so."""
_FAR = 120
"""And at least between those at a far edge."""
SECONDS = 26.0
"""How long one may take: less than the shortest interval that is usual."""


@dataclass(frozen=True, slots=True)
class Known:
    """A registered cluster, and whether it has network functions, as far as discovery knows."""

    cluster: Cluster
    functions: bool | None = None

    def interval(self, settings: Settings) -> int:
        """Seconds from one look to the next; 0: there is none."""
        every = settings.collector.cnf_seconds
        far = self.cluster.cluster_type is ClusterType.FAR_EDGE
        return max(every, _FAR) if every and far else every

    def seconds(self, settings: Settings) -> float:
        """How long a look may take: it ends before the next one."""
        return min(SECONDS, max(self.interval(settings) - 2.0, 5.0))

    def asked(self, settings: Settings, before: CnfUpdate | None) -> bool:
        """Whether it is looked at, if only to find out.

        Where discovery says that there are none, until the last sample says so too.
        """
        last = before is not None and bool(tells(before) or before.missing)
        return bool(self.interval(settings)) and (self.functions is not False or last)

    def schedule(self, settings: Settings, *, functions: bool) -> Schedule:
        """With network functions, or without; what is due tells by which rule."""
        every = self.interval(settings)
        return schedule(self.cluster.id, every if functions and every else max(every, SELDOM))

    def wanted(self, settings: Settings, now: bytes, *, found: bool | None) -> Schedule:
        """The schedule that it should have, where ``now`` is what was due by the one it has.

        Where discovery knows nothing it depends on whether some were ``found``, and stays as it is
        if that cannot be said.
        """
        there = self.functions if self.functions is not None else found
        if there is not None:
            return self.schedule(settings, functions=there)
        often = self.schedule(settings, functions=True)
        return often if now == often.body else self.schedule(settings, functions=False)


def tells(update: CnfUpdate) -> bool:
    """True if there is anything in a sample."""
    return any((update.workloads, update.ptp, update.sriov, update.dpdk))


def schedule(cluster_id: UUID, every: int) -> Schedule:
    """So often, at a second of the cluster's own."""
    rule = schedules.spread(cluster_id, every)
    return Schedule(LOOK, str(cluster_id), rule, rule.encode(), keep=every)
