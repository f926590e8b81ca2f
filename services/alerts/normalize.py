"""What a report says, freed from how its source spells it: pure.

- **Labels** with an empty value are left out, as Alertmanager does: to Prometheus they are absent.
  Without ``alertname`` an alert is called ``unknown``.
- **Text** is kept as it is, but U+0000 becomes U+FFFD: PostgreSQL's text cannot hold it.
- **Severity** comes from the ``severity`` label in any case: critical, warning, info, and none
  (the Watchdog alert) as INFO. Anything else, and no label, is WARNING. The label itself is kept.
- **Fingerprint**: the source's, else the one that Prometheus would give these labels.
- **Times** more than a day ahead of the receipt count as not known: believed, such a time would
  outrank every true report of the alert to come.
- **State**: as stated; where nothing is stated, an end that has passed means resolved.
- **Forecast**: where nothing is stated, an end to come is until when the source answers for it: the
  alert expires then unless it is told again. Where firing is stated, its end tells nothing.
- **Start** not known: the receipt, or the end of a report that has one (Alertmanager's rule, which
  makes its repetition say the same). **End** not known: the receipt. No end is before its start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.alerts import AlertReport, Severity

_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "warning": Severity.WARNING,
    "info": Severity.INFO,
    "none": Severity.INFO,
}
_FARTHEST_AHEAD = timedelta(days=1)
_FNV_BASIS = 14695981039346656037
_FNV_PRIME = 1099511628211
_SEPARATOR = b"\xff"


@dataclass(frozen=True, slots=True)
class Observation:
    """One report about one alert."""

    cluster_id: UUID
    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    alertname: str
    severity: Severity
    starts_at: datetime
    ends_at: datetime | None
    """None while it fires."""
    generator_url: str | None
    received_at: datetime
    """When we got it; of what was asked for, when we asked: it cannot be older."""
    expires_at: datetime | None = None
    """Until when a firing alert need not be told again; None if its source tells its end."""
    end_only: bool = False
    """It says that the alert ended, but not since when it had fired."""
    current: bool = False
    """It was asked for, so that it is no late report: so it stood at ``received_at``, or later."""

    @property
    def firing(self) -> bool:
        """True if the report says that the alert fires."""
        return self.ends_at is None


def normalize(
    report: AlertReport, cluster_id: UUID, received_at: datetime, *, current: bool = False
) -> Observation:
    """The one meaning of a report that a cluster's alert source sent, or was asked for."""
    labels = {name: value for name, value in report.labels.items() if value}
    ends_at = _ends_at(report, received_at)
    known_start = _known(report.startsAt, received_at)
    starts_at = known_start or ends_at or received_at
    return Observation(
        cluster_id=cluster_id,
        fingerprint=_storable(report.fingerprint or fingerprint(labels)),
        labels=_storable_map(labels),
        annotations=_storable_map(report.annotations),
        alertname=_storable(labels.get("alertname", "unknown")),
        severity=_SEVERITIES.get(labels.get("severity", "").strip().lower(), Severity.WARNING),
        starts_at=starts_at,
        ends_at=None if ends_at is None else max(ends_at, starts_at),
        generator_url=_storable(report.generatorURL or "") or None,
        received_at=received_at,
        expires_at=_expires_at(report, received_at),
        end_only=ends_at is not None and known_start is None,
        current=current,
    )


def fingerprint(labels: Mapping[str, str]) -> str:
    """The fingerprint of a label set: ``LabelSet.Fingerprint`` of Prometheus' ``common/model``.

    FNV-1a of 64 bits over the names in order, each name and each value closed by 0xFF.
    """
    digest = _FNV_BASIS
    # Go sorts by bytes; UTF-8 keeps the order of code points, as Python's sort does.
    for name, value in sorted(labels.items()):
        for byte in name.encode() + _SEPARATOR + value.encode() + _SEPARATOR:
            digest = ((digest ^ byte) * _FNV_PRIME) & 0xFFFF_FFFF_FFFF_FFFF
    return f"{digest:016x}"


def _known(moment: datetime | None, received: datetime) -> datetime | None:
    return None if moment is None or moment - received > _FARTHEST_AHEAD else moment


def _ends_at(report: AlertReport, received: datetime) -> datetime | None:
    end = _known(report.endsAt, received)
    match report.status:
        case "firing":
            return None
        case "resolved":
            return end or received
        case None:
            return end if end is not None and end <= received else None


def _expires_at(report: AlertReport, received: datetime) -> datetime | None:
    end = _known(report.endsAt, received)
    forecast = report.status is None and end is not None and end > received
    return end if forecast else None


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd")


def _storable_map(texts: Mapping[str, str]) -> dict[str, str]:
    return {_storable(name): _storable(value) for name, value in texts.items()}
