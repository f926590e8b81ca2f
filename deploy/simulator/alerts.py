"""What is wrong in a simulated cluster: a few alerts, one of which comes and goes; pure.

The same ones for the same cluster and time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.simulator import gpus, rollout, telco
from deploy.simulator.cluster import Cluster
from deploy.simulator.incidents import Incident, happening
from deploy.simulator.objects import CREATED
from deploy.simulator.workloads import APPLICATION
from services.alerts.normalize import fingerprint

_RENEWED = timedelta(minutes=1)
_HELD = timedelta(minutes=4)
_PERIOD = timedelta(minutes=20)
"""Within which the alert that comes and goes does so once."""
_SHIFT = timedelta(hours=6)
"""A node that is down was put right and failed again so often."""
_GPU_ALERTS = {
    Incident.GPU_HOT: ("GpuTemperatureHigh", "warning", "gets too hot"),
    Incident.GPU_LOST: ("GpuXidError", "critical", "has fallen off the bus (XID 79)"),
    Incident.GPU_MEMORY: ("GpuMemoryError", "critical", "has errors in its memory"),
}
_FUNCTION_ALERTS = {
    Incident.PTP_DRIFT: ("PtpClockNotLocked", "critical", "has lost its grandmaster"),
    Incident.VF_SHORTAGE: ("SriovFunctionsExhausted", "warning", "has no functions left to give"),
    Incident.DPDK_DROPS: ("DpdkPacketsDropped", "warning", "drops packets"),
    Incident.POD_CRASH: ("KubePodCrashLooping", "warning", "fails again and again"),
}
"""Name, severity and what is said."""
_BEGAN = datetime.fromisoformat(CREATED)


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert, as its Prometheus tells it."""

    labels: Mapping[str, str]
    summary: str
    starts_at: datetime
    inhibited_by: tuple[str, ...] = ()
    """Fingerprints of others that stand for it."""

    @property
    def fingerprint(self) -> str:
        """That of its labels, as Prometheus works it out."""
        return fingerprint(self.labels)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition of a silence."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def fits(self, labels: Mapping[str, str]) -> bool:
        """True for labels that meet it; one that is not there is empty."""
        found = labels.get(self.name, "")
        same = re.fullmatch(self.value, found) is not None if self.is_regex else found == self.value
        return same is self.is_equal


def silences(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """True if all conditions of a silence are met."""
    return all(each.fits(labels) for each in matchers)


def firing(cluster: Cluster, now: datetime) -> Iterator[Firing]:
    """What fires now."""
    yield _alert("Watchdog", "none", "The way of alerts works.", _BEGAN)
    node = cluster.node(cluster.number % cluster.node_count).name
    if cluster.number % 3 == 0:
        failed = now - (now - _BEGAN) % _SHIFT
        down = _alert("KubeNodeNotReady", "critical", f"{node} is not ready.", failed, node=node)
        yield down
        text = f"Pods of {node} are not ready."
        hidden = _alert("KubePodNotReady", "warning", text, failed, node=node)
        yield Firing(hidden.labels, text, failed, (down.fingerprint,))
    began = _turn(cluster, now)
    if now - began < _PERIOD / 2:
        yield _alert("NodeHighLoad", "warning", f"{node} is under load.", began, node=node)
    yield from _of_gpus(cluster, now)
    yield from _of_functions(cluster, now)
    for each, since in rollout.complaints(cluster, now):
        place = {"namespace": APPLICATION, "deployment": each.app}
        yield _alert(each.name, each.severity, f"{each.app} {each.text}.", since, **place)


def updated_at(now: datetime) -> datetime:
    """When its Prometheus has told of them last."""
    return now - (now - _BEGAN) % _RENEWED


def ends_at(now: datetime) -> datetime:
    """When they end unless they are told again."""
    return updated_at(now) + _HELD


def _of_gpus(cluster: Cluster, now: datetime) -> Iterator[Firing]:
    for node, cards in gpus.cards(cluster).items():
        for card in cards:
            place = {"node": node, "gpu": str(card.index), "UUID": card.uuid}
            for incident, (name, severity, text) in _GPU_ALERTS.items():
                began = _began(cluster, incident, now) if incident in card.struck else None
                if began is not None:
                    summary = f"GPU {card.index} of {node} {text}."
                    yield _alert(name, severity, summary, began, **place)


def _of_functions(cluster: Cluster, now: datetime) -> Iterator[Firing]:
    functions = telco.functions(cluster)
    for incident, (name, severity, text) in _FUNCTION_ALERTS.items():
        began = _began(cluster, incident, now) if functions else None
        if began is not None:
            place = _place(cluster, incident)
            summary = f"{place.get('pod') or place['node']} {text}."
            yield _alert(name, severity, summary, began, **place)


def _place(cluster: Cluster, incident: Incident) -> dict[str, str]:
    """Which node or pod it happens to."""
    nodes = list(cluster.cnf_nodes())
    match incident:
        case Incident.PTP_DRIFT:
            return {"node": nodes[0].name}
        case Incident.VF_SHORTAGE:
            return {"node": nodes[-1].name}
        case Incident.DPDK_DROPS:
            pod = telco.dropping(cluster)
        case _:
            pod = telco.fragile(cluster)
    return {"namespace": pod.namespace, "pod": pod.name} if pod else {"node": nodes[0].name}


def _began(cluster: Cluster, incident: Incident, now: datetime) -> datetime | None:
    found = happening(cluster, incident, now.timestamp())
    return None if found is None else datetime.fromtimestamp(found.began, UTC)


def _turn(cluster: Cluster, now: datetime) -> datetime:
    """When the period has begun in which a cluster is: each has its own."""
    phase = cluster.number * timedelta(minutes=3)
    return (now - (now - _BEGAN + phase) % _PERIOD).astimezone(UTC)


def _alert(name: str, severity: str, summary: str, began: datetime, **labels: str) -> Firing:
    named = {"alertname": name, "severity": severity, "prometheus": "monitoring/k8s"}
    return Firing(named | labels, summary, began)
