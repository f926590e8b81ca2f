"""Folds cluster events into the fleet."""

from contracts.clusters import Cluster, ClusterDeleted, ClusterRegistered, ClusterUpdated
from contracts.subjects import parse
from projections.fleet.view import CLUSTER, ClusterRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("fleet", version=1, tables=(CLUSTER,))


@projection.on(ClusterRegistered)
def registered(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A new cluster appears in the fleet."""
    rows.put(CLUSTER, _row(event.cluster, at))


@projection.on(ClusterUpdated)
def updated(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A registration changed."""
    rows.put(CLUSTER, _row(event.cluster, at))


@projection.on(ClusterDeleted)
def deleted(event: ClusterDeleted, at: Position, rows: Rows) -> None:
    """A cluster has left the fleet."""
    rows.delete(CLUSTER, (event.cluster_id,))


def _row(cluster: Cluster, at: Position) -> ClusterRow:
    return ClusterRow(
        id=cluster.id,
        name=cluster.name,
        display_name=cluster.display_name,
        api_server_url=cluster.api_server_url,
        cluster_type=cluster.cluster_type.value,
        platform=cluster.platform.value,
        region=cluster.region,
        environment=cluster.environment.value,
        labels=cluster.labels,
        endpoints=cluster.endpoints.model_dump(),
        created_at=cluster.created_at,
        updated_at=cluster.updated_at,
        version=parse(at.delivery.subject).version or 0,
    )
