"""Storms of alerts from scripted causes: clusters, what goes wrong in them, and what is told of it.

Names and labels are those that the rules of kubernetes-mixin, OpenShift, cert-manager, Ceph and
dcgm-exporter give: alerts of pods have no node, those that kube-state-metrics tells of nodes have
its own namespace, those of node-exporter an address. Alertmanager tells in groups, and late.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from contracts.alerts import Alert, AlertFired, AlertState, Severity
from contracts.envelope import Event, Recorded
from tests.kit import storm_causes
from tests.kit.samples import COMMAND_ID, CORRELATION_ID, EVENT_ID, START
from tests.kit.storm_causes import Symptom
from tests.kit.storm_fleet import Place, place

NOISE = "noise"
_SPACE = UUID("7d3c7d1e-52c5-5f5b-9d5e-6a1f0f6f7a31")


@dataclass(frozen=True)
class Shape:
    """How a storm is."""

    alerts: int = 10_000
    causes: int = 5
    noise: float = 0.05
    """Of all alerts, those that have nothing to do with any cause."""
    seconds: float = 900.0
    """From the first beginning to the last one."""
    clusters: int = 30
    together: float = 0.5
    """How likely a cause is in a cluster that another one is in too; not more than two are."""
    group: float = 30.0
    """Alertmanager tells what is new of a group so often."""
    late: float = 30.0
    """So much later something may come."""


@dataclass(frozen=True)
class Told:
    """An event as it comes, and why there is one."""

    recorded: Recorded
    cause: str
    id: UUID
    """Of the alert; of a state, anything."""


@dataclass
class Storm:
    """What is told, in the order of the log."""

    told: list[Told]
    causes: dict[str, str] = field(default_factory=dict[str, str])
    """By cause: what it is and where."""


def storm(seed: int, shape: Shape | None = None) -> Storm:
    """The same storm for the same seed."""
    shape = shape or Shape()
    source = random.Random(seed)
    fleet = [place(source, number) for number in range(shape.clusters)]
    symptoms = list(_symptoms(source, fleet, shape))
    begun = sorted(_arrivals(source, symptoms, shape), key=lambda one: one[0])
    told = [
        _told(number, arrival, symptom, source)
        for number, (arrival, symptom) in enumerate(begun, start=1)
    ]
    causes: dict[str, str] = {}
    for symptom in symptoms:
        causes.setdefault(symptom.cause, symptom.cluster.name)
    causes.pop(NOISE, None)
    return Storm(told, causes)


def _symptoms(source: random.Random, fleet: Sequence[Place], shape: Shape) -> Iterator[Symptom]:
    kinds = source.sample(sorted(storm_causes.CAUSES), shape.causes)
    wanted = int(shape.alerts * (1 - shape.noise))
    weights = [source.uniform(0.5, 1.5) for _ in kinds]
    used: list[Place] = []
    wide: list[Place] = []
    for kind, weight in zip(kinds, weights, strict=True):
        once = [one for one in used if used.count(one) == 1]
        if kind in storm_causes.WIDE:
            once = [one for one in once if one not in wide]
        shared = once and source.random() < shape.together
        where = source.choice(once) if shared else source.choice(fleet)
        used.append(where)
        wide += [where] if kind in storm_causes.WIDE else []
        onset = source.uniform(0, shape.seconds * 0.35)
        stretch = shape.seconds / 900
        pool = list(storm_causes.CAUSES[kind](source, where, fleet))
        count = int(wanted * weight / sum(weights))
        for one in _sized(source, pool, count):
            yield one.moved(kind, onset + one.after * stretch)
    for _ in range(shape.alerts - wanted):
        one = storm_causes.noise(source, source.choice(fleet))
        yield one.moved(NOISE, source.uniform(0, shape.seconds))


def _sized(source: random.Random, pool: list[Symptom], count: int) -> Iterable[Symptom]:
    """So many of a pool: the leading ones, and some of the rest; again, if there are too few."""
    leading = [one for one in pool if one.leading]
    rest = [one for one in pool if not one.leading]
    if len(leading) + len(rest) >= count:
        return [*leading, *source.sample(rest, max(count - len(leading), 0))]
    again = [
        one.again(number, source.uniform(30, 240))
        for number in range(1, 6)
        for one in source.sample(rest, len(rest))
    ]
    return [*leading, *rest, *again[: count - len(leading) - len(rest)]]


def _arrivals(
    source: random.Random, symptoms: Iterable[Symptom], shape: Shape
) -> Iterator[tuple[float, Symptom]]:
    phases: dict[tuple[str, str], float] = {}
    for symptom in symptoms:
        if not symptom.labels:
            yield symptom.after + source.uniform(0, 2), symptom
            continue
        group = (symptom.cluster.name, symptom.labels.get("namespace", ""))
        phase = phases.setdefault(group, source.uniform(0, shape.group))
        waited = shape.group - (symptom.after - phase) % shape.group
        late = source.uniform(0, shape.late) if source.random() < 0.3 else source.uniform(0, 1)
        yield symptom.after + waited + late, symptom


def _told(number: int, arrival: float, symptom: Symptom, source: random.Random) -> Told:
    began = START + timedelta(seconds=round(symptom.after, 3))
    event, told_id = _event(symptom, began, number)
    logged = START + timedelta(seconds=arrival)
    recorded = Recorded(
        event=event,
        sequence=number,
        logged_at=logged,
        event_id=EVENT_ID,
        time=logged,
        source="/services/alerts",
        actor="alertmanager",
        correlation_id=CORRELATION_ID,
        causation_id=COMMAND_ID,
        command_id=COMMAND_ID,
    )
    return Told(recorded, symptom.cause, told_id)


def _event(symptom: Symptom, began: datetime, number: int) -> tuple[Event, UUID]:
    if symptom.event is not None:
        return symptom.event, uuid5(_SPACE, f"state/{number}")
    name, labels = symptom.name, symptom.labels
    fingerprint = f"{abs(hash_of(name, labels)):016x}"[:16]
    alert_id = uuid5(_SPACE, f"{symptom.cluster.id}/{fingerprint}/{began.isoformat()}/{number}")
    alert = Alert.model_construct(
        id=alert_id,
        fingerprint=fingerprint,
        cluster_id=symptom.cluster.id,
        alertname=name,
        severity=symptom.severity,
        state=AlertState.FIRING,
        labels={"alertname": name, "severity": str(symptom.severity).lower()} | labels,
        annotations={},
        starts_at=began,
        ends_at=None,
        generator_url=None,
        first_seen_at=began,
    )
    return AlertFired.model_construct(alert=alert, renewed=False, expires_at=None), alert_id


def hash_of(name: str, labels: dict[str, str]) -> int:
    """The same in every process, unlike Python's own."""
    return uuid5(_SPACE, name + repr(sorted(labels.items()))).int >> 64


__all__ = ["NOISE", "Severity", "Shape", "Storm", "Told", "storm"]
