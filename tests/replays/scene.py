"""A scene: what is told of one incident whose cause is known, and how one is put together.

Alerts begin when their rule fires, so long after what is wrong as its ``for:`` says (`rules`).
Thus a consequence with an impatient rule is told before its cause with a patient one.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from contracts.envelope import Event
from tests.kit import storm_causes
from tests.kit.storm_causes import Symptom
from tests.kit.storm_fleet import Place, Workload
from tests.replays.rules import RULES
from tests.replays.words import about, name_of

_T = TypeVar("_T")
_MOST, _BYSTANDERS = 60, 3
_STATE = {
    "job": "kube-state-metrics",
    "service": "kube-state-metrics",
    "container": "kube-rbac-proxy-main",
}
_OF_NODES = _STATE | {"namespace": "openshift-monitoring"}
_REPLICAS = {
    "deployment": "KubeDeploymentReplicasMismatch",
    "statefulset": "KubeStatefulSetReplicasMismatch",
    "daemonset": "KubeDaemonSetRolloutStuck",
}


@dataclass(frozen=True)
class Scene:
    """What is told of one incident, and what it came from."""

    symptoms: tuple[Symptom, ...]
    """Times in seconds after the first of them; `Symptom.leading` if it tells of the cause,
    `Symptom.cause` is ``noise`` if it has nothing to do with it."""
    cause: str
    """What is at fault, as a word of ``where``, or `words.CLUSTER`."""
    also: frozenset[str] = frozenset()
    """Words that name the same thing and are as right."""
    tells: frozenset[str] = frozenset()
    """Names of the symptoms that tell of the cause: of the alert, or of the state."""
    calls: frozenset[tuple[str, str]] = frozenset()
    """Who calls whom, as words of workloads: those that matter here."""
    changes: tuple[tuple[str, str, float], ...] = ()
    """What somebody changed and so brought it about: what, the word of what was changed, when."""

    @property
    def right(self) -> frozenset[str]:
        """Every word that names the cause."""
        return self.also | {self.cause}


Script = Callable[[random.Random, Place], Scene]


@dataclass
class Telling:
    """Puts a scene together: what is told of a place, in any order.

    Times are when something went wrong, in seconds; alerts add the patience of their rule.
    """

    source: random.Random
    at: Place
    _told: list[Symptom] = field(default_factory=list[Symptom], init=False)
    _calls: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]], init=False)
    _changes: list[tuple[str, str, float]] = field(
        default_factory=list[tuple[str, str, float]], init=False
    )
    _addressed: bool = field(default=False, init=False)
    """Whether node-exporter's targets are addresses; else they are names of nodes."""

    def __post_init__(self) -> None:
        self._addressed = self.source.random() < 0.3

    # What happens by chance.

    def chance(self, likely: float) -> bool:
        return self.source.random() < likely

    def between(self, low: float, high: float) -> float:
        return self.source.uniform(low, high)

    def some(self, pool: Sequence[_T], low: int, high: int) -> list[_T]:
        """So many of them, if there are so many."""
        count = min(len(pool), self.source.randint(low, high))
        return self.source.sample(pool, count)

    def node(self) -> str:
        return self.source.choice(self.at.nodes)

    def workload(self, *, names: Iterable[str] = (), kind: str = "", pods: int = 1) -> Workload:
        """One of a team: of these names or this kind and with so many pods, if there is one."""
        ours = self.at.ours()
        wanted = [one for one in ours if one.kind == (kind or one.kind)]
        wanted = [one for one in wanted if len(one.pods) >= pods] or wanted or ours
        named = [one for one in wanted if one.name in set(names)]
        return self.source.choice(named or wanted)

    def neighbours(self, workload: Workload) -> list[Workload]:
        """The others in its namespace."""
        return [
            one
            for one in self.at.ours()
            if one.namespace == workload.namespace and one.name != workload.name
        ]

    def callers(self, workload: Workload, low: int, high: int) -> list[Workload]:
        """So many of its neighbours, which call it."""
        found = self.some(self.neighbours(workload), low, high)
        self._calls |= {(one.word, workload.word) for one in found}
        return found

    def on(self, *nodes: str) -> list[tuple[Workload, str]]:
        """Workloads of teams that have pods there, and one such pod of each."""
        found = ((one, [pod for pod, on in one.pods if on in nodes]) for one in self.at.ours())
        return [(one, pods[0]) for one, pods in found if pods]

    # What symptoms look like.

    def alert(self, begin: float, name: str, /, **labels: str) -> Symptom:
        minutes, severity = RULES[name]
        after = begin + minutes * 60 + self.between(0, 30)
        labels = labels | {"prometheus": "openshift-monitoring/k8s"}
        return Symptom(after, self.at, name, severity, labels)

    def event(self, begin: float, event: Event) -> Symptom:
        return Symptom(begin, self.at, event=event)

    def of_node(self, begin: float, name: str, node: str, **labels: str) -> Symptom:
        """By kube-state-metrics."""
        return self.alert(begin, name, **(_OF_NODES | {"node": node} | labels))

    def of_host(self, begin: float, name: str, node: str, **labels: str) -> Symptom:
        """By node-exporter."""
        host = self.at.addresses[node] if self._addressed else node
        target = {"job": "node-exporter", "namespace": "openshift-monitoring"}
        target |= {"service": "node-exporter", "instance": f"{host}:9100"}
        return self.alert(begin, name, **(target | labels))

    def of_pod(
        self, begin: float, name: str, workload: Workload, pod: str, **labels: str
    ) -> Symptom:
        """Alerts of pods know no node."""
        told = {"namespace": workload.namespace, "pod": pod, "job": "kube-state-metrics"}
        return self.alert(begin, name, **(told | labels))

    def crash(self, begin: float, workload: Workload, pod: str) -> Symptom:
        waits = {"container": workload.name, "reason": "CrashLoopBackOff"}
        return self.of_pod(begin, "KubePodCrashLooping", workload, pod, **waits)

    def of_workload(self, begin: float, name: str, workload: Workload, **labels: str) -> Symptom:
        told = _STATE | {"namespace": workload.namespace, workload.kind: workload.name}
        return self.alert(begin, name, **(told | labels))

    def replicas(self, begin: float, workload: Workload) -> Symptom:
        """That it does not have all the pods that it should."""
        return self.of_workload(begin, _REPLICAS[workload.kind], workload)

    def of_service(self, begin: float, name: str, workload: Workload, **labels: str) -> Symptom:
        """By rules on the requests it serves."""
        told = {"namespace": workload.namespace, "service": workload.name}
        return self.alert(begin, name, **(told | labels))

    def probe(self, begin: float, name: str, workload: Workload) -> Symptom:
        """By the blackbox exporter."""
        url = f"https://{workload.name}.{workload.namespace}.{self.at.name}.example.com"
        return self.of_service(begin, name, workload, job="blackbox", instance=url)

    def hpa(self, begin: float, workload: Workload) -> Symptom:
        told = _STATE | {"namespace": workload.namespace}
        return self.alert(begin, "KubeHpaMaxedOut", **told, horizontalpodautoscaler=workload.name)

    def budget(self, begin: float, workload: Workload) -> Symptom:
        told = _STATE | {"namespace": workload.namespace}
        name = "KubePdbNotEnoughHealthyPods"
        return self.alert(begin, name, **told, poddisruptionbudget=workload.name)

    def of_claim(
        self, begin: float, name: str, workload: Workload, claim: str, **labels: str
    ) -> Symptom:
        """By the kubelet of the node where it is mounted."""
        told = {"namespace": workload.namespace, "persistentvolumeclaim": claim}
        told |= {"job": "kubelet", "service": "kubelet"}
        return self.alert(begin, name, **(told | labels))

    def operator(self, begin: float, name: str, operator: str, reason: str = "") -> Symptom:
        told = {"namespace": "openshift-cluster-version", "job": "cluster-version-operator"}
        return self.alert(begin, name, **told, name=operator, reason=reason or "Degraded")

    def target_down(self, begin: float, namespace: str, job: str) -> Symptom:
        return self.alert(begin, "TargetDown", namespace=namespace, job=job, service=job)

    # What somebody did.

    def rolled_out(self, begin: float, workload: Workload) -> None:
        """A new version, and its pods end or do not start."""
        self._changes.append(("ROLLOUT_BEGAN", workload.word, begin))

    def configured(self, begin: float, workload: Workload) -> None:
        """A configuration that it reads."""
        word = f"config/{workload.namespace}/{workload.name}-config"
        self._changes.append(("CONFIG_CHANGED", word, begin))

    # What is told.

    def tells(self, *symptoms: Symptom) -> None:
        """Of the cause itself."""
        self._told += [replace(one, leading=True) for one in symptoms]

    def says(self, *symptoms: Symptom) -> None:
        """Of consequences."""
        self._told += symptoms

    def errors(self, begin: float, workload: Workload) -> None:
        """Its requests fail, and what follows from that, some of it."""
        self.says(self.of_service(begin, "HighErrorRate", workload))
        if self.chance(0.4):
            self.says(self.of_service(begin, "ErrorBudgetBurn", workload, slo="availability"))
        if self.chance(0.3):
            self.says(self.probe(begin + 15, "ProbeFailed", workload))

    def slow(self, begin: float, workload: Workload) -> None:
        """Its requests take long, and some fail for that."""
        self.says(self.of_service(begin, "HighRequestLatency", workload))
        if self.chance(0.4):
            self.says(self.of_service(begin + 40, "HighErrorRate", workload))
        if self.chance(0.25):
            self.says(self.hpa(begin + 60, workload))

    def lost(self, begin: float, workload: Workload, pod: str) -> None:
        """A pod of it is not ready, and what follows from that, some of it."""
        self.says(self.of_pod(begin, "KubePodNotReady", workload, pod))
        if self.chance(0.6):
            self.says(self.replicas(begin, workload))
        if self.chance(0.25):
            self.says(self.budget(begin, workload))
        if len(workload.pods) == 1 or self.chance(0.25):
            self.errors(begin, workload)

    def scene(self, cause: str, *also: str) -> Scene:
        """Of all that was told, with bystanders; some consequences are not told, by chance."""
        right = frozenset(also) | {cause}
        once = self._once()
        leading = [one for one in once if one.leading]
        rest = [one for one in once if not one.leading]
        count = min(_MOST - _BYSTANDERS - len(leading), round(len(rest) * self.between(0.75, 1)))
        told = leading + self.source.sample(rest, count)
        first, last = min(one.after for one in told), max(one.after for one in told)
        told = [replace(one, cause=cause, after=one.after - first) for one in told]
        for _ in range(self.source.randint(1, _BYSTANDERS)):
            told.append(self._bystander(right, told, last - first))
        told.sort(key=lambda one: one.after)
        changes = tuple((name, word, begin - first) for name, word, begin in self._changes)
        told_by = frozenset(map(name_of, leading))
        calls = frozenset(self._calls)
        return Scene(tuple(told), cause, frozenset(also), told_by, calls, changes)

    def _once(self) -> list[Symptom]:
        """Each alert as it fired first: while it fires it is the same one."""
        found: dict[object, Symptom] = {}
        for one in sorted(self._told, key=lambda one: (one.after, not one.leading)):
            found.setdefault(_identity(one), one)
        return list(found.values())

    def _bystander(self, right: frozenset[str], told: list[Symptom], last: float) -> Symptom:
        """Something else at the same time that is not about the cause."""
        known = set(map(_identity, told))
        while True:
            one = storm_causes.noise(self.source, self.at)
            if not about(one, right) and _identity(one) not in known:
                return one.moved("noise", self.between(0, last))


def _identity(symptom: Symptom) -> object:
    """The same for two alerts that Alertmanager takes for one."""
    if symptom.event is not None:
        return id(symptom.event)
    return symptom.name, tuple(sorted(symptom.labels.items()))
