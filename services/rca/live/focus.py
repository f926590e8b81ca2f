"""Where and when to look, by what the log tells of an incident. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.incidents import Signal, SignalKind
from services.rca.reasoning.places import Entity

MOST_CLUSTERS = 3
MOST_NAMESPACES = 12
MOST_NODES = 12
MOST_ALERTS = 3
"""That a Korrel8r is asked about."""
PATIENCE = timedelta(minutes=15)
"""What was wrong first may have been so long before a rule tells of it."""
LONGEST = timedelta(hours=3)
BEFORE = timedelta(hours=1)
"""What it is compared with: so long before."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1123, as Kubernetes wants names of namespaces: nothing else gets into a query."""
_HOST = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""The same for names of nodes."""


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """An alert of something in a namespace."""

    name: str
    namespace: str
    pod: str | None
    where: tuple[str, ...]
    """Words of place, the most particular first."""

    @property
    def labels(self) -> dict[str, str]:
        """By which it is found again."""
        told = {"alertname": self.name, "namespace": self.namespace}
        return told if self.pod is None else told | {"pod": self.pod}


@dataclass(frozen=True, slots=True)
class Focus:
    """The part of a cluster, and the time, that are looked at."""

    cluster_id: UUID
    namespaces: tuple[str, ...]
    nodes: tuple[str, ...]
    pods: frozenset[str]
    """Words of place of the pods that something is told of."""
    workloads: frozenset[str]
    """Words of place of the workloads, likewise."""
    since: datetime
    until: datetime
    alerts: tuple[FiredAlert, ...] = ()
    """The first ones."""

    @property
    def seconds(self) -> int:
        """How long the time is."""
        return max(int((self.until - self.since).total_seconds()), 60)

    @property
    def step(self) -> int:
        """Seconds between two looks at something that lasts."""
        return max(15, self.seconds // 40)


def moment(seconds: float) -> datetime:
    """Unix time as a time; ValueError where there is no such."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("it has a time that is out of range") from error


def focuses(signals: Sequence[Signal], start: datetime, end: datetime) -> tuple[Focus, ...]:
    """One for each cluster that most is told of: from before the first signal to ``end``.

    None where no signal is.
    """
    clusters = Counter(each.cluster_id for each in signals)
    order = sorted(clusters, key=lambda each: (-clusters[each], each))[:MOST_CLUSTERS]
    return tuple(
        _focus(one, [each for each in signals if each.cluster_id == one], start, end)
        for one in order
    )


def _focus(cluster_id: UUID, signals: Sequence[Signal], start: datetime, end: datetime) -> Focus:
    # A source may tell any time: what is before the start is as good as the start.
    first = max(min(each.started_at for each in signals), start)
    since = min(max(first - PATIENCE, start, end - LONGEST), end - timedelta(minutes=1))
    words = [word for each in signals for word in each.where]
    found = Counter(Entity(cluster_id, word).namespace for word in words)
    names = sorted(
        (name for name in found if name is not None and _NAME.fullmatch(name)),
        key=lambda name: (-found[name], name),
    )
    nodes = {each.partition("/")[2] for each in _of("node", words)}
    return Focus(
        cluster_id,
        tuple(names[:MOST_NAMESPACES]),
        tuple(sorted(each for each in nodes if _HOST.fullmatch(each))[:MOST_NODES]),
        frozenset(_of("pod", words)),
        frozenset(_of("workload", words) + [_workload(each) for each in _of("service", words)]),
        since,
        end,
        _alerts(signals),
    )


def _alerts(signals: Iterable[Signal]) -> tuple[FiredAlert, ...]:
    fired = (each for each in signals if each.kind is SignalKind.ALERT)
    order = sorted(fired, key=lambda each: (each.started_at, each.sequence))
    found = dict.fromkeys(one for each in order if (one := _alert(each)) is not None)
    return tuple(found)[:MOST_ALERTS]


def _alert(signal: Signal) -> FiredAlert | None:
    namespace = next((each for each in _of("namespace", signal.where)), "").partition("/")[2]
    if not _NAME.fullmatch(namespace):
        return None
    pod = next((each.rpartition("/")[2] for each in _of("pod", signal.where)), None)
    pod = pod if pod is not None and _HOST.fullmatch(pod) else None
    return FiredAlert(signal.name, namespace, pod, signal.where)


def _of(kind: str, words: Iterable[str]) -> list[str]:
    return [each for each in words if each.startswith(f"{kind}/")]


def _workload(service: str) -> str:
    """Services are taken for the workload of their name."""
    return f"workload/{service.partition('/')[2]}"
