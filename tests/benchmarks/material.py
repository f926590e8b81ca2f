"""Alerts as a Prometheus of a real cluster words them: about 650 bytes as an event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from contracts.alerts import Alert, AlertFired, AlertResolved, AlertState, Severity
from contracts.envelope import rfc3339
from services.runtime.ids import derived_id

CLUSTER = UUID("7a1f0f6f-31aa-5d0c-8a25-0b7c5c0e52c5")
BEGIN = datetime(2026, 11, 1, 6, tzinfo=UTC)
_NAMES = (
    ("KubePodCrashLooping", "warning"),
    ("KubeNodeNotReady", "critical"),
    ("KubePersistentVolumeFillingUp", "critical"),
    ("NodeFilesystemSpaceFillingUp", "warning"),
    ("CPUThrottlingHigh", "info"),
    ("TargetDown", "warning"),
    ("DcgmGpuTemperatureHigh", "warning"),
    ("EtcdMembersDown", "critical"),
)
_NAMESPACES = ("ran-du", "core-upf", "openshift-monitoring", "gpu-operator", "kube-system")


@dataclass(frozen=True, slots=True)
class Report:
    """One alert of a post: which one, and whether it ends."""

    number: int
    resolved: bool

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.number)


def fingerprint(number: int) -> str:
    """Spread as real ones are: neighbours in time are none in an index."""
    return derived_id("alert", number).hex[:16]


def plan(count: int, lag: int) -> list[Report]:
    """Every fifth report ends an alert that began ``lag`` reports before, or one more."""
    # Not a multiple of five: so what ends has begun, and no other report ends it.
    back = lag + (lag % 5 == 0)
    return [
        Report(number - back, resolved=True)
        if number % 5 == 4 and number >= back
        else Report(number, resolved=False)
        for number in range(count)
    ]


def _labels(number: int) -> dict[str, str]:
    name, severity = _NAMES[number % len(_NAMES)]
    return {
        "alertname": name,
        "severity": severity,
        "namespace": _NAMESPACES[number % len(_NAMESPACES)],
        "pod": f"worker-{number:06d}-5d9c7",
        "node": f"node-{number % 64:03d}.edge.example.com",
        "job": "kube-state-metrics",
    }


def _annotations(number: int) -> dict[str, str]:
    return {"summary": f"{_NAMES[number % len(_NAMES)][0]} on worker-{number:06d}-5d9c7"}


def _generator(number: int) -> str:
    return f"https://prometheus.edge.example.com/graph?g0.expr={number}"


def _starts_at(number: int) -> datetime:
    return BEGIN + timedelta(milliseconds=7 * number)


def event(report: Report) -> AlertFired | AlertResolved:
    """What the platform writes to the log about a report."""
    labels, starts_at = _labels(report.number), _starts_at(report.number)
    alert = Alert(
        id=derived_id("occurrence", report.number),
        fingerprint=report.fingerprint,
        cluster_id=CLUSTER,
        alertname=labels["alertname"],
        severity=Severity(labels["severity"].upper()),
        state=AlertState.RESOLVED if report.resolved else AlertState.FIRING,
        labels=labels,
        annotations=_annotations(report.number),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=10) if report.resolved else None,
        generator_url=_generator(report.number),
        first_seen_at=starts_at + timedelta(seconds=30),
    )
    if report.resolved:
        return AlertResolved(alert=alert, duration_seconds=600.0)
    return AlertFired(alert=alert)


def body(reports: Sequence[Report]) -> bytes:
    """A post of Alertmanager's webhook, version 4."""
    return msgspec.json.encode(
        {
            "version": "4",
            "groupKey": '{}:{alertname="bench"}',
            "status": "firing",
            "receiver": "aiops",
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "https://alertmanager.edge.example.com",
            "alerts": [_told(report) for report in reports],
        }
    )


def _told(report: Report) -> dict[str, object]:
    starts_at = _starts_at(report.number)
    ends_at = starts_at + timedelta(minutes=10)
    return {
        "status": "resolved" if report.resolved else "firing",
        "labels": _labels(report.number),
        "annotations": _annotations(report.number),
        "startsAt": rfc3339(starts_at),
        "endsAt": rfc3339(ends_at) if report.resolved else "0001-01-01T00:00:00Z",
        "generatorURL": _generator(report.number),
        "fingerprint": report.fingerprint,
    }


def posts(reports: Sequence[Report], size: int) -> Iterator[Sequence[Report]]:
    """Reports in groups."""
    return (reports[start : start + size] for start in range(0, len(reports), size))
