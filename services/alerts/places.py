"""Where questions about a cluster are answered."""

from uuid import UUID

from contracts.clusters import ClusterRegistered, ClusterUpdated, cluster_key
from contracts.refusals import Code, Refused
from services.runtime.asking import Place
from services.runtime.log import EventLog


async def place_of(log: EventLog, cluster_id: UUID) -> Place:
    """The site that reaches a cluster; CLUSTER_NOT_FOUND if there is no such cluster any more."""
    last = await log.head(cluster_key(cluster_id))
    match last.event if last is not None else None:
        case ClusterRegistered() | ClusterUpdated() as told:
            return Place(told.cluster.site, str(cluster_id))
        case _:
            raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")
