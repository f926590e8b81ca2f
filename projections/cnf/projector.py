"""Folds what happens to network functions into states; their samples are kept besides."""

from contracts.clusters import ClusterDeleted, ClusterRegistered, ClusterUpdated
from contracts.cnf import CnfStatusChanged
from projections.cnf.keeper import CnfKeeper
from projections.cnf.view import CLUSTER_NAME, STATE, ClusterNameRow, StateRow
from services.runtime.projections.projection import Position, Projection, Rows

_GONE = "GONE"

projection = Projection("cnf", version=1, tables=(CLUSTER_NAME, STATE), pace=0.02)
projection.keeps(CnfKeeper)


@projection.on(ClusterRegistered)
def registered(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A cluster has a name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterUpdated)
def updated(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A cluster may have a new name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterDeleted)
def deleted(event: ClusterDeleted, at: Position, rows: Rows) -> None:
    """A cluster has left the fleet, and its network functions are shown no more."""
    rows.delete(CLUSTER_NAME, (event.cluster_id,))


@projection.on(CnfStatusChanged)
def changed(event: CnfStatusChanged, at: Position, rows: Rows) -> None:
    """A workload, a clock, a resource or a port is in another state, or gone."""
    key = (event.cluster_id, event.area.value, event.name)
    if event.new_state == _GONE:
        rows.delete(STATE, key)
        return
    told = (event.old_state, event.new_state, event.reason, event.value, at.logged_at)
    rows.put(STATE, StateRow(*key, *told))
