"""Alerts and what is told of them, with sensible values; part of `builders`."""

from typing import Any

from contracts.alerts import (
    Alert,
    AlertFired,
    AlertPending,
    AlertPendingEnded,
    AlertReport,
    AlertResolved,
    AlertSilenced,
    AlertState,
    AlertUnsilenced,
    IngestAlerts,
    Severity,
    SilenceAlert,
    UnsilenceAlert,
)
from tests.kit.samples import ALERT_ID, CLUSTER_ID, FINGERPRINT, at


def alert(**changes: Any) -> Alert:
    return Alert.model_validate(
        {
            "id": ALERT_ID,
            "fingerprint": FINGERPRINT,
            "cluster_id": CLUSTER_ID,
            "alertname": "NodeDown",
            "severity": Severity.CRITICAL,
            "state": AlertState.FIRING,
            "labels": {"alertname": "NodeDown", "severity": "critical", "namespace": "ran"},
            "annotations": {"summary": "Node worker-1 does not answer"},
            "starts_at": at(),
            "generator_url": "https://prometheus.edge-berlin-1.example.com/graph",
            "first_seen_at": at(5),
        }
        | changes
    )


def fired(*, renewed: bool = False, **changes: Any) -> AlertFired:
    """``changes`` are those of the alert."""
    return AlertFired(alert=alert(**changes), renewed=renewed)


def resolved(*, duration_seconds: float = 600.0, **changes: Any) -> AlertResolved:
    """``changes`` are those of the alert."""
    after = {"state": AlertState.RESOLVED, "ends_at": at(duration_seconds)} | changes
    return AlertResolved(alert=alert(**after), duration_seconds=duration_seconds)


def report(**changes: Any) -> AlertReport:
    return AlertReport.model_validate(
        {
            "status": "firing",
            "labels": {"alertname": "NodeDown", "severity": "critical", "namespace": "ran"},
            "annotations": {"summary": "Node worker-1 does not answer"},
            "startsAt": at(),
            "endsAt": None,
            "generatorURL": "https://prometheus.edge-berlin-1.example.com/graph",
            "fingerprint": FINGERPRINT,
        }
        | changes
    )


def ingest(*reports: AlertReport, **changes: Any) -> IngestAlerts:
    """Of one report, unless others are given."""
    values = {"cluster_id": CLUSTER_ID, "received_at": at(5), "reports": reports or (report(),)}
    return IngestAlerts.model_validate(values | changes)


def silenced(
    *, silenced_by: tuple[str, ...] = ("d8a2c1e0-1111-4111-8111-111111111111",), **changes: Any
) -> AlertSilenced:
    """``changes`` are those of the alert."""
    return AlertSilenced(alert=alert(**changes), silenced_by=silenced_by)


def unsilenced(**changes: Any) -> AlertUnsilenced:
    """``changes`` are those of the alert."""
    return AlertUnsilenced(alert=alert(**changes))


def pending(**changes: Any) -> AlertPending:
    """``changes`` are those of the alert."""
    return AlertPending(alert=alert(state=AlertState.PENDING, **changes))


def pending_ended(**changes: Any) -> AlertPendingEnded:
    """``changes`` are those of the alert."""
    return AlertPendingEnded(alert=alert(state=AlertState.PENDING, **changes))


def silence(**changes: Any) -> SilenceAlert:
    values: dict[str, Any] = {
        "alert_id": ALERT_ID,
        "cluster_id": CLUSTER_ID,
        "labels": {"alertname": "NodeDown", "namespace": "ran"},
        "fingerprint": FINGERPRINT,
        "ends_at": at(7200),
        "comment": "the node is being replaced",
    }
    return SilenceAlert.model_validate(values | changes)


def unsilence(**changes: Any) -> UnsilenceAlert:
    values = {"cluster_id": CLUSTER_ID, "silence_id": "d8a2c1e0-1111-4111-8111-111111111111"}
    return UnsilenceAlert.model_validate(values | changes)
