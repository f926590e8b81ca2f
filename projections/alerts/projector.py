"""Folds alert events into occurrences."""

from contracts.alerts import Alert, AlertFired, AlertResolved
from contracts.clusters import ClusterRegistered, ClusterUpdated
from projections.alerts.view import CLUSTER_NAME, OCCURRENCE, ClusterNameRow, OccurrenceRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("alerts", version=1, tables=(OCCURRENCE, CLUSTER_NAME))


@projection.on(AlertFired)
def fired(event: AlertFired, at: Position, rows: Rows) -> None:
    """An occurrence began, or goes on."""
    rows.put(OCCURRENCE, _row(event.alert))


@projection.on(AlertResolved)
def resolved(event: AlertResolved, at: Position, rows: Rows) -> None:
    """An occurrence ended."""
    rows.put(OCCURRENCE, _row(event.alert))


@projection.on(ClusterRegistered)
def named(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A cluster has a name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterUpdated)
def renamed(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A cluster may have a new name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


def _row(alert: Alert) -> OccurrenceRow:
    return OccurrenceRow(
        id=alert.id,
        fingerprint=alert.fingerprint,
        cluster_id=alert.cluster_id,
        alertname=alert.alertname,
        severity=alert.severity.value,
        state=alert.state.value,
        namespace=alert.labels.get("namespace"),
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        generator_url=alert.generator_url,
        first_seen_at=alert.first_seen_at,
        last_seen_at=alert.first_seen_at,
        occurrences=1,
    )
