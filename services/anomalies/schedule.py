"""When the watches of a cluster are due: pure.

A cluster has one schedule, as often as the most frequent of its watches wants it, and not one for
each: 20 watches of 1,000 clusters that are asked every minute are 17 due messages a second in place
of 333. Where nothing is watched it is due seldom, only to see whether that is still so.
"""

import math
from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from contracts.anomalies import Watch
from contracts.clusters import Cluster, ClusterType
from services.runtime import schedules
from services.runtime.schedules import Schedule

WATCHES = "watch"
SELDOM = 300
"""Seconds between looks at a cluster in which nothing is watched."""
_EVEN = (15, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Whole parts of an hour of which also the greatest common divisors are there: each watch is due
when its cluster is."""
_FAR = 60
"""And at least so long between two questions over the narrow way to a far edge."""


def interval(watch: Watch, cluster: Cluster) -> int:
    """Seconds from one evaluation to the next: those that are wanted, or a little more."""
    far = cluster.cluster_type is ClusterType.FAR_EDGE
    wanted = max(watch.every_seconds, _FAR if far else 0)
    return next(each for each in _EVEN if each >= wanted)


def is_asked(cluster: Cluster) -> bool:
    """Whether there is anything that could be asked."""
    return cluster.endpoints.prometheus_url is not None


def concerns(watch: Watch, cluster_id: UUID) -> bool:
    """Whether it is watched in this cluster."""
    return not watch.cluster_ids or cluster_id in watch.cluster_ids


def period(cluster: Cluster, watches: Collection[Watch]) -> int:
    """Seconds from one time that the cluster is due to the next."""
    if not watches or not is_asked(cluster):
        return SELDOM
    return math.gcd(*(interval(watch, cluster) for watch in watches))


def schedule(cluster: Cluster, watches: Collection[Watch]) -> Schedule:
    """The one of a cluster; what is due tells by which rule, so that an old one shows."""
    every = period(cluster, watches)
    rule = schedules.spread(cluster.id, every)
    return Schedule(WATCHES, str(cluster.id), rule, rule.encode(), keep=every)


def moment(cluster_id: UUID, every: int, at: datetime) -> datetime:
    """The last one, at ``at`` or before, for which a watch is asked in a cluster.

    They lie at a phase of the cluster's own, so that a fleet is not asked all at once.
    """
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(
        seconds - (seconds - schedules.phase(cluster_id, every)) % every, UTC
    )
