"""What metrics, logs and traces would show of a scene, as an analysis that looks at them sees it.

Drawn from what went on, not from what the analysis wants: the metrics are those that the alerts
come from, requests fail where the scene lets them fail, and somebody always rolls out something
that has nothing to do with it. Not every cluster keeps logs or traces.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.incidents import Signal
from contracts.rca_seen import RcaCall, RcaLive, RcaPlaced, RcaSeen
from services.rca.live.focus import Focus, focuses
from services.rca.live.probes import PROBES
from tests.kit.samples import START
from tests.kit.storm_causes import Symptom
from tests.kit.storm_fleet import Place, Workload
from tests.replays.rules import RULES
from tests.replays.scene import Scene

_KEEPS_LOGS, _KEEPS_TRACES = 0.7, 0.7
_FAILED, _SLOW = "HighErrorRate", "HighRequestLatency"
_ROLLED_OUT, _CONFIGURED = 0.15, 0.08
"""How likely a namespace sees such a change within the time, whatever else happens."""
_SHARE = 0.3
"""Of the failed requests: fewer that begin somewhere are not told."""
_GRAVE = {each.name: each.severity for each in PROBES}
_METRICS: Mapping[str, str] = {
    "KubePodCrashLooping": "CRASH_LOOPS",
    "KubeContainerOOMKilled": "OOM_KILLED",
    "KubePersistentVolumeFillingUp": "VOLUME_FULL",
    "KubeQuotaFullyUsed": "QUOTA_FULL",
    "KubeQuotaExceeded": "QUOTA_FULL",
    "KubeNodeNotReady": "NODE_NOT_READY",
    "KubeNodeUnreachable": "NODE_NOT_READY",
    "KubeNodePressure": "NODE_PRESSURE",
}
_WAITS: Mapping[str, str] = {
    "ImagePullBackOff": "IMAGE_NOT_PULLED",
    "ErrImagePull": "IMAGE_NOT_PULLED",
    "CreateContainerConfigError": "CONFIG_ERROR",
    "CrashLoopBackOff": "CRASH_LOOPS",
}
_WORDS: tuple[tuple[str, str], ...] = (
    ("CoreDNS", "LOG_DNS"),
    ("Cert", "LOG_CERTIFICATE"),
    ("PostgreSQL", "LOG_DATABASE"),
    ("Quota", "LOG_QUOTA"),
)
"""What those that suffer write, by a word of what tells of the cause."""
_SUFFERS = ("LOG_CANNOT_REACH", "LOG_TIMEOUT", "LOG_NEW_ERRORS")
_ENDS = ("LOG_PANIC", "LOG_CANNOT_REACH", "LOG_NEW_ERRORS")
"""What a container writes last."""


def observed(scene: Scene, at: Place, signals: Sequence[Signal], source: random.Random) -> RcaLive:
    """All that one look at the cluster would show."""
    end = max(each.started_at for each in signals) + timedelta(minutes=1)
    looks = focuses(signals, START - timedelta(hours=1), end)
    focus = next((each for each in looks if each.cluster_id == at.id), None)
    if focus is None or "CLUSTER_OFFLINE" in scene.tells:
        return RcaLive()
    cluster = _Cluster(scene, at, focus, source)
    has_metrics = "PROMETHEUS_AWAY" not in scene.tells
    seen = [*cluster.metrics(), *cluster.changes()] if has_metrics else []
    seen += cluster.logs() if source.random() < _KEEPS_LOGS else []
    calls: list[RcaCall] = []
    if source.random() < _KEEPS_TRACES:
        seen += cluster.traces()
        calls = cluster.calls()
    placed = tuple(cluster.placed()) if has_metrics else ()
    return RcaLive(seen=tuple(seen[:80]), calls=tuple(calls[:300]), placed=placed)


def concealed(live: RcaLive, scene: Scene) -> RcaLive:
    """The same without anything about the cause."""
    left = tuple(each for each in live.seen if scene.right.isdisjoint(each.where))
    return live.model_copy(update={"seen": left})


@dataclass(frozen=True)
class _Cluster:
    scene: Scene
    at: Place
    focus: Focus
    source: random.Random

    # What metrics show.

    def metrics(self) -> list[RcaSeen]:
        found: dict[object, RcaSeen] = {}
        for one in self._alerts():
            name = _WAITS.get(one.labels.get("reason", ""), "") or _METRICS.get(one.name, "")
            if one.name not in (*_METRICS, "KubeContainerWaiting") or not name:
                continue
            where, began = self._place_of(one), self._began(one)
            # What was so from the beginning is nothing new.
            if where and began > self.focus.since and self._is_asked(where):
                seen = self._seen(Checked.PROMETHEUS, name, where, began)
                found.setdefault((name, where), seen)
        return list(found.values())

    def changes(self) -> list[RcaSeen]:
        """Rollouts and changed configurations: of the cause, and of whoever else."""
        found = [
            self._seen(Checked.PROMETHEUS, name, (where,), START + timedelta(seconds=after))
            for name, where, after in self.scene.changes
        ]
        for namespace in self.focus.namespaces:
            there = [one for one in self._ours() if one.namespace == namespace]
            if there and self.source.random() < _ROLLED_OUT:
                one = self.source.choice(there)
                where = (one.word,)
                found.append(self._seen(Checked.PROMETHEUS, "ROLLOUT_BEGAN", where, self._ever()))
            if there and self.source.random() < _CONFIGURED:
                where = (f"config/{namespace}/{self.source.choice(there).name}-config",)
                found.append(self._seen(Checked.PROMETHEUS, "CONFIG_CHANGED", where, self._ever()))
        inside = range(int(self.focus.since.timestamp()), int(self.focus.until.timestamp()) + 1)
        return [
            each
            for each in found
            if each.began_at is not None
            and int(each.began_at.timestamp()) in inside
            and self._is_asked(each.where)
        ]

    def placed(self) -> Iterator[RcaPlaced]:
        for one in self.at.workloads:
            for pod, node in one.pods:
                word = f"pod/{one.namespace}/{pod}"
                if word in self.focus.pods:
                    yield RcaPlaced(cluster_id=self.at.id, pod=word, node=f"node/{node}")

    # What logs show.

    def logs(self) -> list[RcaSeen]:
        found: dict[object, RcaSeen] = {}
        for one in self._alerts():
            name, where = self._written(one)
            if name and where and self._is_asked(where):
                began = self._began(one) + timedelta(seconds=self.source.uniform(0, 60))
                if self.focus.since < began < self.focus.until:
                    seen = self._seen(Checked.LOKI, name, where, began)
                    found.setdefault((name, where), seen)
        return list(found.values())[:12]

    def _written(self, one: Symptom) -> tuple[str, tuple[str, ...]]:
        source = self.source
        if one.name in (_FAILED, _SLOW) and source.random() < 0.7:
            workload = self._workload(one.labels["namespace"], one.labels["service"])
            return self._suffers(), (workload.word,) if workload is not None else ()
        if one.name == "KubePodCrashLooping" and source.random() < 0.5:
            wrong = one.leading and any(name == "CONFIG_CHANGED" for name, *_ in self.scene.changes)
            return "LOG_CONFIG" if wrong else source.choice(_ENDS), self._place_of(one)
        if one.name == "KubePersistentVolumeFillingUp" and source.random() < 0.8:
            return "LOG_DISK_FULL", self._place_of(one, "pvc")
        return "", ()

    def _suffers(self) -> str:
        tells = " ".join(self.scene.tells)
        known = next((name for word, name in _WORDS if word in tells), None)
        return known or self.source.choice(_SUFFERS)

    # What traces show.

    def traces(self) -> list[RcaSeen]:
        """Where errors begin, and whose own time grew."""
        seen = [
            self._undated(name, entity)
            for (name, entity), share in self._origins().items()
            if share >= _SHARE
        ]
        for one in self._alerts():
            if one.name in (_SLOW, "PostgreSQLSlowQueries") and one.leading:
                workload = self._workload(one.labels["namespace"], one.labels["service"])
                # Few databases tell of what they do: their clients' spans do.
                told = 0.8 if workload is not None and workload.kind == "deployment" else 0.3
                if workload is not None and self.source.random() < told:
                    seen.append(self._undated("OWN_TIME_GREW", workload.word))
        return [each for each in seen if self._is_asked(each.where)]

    def _origins(self) -> dict[tuple[str, str], float]:
        """Where failed requests begin to fail, by what traces say of it.

        With what answers wrong; else with what those that fail ask and have no answer from; else
        with themselves, or with something that they ask and that nothing is known of.
        """
        failing = [one for one in self._alerts() if one.name in (_FAILED, "IstioHigh5xxErrorRate")]
        wrong = {self._answers(one) for one in failing if one.leading}
        counted: Counter[tuple[str, str]] = Counter()
        for one in failing:
            entity = self._answers(one)
            called = sorted(callee for caller, callee in self.scene.calls if caller == entity)
            answering = [callee for callee in called if callee in wrong]
            if entity in wrong or answering:
                origin = "ERRORS_BEGIN_HERE", (answering or [entity])[0]
            elif called:
                origin = "CALLS_TO_IT_FAIL", called[0]
            else:
                origin = self.source.choice(("ERRORS_BEGIN_HERE", "CALLS_FAIL")), entity
            counted[origin] += self.source.randint(1, 6)
        total = sum(counted.values())
        return {origin: count / total for origin, count in counted.items()}

    def _answers(self, one: Symptom) -> str:
        return f"workload/{one.labels['namespace']}/{one.labels['service']}"

    def calls(self) -> list[RcaCall]:
        """Those of the scene, and what else calls what in these namespaces; not all are seen."""
        found = {each for each in self.scene.calls if self.source.random() < 0.9}
        for namespace in self.focus.namespaces:
            there = [one for one in self._ours() if one.namespace == namespace]
            for number, caller in enumerate(there):
                for callee in self.source.sample(
                    there[number + 1 :], min(2, len(there) - 1 - number)
                ):
                    if self.source.random() < 0.5 and (callee.word, caller.word) not in found:
                        found.add((caller.word, callee.word))
        return [
            RcaCall(cluster_id=self.at.id, caller=caller, callee=callee)
            for caller, callee in sorted(found)
        ]

    # Words.

    def _alerts(self) -> Iterable[Symptom]:
        return [one for one in self.scene.symptoms if one.event is None]

    def _ours(self) -> list[Workload]:
        return self.at.ours()

    def _began(self, one: Symptom) -> datetime:
        minutes, _ = RULES.get(one.name, (5, None))
        return START + timedelta(seconds=one.after - 60 * minutes)

    def _ever(self) -> datetime:
        return self.focus.since + timedelta(seconds=self.source.uniform(0, self.focus.seconds))

    def _place_of(self, one: Symptom, kind: str = "") -> tuple[str, ...]:
        labels = one.labels
        namespace = labels.get("namespace", "")
        if claim := labels.get("persistentvolumeclaim"):
            if not kind:
                return (f"pvc/{namespace}/{claim}",)
            return self._of_pod(namespace, claim.removeprefix("data-"))
        if "resourcequota" in labels:
            return (f"namespace/{namespace}",)
        if pod := labels.get("pod"):
            return self._of_pod(namespace, pod)
        return (f"node/{labels['node']}",) if labels.get("node") else ()

    def _of_pod(self, namespace: str, pod: str) -> tuple[str, ...]:
        for one in self.at.workloads:
            for name, node in one.pods:
                if (one.namespace, name) == (namespace, pod):
                    return f"pod/{namespace}/{pod}", one.word, f"node/{node}"
        return ()

    def _workload(self, namespace: str, name: str) -> Workload | None:
        there = (one for one in self.at.workloads if one.namespace == namespace)
        return next((one for one in there if one.name == name), None)

    def _is_asked(self, where: Sequence[str]) -> bool:
        kind, _, rest = where[0].partition("/")
        return kind == "node" or rest.partition("/")[0] in self.focus.namespaces

    def _undated(self, name: str, entity: str) -> RcaSeen:
        return self._seen(Checked.TEMPO, name, (entity,), None)

    def _seen(
        self, backend: Checked, name: str, where: tuple[str, ...], began: datetime | None
    ) -> RcaSeen:
        return RcaSeen(
            cluster_id=self.at.id,
            backend=backend,
            name=name,
            severity=_GRAVE.get(name, Severity.WARNING),
            where=where,
            text="as the script has it",
            query="{}",
            start=self.focus.since,
            end=self.focus.until,
            began_at=began,
            precision_seconds=0 if began is None else self.focus.step,
        )
