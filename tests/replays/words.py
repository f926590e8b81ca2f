"""What a symptom is about, in the words of place that the hub reads from what is told of it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from contracts.alerts import Alert, AlertFired, AlertState
from contracts.envelope import Event, Recorded
from contracts.gpu import GpuDisappeared
from contracts.incidents import Signal
from services.incidents.correlating.signals import Begun, changes
from tests.kit.samples import COMMAND_ID, CORRELATION_ID, START
from tests.kit.storm_causes import Symptom
from tests.kit.storms import hash_of

CLUSTER = "cluster"
"""The cause where a whole cluster is at fault: what tells of that has no place."""
_SPACE = UUID("0b5a1f0e-52c5-5f5b-9d5e-6a1f0f6f7a33")


def as_recorded(
    symptom: Symptom, number: int = 1, begin: datetime = START, late: float = 0
) -> Recorded:
    """What the log holds of it; ``late`` in seconds after it began."""
    began = begin + timedelta(seconds=round(symptom.after, 3))
    logged = began + timedelta(seconds=round(late, 3))
    is_alert = symptom.event is None
    return Recorded(
        event=_alert(symptom, began) if symptom.event is None else _state(symptom.event, began),
        sequence=number,
        logged_at=logged,
        event_id=uuid5(_SPACE, f"event/{number}"),
        time=logged,
        source="/services/alerts" if is_alert else "/services/clusters",
        actor="alertmanager" if is_alert else "hub",
        correlation_id=CORRELATION_ID,
        causation_id=COMMAND_ID,
        command_id=COMMAND_ID,
    )


def signal_of(symptom: Symptom) -> Signal:
    """What the hub makes of it."""
    return next(one.signal for one in changes(as_recorded(symptom)) if isinstance(one, Begun))


def name_of(symptom: Symptom) -> str:
    """Of the alert, or of the state that an event tells."""
    return signal_of(symptom).name


def words_of(symptom: Symptom) -> frozenset[str]:
    """Its words of place; `CLUSTER` if there are none."""
    return frozenset(signal_of(symptom).where) or frozenset({CLUSTER})


def about(symptom: Symptom, right: Collection[str]) -> bool:
    """Whether it is about any of these."""
    return not words_of(symptom).isdisjoint(right)


def _alert(symptom: Symptom, began: datetime) -> Event:
    fingerprint = f"{hash_of(symptom.name, symptom.labels):016x}"
    severity = {"severity": str(symptom.severity).lower()}
    alert = Alert(
        id=uuid5(_SPACE, f"{symptom.cluster.id}/{fingerprint}/{began.isoformat()}"),
        fingerprint=fingerprint,
        cluster_id=symptom.cluster.id,
        alertname=symptom.name,
        severity=symptom.severity,
        state=AlertState.FIRING,
        labels={"alertname": symptom.name} | severity | symptom.labels,
        annotations={},
        starts_at=began,
        ends_at=None,
        generator_url=None,
        first_seen_at=began,
    )
    return AlertFired(alert=alert, renewed=False, expires_at=None)


def _state(event: Event, began: datetime) -> Event:
    if isinstance(event, GpuDisappeared):
        return event.model_copy(update={"last_seen_at": began})
    return event
