"""What an event of the log says of what is wrong: a signal begins, ends, or neither: pure.

A state is called the same for ever, by its entity and its name; while what it was is known, one
that comes and goes is the same signal each time (`folding`). What is muted, is only pending, is of
little weight or is not known to be bad opens no incident; what is pending is no signal at all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from contracts.alerts import (
    AlertFired,
    AlertResolved,
    AlertSilenced,
    AlertState,
    AlertUnsilenced,
    Severity,
)
from contracts.anomalies import AnomalyDetected, AnomalyEnded, AnomalySeverity
from contracts.clusters import Checked, ClusterState, ClusterStatusChanged
from contracts.cnf import CnfArea, CnfStatusChanged
from contracts.envelope import Recorded
from contracts.gpu import (
    Crossing,
    GpuDisappeared,
    GpuReappeared,
    GpuThresholdCrossed,
    GpuXidError,
)
from contracts.incidents import Signal, SignalKind
from contracts.subjects import EntityKey
from contracts.telemetry import BackendCircuitClosed, BackendCircuitOpened
from services.incidents.correlating.groups import MOMENTARY
from services.incidents.correlating.spots import bounded, of_labels, stem

STATES = UUID("5c1f7f5e-8d0e-5f5a-9d0b-0d7a5c6b1e42")
"""Namespace of the ids of states: a part of every published id, so it never changes."""
_NEVER_OPEN = frozenset({"Watchdog", "InfoInhibitor"})
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Begun:
    """Something is wrong from now on."""

    signal: Signal
    may_open: bool
    muting: str = ""
    """What an alert is muted by: the same as in `Muted`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Muted:
    """Notifications of an alert are held back, or not any more."""

    muting: str
    muted: bool


@dataclass(frozen=True, slots=True)
class Located:
    """Something else is known of where a pod runs."""

    cluster_id: UUID
    pod: str
    node: str


Change = Begun | Ended | Muted | Located


def changes(recorded: Recorded) -> Iterable[Change]:
    """What follows from one event, in order; nothing from most."""
    event = recorded.event
    match event:
        case AlertFired() | AlertResolved() | AlertSilenced() | AlertUnsilenced():
            return _of_alert(event, recorded)
        case AnomalyDetected() | AnomalyEnded():
            return (_of_anomaly(event, recorded),)
        case ClusterStatusChanged():
            return _of_cluster(event, recorded)
        case _:
            return _of_equipment(recorded)


def _of_equipment(recorded: Recorded) -> Iterable[Change]:
    event = recorded.event
    match event:
        case BackendCircuitOpened() | BackendCircuitClosed():
            return _of_backend(event, recorded)
        case GpuThresholdCrossed() | GpuXidError() | GpuDisappeared() | GpuReappeared():
            return _of_gpu(event, recorded)
        case CnfStatusChanged():
            return _of_cnf(event, recorded)
        case _:
            return ()


def _of_alert(
    event: AlertFired | AlertResolved | AlertSilenced | AlertUnsilenced, recorded: Recorded
) -> Iterable[Change]:
    alert = event.alert
    muting = f"{alert.cluster_id}/{alert.fingerprint}"
    match event:
        case AlertFired() if event.renewed or alert.state is not AlertState.FIRING:
            return ()
        case AlertFired():
            signal = Signal.model_construct(
                id=alert.id,
                kind=SignalKind.ALERT,
                cluster_id=alert.cluster_id,
                name=alert.alertname[:_LONGEST] or "-",
                severity=alert.severity,
                where=of_labels(alert.labels),
                started_at=alert.starts_at,
                sequence=recorded.sequence,
            )
            weighty = alert.severity is not Severity.INFO and alert.alertname not in _NEVER_OPEN
            return (Begun(signal, weighty, muting),)
        case AlertResolved():
            return (Ended(alert.id),)
        case _:
            return (Muted(muting, muted=isinstance(event, AlertSilenced)),)


def _of_anomaly(event: AnomalyDetected | AnomalyEnded, recorded: Recorded) -> Change:
    anomaly = event.anomaly
    if isinstance(event, AnomalyEnded):
        return Ended(anomaly.id)
    low = anomaly.severity is AnomalySeverity.LOW
    signal = Signal.model_construct(
        id=anomaly.id,
        kind=SignalKind.ANOMALY,
        cluster_id=anomaly.cluster_id,
        name=anomaly.metric_name,
        # What is unusual is not bad for that: an anomaly alone is never critical.
        severity=Severity.INFO if low else Severity.WARNING,
        where=of_labels(anomaly.labels),
        started_at=anomaly.detected_at,
        sequence=recorded.sequence,
    )
    return Begun(signal, may_open=not low)


def state_id(key: EntityKey, name: str) -> UUID:
    """The id of a state of an entity."""
    return uuid5(STATES, f"{key.cluster}/{key.type}/{key.id}/{name}")


