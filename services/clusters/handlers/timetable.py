"""What is done about a cluster, and when: its schedules, spread over time by its id."""

from datetime import datetime

from contracts.clusters import Cluster
from contracts.envelope import rfc3339
from services.clusters import status
from services.runtime import schedules
from services.runtime.bus import Bus
from services.runtime.schedules import Schedule

CHECK, DISCOVER, RENEW = "check", "discover", "renew"
_DAY = 86_400


def check_schedule(cluster: Cluster) -> Schedule:
    """Its health checks; what is due tells by which rule, so that an old one shows."""
    interval, _ = status.interval_and_timeout(cluster.cluster_type)
    rule = schedules.spread(cluster.id, interval)
    return Schedule(CHECK, str(cluster.id), rule, rule.encode(), keep=interval * 2)


def discovery_schedule(cluster: Cluster) -> Schedule:
    """Finding out what it can do, once a day."""
    rule = schedules.spread(cluster.id, _DAY)
    return Schedule(DISCOVER, str(cluster.id), rule, keep=_DAY)


def renewal_schedule(cluster: Cluster, at: datetime) -> Schedule:
    """Looking after its credentials, once."""
    return Schedule(RENEW, str(cluster.id), f"@at {rfc3339(at)}", keep=_DAY)


async def unschedule(bus: Bus, cluster_id: str) -> None:
    """Nothing is done about it any more."""
    for kind in (CHECK, DISCOVER, RENEW):
        await schedules.cancel(bus, kind, cluster_id)
