"""Folds anomalies, what people say of them, and what people want watched into rows."""

from collections.abc import Iterable
from uuid import UUID

from contracts.anomalies import (
    Anomaly,
    AnomalyDetected,
    AnomalyEnded,
    AnomalyFeedbackGiven,
    WatchDefined,
    WatchRemoved,
)
from contracts.clusters import ClusterRegistered, ClusterUpdated
from contracts.incidents import (
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentSplit,
    IncidentUpdated,
    Signal,
    SignalKind,
)
from contracts.subjects import parse
from projections.anomalies.view import (
    ABSORBED,
    ANOMALY,
    BELONGING,
    CLUSTER_NAME,
    FEEDBACK,
    INDEXED,
    WATCH,
    AbsorbedRow,
    AnomalyRow,
    BelongingRow,
    ClusterNameRow,
    FeedbackRow,
    WatchRow,
)
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection(
    "anomalies",
    version=2,
    tables=(WATCH, ANOMALY, FEEDBACK, BELONGING, ABSORBED, CLUSTER_NAME),
)


@projection.on(WatchDefined)
def watch_defined(event: WatchDefined, at: Position, rows: Rows) -> None:
    """Something is watched from now on, or in another way."""
    told = event.watch.model_dump(mode="json")
    version = parse(at.delivery.subject).version or 0
    rows.put(WATCH, WatchRow(event.watch.id, told, version, at.logged_at, _actor(at)))


@projection.on(WatchRemoved)
def watch_removed(event: WatchRemoved, at: Position, rows: Rows) -> None:
    """It is not watched any more."""
    rows.delete(WATCH, (event.watch.id,))


@projection.on(AnomalyDetected)
def detected(event: AnomalyDetected, at: Position, rows: Rows) -> None:
    """A series behaves as it did not before."""
    rows.put(ANOMALY, _row(event.anomaly))


@projection.on(AnomalyEnded)
def ended(event: AnomalyEnded, at: Position, rows: Rows) -> None:
    """It does not any more; told whole, so that nothing has to be known of it."""
    rows.put(ANOMALY, _row(event.anomaly))


@projection.on(AnomalyFeedbackGiven)
def feedback_given(event: AnomalyFeedbackGiven, at: Position, rows: Rows) -> None:
    """Somebody has said whether it was right to tell an anomaly."""
    # PostgreSQL's text cannot hold U+0000, and not every door refuses it.
    comment = event.comment.replace("\0", "\ufffd")
    told = FeedbackRow(event.anomaly_id, event.verdict.value, comment, _actor(at), at.logged_at)
    rows.put(FEEDBACK, told)


@projection.on(ClusterRegistered)
def named(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A cluster has a name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterUpdated)
def renamed(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A cluster may have a new name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(IncidentOpened)
def incident_opened(event: IncidentOpened, at: Position, rows: Rows) -> None:
    """Anomalies belong to an incident."""
    _belong(event.incident.id, event.added, rows)


@projection.on(IncidentUpdated)
def incident_updated(event: IncidentUpdated, at: Position, rows: Rows) -> None:
    """More of them do."""
    _belong(event.incident.id, (joined.signal for joined in event.added), rows)


@projection.on(IncidentReopened)
def incident_reopened(event: IncidentReopened, at: Position, rows: Rows) -> None:
    """More of them do."""
    _belong(event.incident.id, (joined.signal for joined in event.added), rows)


@projection.on(IncidentSplit)
def incident_split(event: IncidentSplit, at: Position, rows: Rows) -> None:
    """Some belong to another one; those that are no anomalies are never read."""
    for signal_id in event.moved if event.from_other else ():
        rows.put(BELONGING, BelongingRow(signal_id, event.incident.id))


@projection.on(IncidentMerged)
def incident_merged(event: IncidentMerged, at: Position, rows: Rows) -> None:
    """All of one belong to another one; which are its own is found when they are read."""
    into = event.incident.merged_into
    if into is not None:
        rows.put(ABSORBED, AbsorbedRow(event.incident.id, into))


def _belong(incident_id: UUID, signals: Iterable[Signal], rows: Rows) -> None:
    for signal in signals:
        if signal.kind is SignalKind.ANOMALY:
            rows.put(BELONGING, BelongingRow(signal.id, incident_id))


def _actor(at: Position) -> str:
    return at.delivery.headers["ce-actor"]


def _row(anomaly: Anomaly) -> AnomalyRow:
    namespace = anomaly.labels.get("namespace")
    return AnomalyRow(
        id=anomaly.id,
        cluster_id=anomaly.cluster_id,
        watch_id=anomaly.watch_id,
        metric_name=anomaly.metric_name,
        labels=anomaly.labels,
        namespace=None if namespace is None else namespace[:INDEXED],
        detection_type=anomaly.detection_type.value,
        severity=anomaly.severity.value,
        confidence_score=anomaly.confidence_score,
        anomaly_type=anomaly.anomaly_type.value,
        expected_value=anomaly.expected_value,
        actual_value=anomaly.actual_value,
        deviation_percent=anomaly.deviation_percent,
        explanation=anomaly.explanation,
        evidence=tuple(each.model_dump(mode="json") for each in anomaly.evidence),
        detected_at=anomaly.detected_at,
        ended_at=anomaly.ended_at,
    )