@dataclass(frozen=True, slots=True)
class _State:
    """A state of an entity, as far as it is wrong."""

    cluster_id: UUID
    name: str
    severity: Severity
    where: tuple[str, ...] = ()
    may_open: bool = True

    def begun(self, recorded: Recorded, since: datetime | None = None) -> Begun:
        signal = Signal(
            id=state_id(recorded.event.key, self.name),
            kind=SignalKind.STATUS,
            cluster_id=self.cluster_id,
            name=self.name[:_LONGEST],
            severity=self.severity,
            where=bounded(self.where),
            started_at=since or recorded.time,
            sequence=recorded.sequence,
        )
        return Begun(signal, self.may_open)


_CLUSTER_STATES = {
    ClusterState.OFFLINE: ("CLUSTER_OFFLINE", Severity.CRITICAL),
    ClusterState.DEGRADED: ("CLUSTER_DEGRADED", Severity.WARNING),
}


def _of_cluster(event: ClusterStatusChanged, recorded: Recorded) -> Iterator[Change]:
    for state, (name, _) in _CLUSTER_STATES.items():
        if state is not event.new_state:
            yield Ended(state_id(event.key, name))
    if event.new_state in _CLUSTER_STATES:
        name, severity = _CLUSTER_STATES[event.new_state]
        yield _State(event.cluster_id, name, severity).begun(recorded)


def _of_backend(
    event: BackendCircuitOpened | BackendCircuitClosed, recorded: Recorded
) -> Iterator[Change]:
    if event.backend is Checked.KORREL8R:
        return  # It only helps to look into incidents, and its analyses tell that it was away.
    name = f"{event.backend}_AWAY"
    if isinstance(event, BackendCircuitClosed):
        yield Ended(state_id(event.key, name))
        return
    severity = Severity.CRITICAL if event.backend is Checked.API_SERVER else Severity.WARNING
    yield _State(event.cluster_id, name, severity).begun(recorded)


def _of_gpu(
    event: GpuThresholdCrossed | GpuXidError | GpuDisappeared | GpuReappeared, recorded: Recorded
) -> Iterator[Change]:
    pod = f"pod/{event.pod_namespace}/{event.pod}" if event.pod and event.pod_namespace else None
    node = f"node/{event.node_name}"
    if pod is not None:
        yield Located(event.cluster_id, pod, node)
    where = (f"gpu/{event.gpu_uuid}", node)
    match event:
        case GpuThresholdCrossed():
            state = _State(event.cluster_id, f"GPU_{event.metric}", Severity.WARNING, where)
            if event.crossing is Crossing.RAISED:
                yield state.begun(recorded)
            else:
                yield Ended(state_id(event.key, state.name))
        case GpuXidError():
            name = f"{MOMENTARY}{event.xid}"
            yield _State(event.cluster_id, name, Severity.CRITICAL, where).begun(recorded)
        case GpuDisappeared():
            state = _State(event.cluster_id, "GPU_GONE", Severity.CRITICAL, where)
            yield state.begun(recorded, event.last_seen_at)
        case GpuReappeared():
            yield Ended(state_id(event.key, "GPU_GONE"))


_CNF_STATES: dict[CnfArea, dict[str, Severity]] = {
    CnfArea.WORKLOAD: {
        "CRASHING": Severity.CRITICAL,
        "FAILED": Severity.CRITICAL,
        "UNKNOWN": Severity.WARNING,
        "PENDING": Severity.INFO,
    },
    CnfArea.PTP: {"HOLDOVER": Severity.WARNING, "FREERUN": Severity.CRITICAL},
    CnfArea.SRIOV: {"EXHAUSTED": Severity.WARNING},
    CnfArea.DPDK: {"DROPPING": Severity.WARNING},
}


def _of_cnf(event: CnfStatusChanged, recorded: Recorded) -> Iterator[Change]:
    where = _cnf_where(event)
    located = next((one for one in where if one.startswith("pod/")), None)
    if located is not None and event.node_name:
        yield Located(event.cluster_id, located, f"node/{event.node_name}")
    bad = _CNF_STATES[event.area]
    for state in bad:
        if state != event.new_state:
            yield Ended(state_id(event.key, f"{event.area}_{state}"))
    if event.new_state in bad:
        severity = bad[event.new_state]
        name = f"{event.area}_{event.new_state}"
        opens = severity is not Severity.INFO
        yield _State(event.cluster_id, name, severity, where, may_open=opens).begun(recorded)


def _cnf_where(event: CnfStatusChanged) -> tuple[str, ...]:
    parts = event.name.split("/")
    found: list[str] = []
    if event.area in (CnfArea.WORKLOAD, CnfArea.DPDK) and len(parts) >= 2:
        namespace, pod = parts[0], parts[1]
        found += [f"pod/{namespace}/{pod}", f"workload/{namespace}/{stem(pod)}"]
        found += [f"namespace/{namespace}"]
    elif event.area is CnfArea.PTP:
        found.append(f"clock/{event.name}")
    else:
        found.append(f"device/{event.name}")
    if event.node_name:
        found.insert(
            -1 if event.pod_namespace and len(found) > 1 else len(found), f"node/{event.node_name}"
        )
    return tuple(found)
