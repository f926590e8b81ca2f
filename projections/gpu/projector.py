"""Folds events about GPUs into what stands about each of them."""

from contracts.clusters import ClusterDeleted, ClusterRegistered, ClusterUpdated
from contracts.gpu import (
    Crossing,
    GpuDisappeared,
    GpuEvent,
    GpuMetric,
    GpuReappeared,
    GpuThresholdCrossed,
    GpuXidError,
)
from projections.gpu.keeping import GpuKeeper
from projections.gpu.view import (
    CLUSTER,
    CROSSING,
    STANDING,
    XID,
    ClusterRow,
    CrossingRow,
    StandingRow,
    XidRow,
)
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("gpu", version=1, tables=(CLUSTER, STANDING, CROSSING, XID), pace=0.02)
projection.keeps(GpuKeeper)


@projection.on(ClusterRegistered)
def registered(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """GPUs of this cluster are shown from now on."""
    rows.put(CLUSTER, ClusterRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterUpdated)
def updated(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A cluster may have a new name."""
    rows.put(CLUSTER, ClusterRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterDeleted)
def deleted(event: ClusterDeleted, at: Position, rows: Rows) -> None:
    """GPUs of this cluster are shown no more, but as of a time before."""
    rows.delete(CLUSTER, (event.cluster_id,))


@projection.on(GpuThresholdCrossed)
def crossed(event: GpuThresholdCrossed, at: Position, rows: Rows) -> None:
    """A value is too high, or well again."""
    _stands(event, rows)
    if event.crossing is Crossing.RAISED:
        rows.put(
            CROSSING,
            CrossingRow(
                event.cluster_id,
                event.gpu_uuid,
                event.metric.value,
                event.value,
                event.threshold,
                at.logged_at,
            ),
        )


@projection.on(GpuXidError)
def failed(event: GpuXidError, at: Position, rows: Rows) -> None:
    """The driver has told an error."""
    _stands(event, rows)
    told = event.xid, event.description, at.logged_at
    rows.put(XID, XidRow(event.cluster_id, event.gpu_uuid, *told))


@projection.on(GpuDisappeared)
def disappeared(event: GpuDisappeared, at: Position, rows: Rows) -> None:
    """A GPU is there no more."""
    _stands(event, rows)


@projection.on(GpuReappeared)
def reappeared(event: GpuReappeared, at: Position, rows: Rows) -> None:
    """It is there again."""
    _stands(event, rows)


def _stands(event: GpuEvent, rows: Rows) -> None:
    """The whole of what stands is in each event: what is not in it is over."""
    standing = event.standing
    rows.put(
        STANDING,
        StandingRow(
            cluster_id=event.cluster_id,
            uuid=event.gpu_uuid,
            node_name=event.node_name,
            namespace=event.pod_namespace,
            gpu_index=event.gpu_index,
            gpu_name=event.gpu_name,
            present=standing.present,
            raised=tuple(metric.value for metric in standing.raised),
            last_seen_at=event.last_seen_at if isinstance(event, GpuDisappeared) else None,
        ),
    )
    for metric in GpuMetric:
        if metric not in standing.raised:
            rows.delete(CROSSING, (event.cluster_id, event.gpu_uuid, metric.value))
