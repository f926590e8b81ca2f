"""What goes wrong in storms, and what alerts follow, in seconds after it began."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts.alerts import Severity
from contracts.clusters import Checked, ClusterState
from contracts.envelope import Event
from contracts.gpu import GpuMetric
from contracts.telemetry import BackendCircuitOpened
from tests.kit import builders
from tests.kit.storm_fleet import Place, Workload

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
_STATE = {"job": "kube-state-metrics", "container": "kube-rbac-proxy-main"}
_OF_EXPORTER = _STATE | {"namespace": "openshift-monitoring", "service": "kube-state-metrics"}
_MINUTE = 60.0


@dataclass(frozen=True)
class Symptom:
    """Something that is told of a cause."""

    after: float
    cluster: Place
    name: str = ""
    severity: Severity = WARNING
    labels: dict[str, str] = field(default_factory=dict[str, str])
    event: Event | None = None
    """Instead of an alert."""
    leading: bool = False
    """Told in every storm of this cause."""
    cause: str = ""

    def moved(self, cause: str, after: float) -> "Symptom":
        return replace(self, cause=cause, after=after)

    def again(self, number: int, later: float) -> "Symptom":
        """The same, fired anew: another occurrence."""
        return replace(self, after=self.after + number * later)


Script = Callable[[random.Random, Place, Sequence[Place]], Iterator[Symptom]]


def _pod(
    at: Place, name: str, workload: Workload, pod: str, after: float, **labels: str
) -> Symptom:
    """Of a pod: its alerts know no node."""
    told = {"namespace": workload.namespace, "pod": pod, "job": "kube-state-metrics"}
    return Symptom(after, at, name, WARNING, told | labels)


_OF_KINDS = {
    "deployment": "KubeDeploymentReplicasMismatch",
    "statefulset": "KubeStatefulSetReplicasMismatch",
    "daemonset": "KubeDaemonSetRolloutStuck",
}


def _workload(at: Place, workload: Workload, after: float) -> Symptom:
    told = _STATE | {"namespace": workload.namespace, workload.kind: workload.name}
    return Symptom(after, at, _OF_KINDS[workload.kind], WARNING, told)


def _broken(
    source: random.Random, at: Place, workload: Workload, pods: Sequence[str], after: float
) -> Iterator[Symptom]:
    """Pods that do not get ready, and what they are part of."""
    for pod in pods:
        begin = after + source.expovariate(1 / 60)
        yield _pod(at, "KubePodNotReady", workload, pod, begin)
        if source.random() < 0.6:
            waits = {"container": workload.name, "reason": "ContainerCreating"}
            yield _pod(at, "KubeContainerWaiting", workload, pod, begin + 120, **waits)
    yield _workload(at, workload, after + source.uniform(150, 480))
    if source.random() < 0.25:
        told = _STATE | {"namespace": workload.namespace, "poddisruptionbudget": workload.name}
        yield Symptom(after + 300, at, "KubePdbNotEnoughHealthyPods", WARNING, told)


def nodes_die(source: random.Random, at: Place, fleet: Sequence[Place]) -> Iterator[Symptom]:
    """One node, or some of a rack."""
    first = source.randrange(len(at.nodes) - 3)
    dead = at.nodes[first : first + source.choice((1, 1, 2, 3))]
    for node in dead:
        begin = source.uniform(0, 20)
        told = _OF_EXPORTER | {"node": node}
        ready = told | {"condition": "Ready", "status": "true"}
        yield Symptom(begin + 60, at, "KubeNodeNotReady", CRITICAL, ready, leading=True)
        yield Symptom(begin + 90, at, "KubeNodeUnreachable", WARNING, told, leading=True)
        target = {"job": "node-exporter", "instance": f"{at.addresses[node]}:9100"}
        yield Symptom(begin + 40, at, "NodeExporterDown", WARNING, target, leading=True)
    for service in ("kubelet", "node-exporter", "multus", "ovnkube-node"):
        told = {"job": service, "namespace": f"openshift-{service}", "service": service}
        yield Symptom(source.uniform(60, 240), at, "TargetDown", WARNING, told)
    for workload in at.workloads:
        lost = [pod for pod, node in workload.pods if node in dead]
        if lost:
            yield from _broken(source, at, workload, lost, source.uniform(60, 240))
            if source.random() < 0.1:
                told = {"namespace": workload.namespace, "service": workload.name}
                yield Symptom(source.uniform(60, 400), at, "HighErrorRate", CRITICAL, told)


def storage(source: random.Random, at: Place, fleet: Sequence[Place]) -> Iterator[Symptom]:
    """The storage of some namespaces does not answer."""
    ceph = {"namespace": "openshift-storage", "job": "rook-ceph-mgr", "managedBy": "ocs"}
    yield Symptom(0, at, "CephClusterErrorState", CRITICAL, ceph, leading=True)
    for daemon in range(3):
        told = ceph | {"ceph_daemon": f"osd.{daemon}"}
        yield Symptom(source.uniform(0, 60), at, "CephOSDDown", CRITICAL, told, leading=True)
    names = sorted({workload.namespace for workload in at.ours()})
    hit = source.sample(names, source.choice((1, 2, 3)))
    for workload in at.ours():
        if workload.namespace not in hit:
            continue
        pods = [pod for pod, _ in workload.pods]
        yield from _broken(source, at, workload, pods, source.uniform(30, 300))
        for claim in workload.claims:
            told = {"namespace": workload.namespace, "persistentvolumeclaim": claim}
            told |= {"job": "kubelet", "node": source.choice(at.nodes)}
            name = "KubePersistentVolumeErrors"
            yield Symptom(source.uniform(20, 200), at, name, CRITICAL, told)


def ingress(source: random.Random, at: Place, fleet: Sequence[Place]) -> Iterator[Symptom]:
    """Requests from outside fail for all."""
    told = {"namespace": "openshift-ingress", "job": "router-internal-default"}
    for pod in ("router-default-7d9c6f5b8-2xkzq", "router-default-7d9c6f5b8-9wvtl"):
        yield Symptom(0, at, "HAProxyDown", CRITICAL, told | {"pod": pod}, leading=True)
    degraded = {"name": "ingress", "namespace": "openshift-cluster-version"}
    yield Symptom(90, at, "ClusterOperatorDegraded", WARNING, degraded, leading=True)
    for workload in at.ours():
        place = {"namespace": workload.namespace, "service": workload.name}
        begin = source.uniform(20, 260)
        yield Symptom(begin, at, "HighErrorRate", CRITICAL, place)
        yield Symptom(begin + 60, at, "HighRequestLatency", WARNING, place)
        probe = {"job": "blackbox", "instance": f"https://{workload.name}.{workload.namespace}.io"}
        yield Symptom(begin + 30, at, "ProbeFailed", WARNING, probe | place)
        told = _STATE | {"namespace": workload.namespace, "horizontalpodautoscaler": workload.name}
        yield Symptom(begin + 300, at, "KubeHpaMaxedOut", WARNING, told)


def gpus_overheat(source: random.Random, at: Place, fleet: Sequence[Place]) -> Iterator[Symptom]:
    """A node with GPUs gets hot, GPUs fall off the bus, and what trains there fails."""
    node = source.choice(at.nodes)
    there = [one for one in at.ours() if any(on == node for _, on in one.pods)]
    for index in range(8):
        uuid = f"GPU-{index}a1b2c3d-{at.name}"
        about = {"cluster_id": at.id, "node_name": node, "gpu_uuid": uuid, "gpu_index": index}
        about |= {"pod": None, "pod_namespace": None}
        for metric in (GpuMetric.TEMPERATURE, GpuMetric.POWER_DRAW):
            hot = builders.threshold_crossed(**about, metric=metric)
            yield Symptom(source.uniform(0, 90), at, event=hot, leading=True)
        if source.random() < 0.5:
            error = builders.xid_error(**about)
            yield Symptom(source.uniform(60, 200), at, event=error, leading=True)
        exporter = {"job": "nvidia-dcgm-exporter", "namespace": "nvidia-gpu-operator"}
        told = exporter | {"Hostname": node, "UUID": uuid, "gpu": str(index)}
        for name in ("GPUHighTemperature", "GPUThermalThrottling", "GPUXidError"):
            yield Symptom(source.uniform(30, 240), at, name, CRITICAL, told)
            for number in range(12):
                mig = told | {"GPU_I_ID": str(number)}
                yield Symptom(source.uniform(60, 500), at, name, WARNING, mig)
    for workload in there:
        lost = [pod for pod, on in workload.pods if on == node]
        for pod in lost:
            crash = {"container": workload.name, "reason": "CrashLoopBackOff"}
            begin = source.uniform(90, 400)
            yield _pod(at, "KubePodCrashLooping", workload, pod, begin, **crash)
        yield from _broken(source, at, workload, lost, source.uniform(90, 400))


def cluster_away(source: random.Random, at: Place, fleet: Sequence[Place]) -> Iterator[Symptom]:
    """The API servers of a cluster do not answer, and what needs them fails."""
    status = {"cluster_id": at.id, "new_state": ClusterState.OFFLINE, "health_score": 0}
    yield Symptom(20, at, event=builders.status_changed(**status), leading=True)
    for backend in (Checked.API_SERVER, Checked.PROMETHEUS):
        opened = BackendCircuitOpened(cluster_id=at.id, backend=backend, reason="no answer")
        yield Symptom(source.uniform(10, 60), at, event=opened, leading=True)
    yield Symptom(60, at, "KubeAPIDown", CRITICAL, {"job": "apiserver"}, leading=True)
    yield Symptom(45, at, "etcdNoLeader", CRITICAL, {"job": "etcd"}, leading=True)
    for name in ("authentication", "console", "monitoring", "ingress", "openshift-apiserver"):
        told = {"name": name, "namespace": "openshift-cluster-version"}
        yield Symptom(source.uniform(90, 300), at, "ClusterOperatorDown", CRITICAL, told)
    for node in at.nodes:
        told = _OF_EXPORTER | {"node": node, "condition": "Ready", "status": "true"}
        yield Symptom(source.uniform(60, 200), at, "KubeNodeNotReady", CRITICAL, told)
    for workload in at.workloads:
        told = {"job": workload.name, "namespace": workload.namespace, "service": workload.name}
        yield Symptom(source.uniform(60, 360), at, "TargetDown", WARNING, told)
        pods = [pod for pod, _ in workload.pods]
        yield from _broken(source, at, workload, pods, source.uniform(90, 420))


def certificates(source: random.Random, at: Place, fleet: Sequence[Place]) -> Iterator[Symptom]:
    """Names are not resolved, or a common authority has run out, in most clusters."""
    hit = source.sample(list(fleet), int(len(fleet) * source.uniform(0.5, 0.9)))
    for cluster in hit:
        begin = source.uniform(0, 150)
        told = {"namespace": "openshift-dns", "job": "dns-default", "service": "dns-default"}
        for zone in ("corp.example.com.", "."):
            about = told | {"zone": zone}
            yield Symptom(begin, cluster, "CoreDNSErrorsHigh", CRITICAL, about, leading=True)
        about = told | {"to": "10.0.0.53:53"}
        name = "CoreDNSForwardErrorsHigh"
        yield Symptom(begin + 20, cluster, name, WARNING, about, leading=True)
        for workload in source.sample(cluster.ours(), min(30, len(cluster.ours()))):
            place = {"namespace": workload.namespace, "service": workload.name}
            later = begin + source.uniform(30, 300)
            yield Symptom(later, cluster, "HighErrorRate", CRITICAL, place)
            host = f"https://{workload.name}.{workload.namespace}.{cluster.name}.io"
            probe = {"job": "blackbox", "instance": host}
            yield Symptom(later + 30, cluster, "ProbeFailed", WARNING, probe | place)
            for pod, _ in workload.pods[:2]:
                pull = {"container": workload.name, "reason": "ImagePullBackOff"}
                yield _pod(cluster, "KubeContainerWaiting", workload, pod, later + 60, **pull)


def rollout(source: random.Random, at: Place, fleet: Sequence[Place]) -> Iterator[Symptom]:
    """A new version of one deployment does not start, and its callers fail."""
    bad = max(source.sample(at.ours(), 5), key=lambda one: len(one.pods))
    for pod, _ in bad.pods:
        for container in (bad.name, "istio-proxy", "init-db", "agent"):
            crash = {"container": container, "reason": "CrashLoopBackOff"}
            begin = source.uniform(0, 200)
            leading = container == bad.name
            told = _pod(at, "KubePodCrashLooping", bad, pod, begin, **crash)
            yield replace(told, leading=leading)
            yield _pod(at, "KubeContainerWaiting", bad, pod, begin + 100, **crash)
        yield _pod(at, "KubePodNotReady", bad, pod, source.uniform(60, 240))
    yield replace(_workload(at, bad, 180), leading=True)
    told = _STATE | {"namespace": bad.namespace, "deployment": bad.name}
    yield Symptom(200, at, "KubeDeploymentRolloutStuck", WARNING, told, leading=True)
    callers = [one for one in at.ours() if one.namespace == bad.namespace]
    for caller in callers:
        for path in range(25):
            place = {"namespace": caller.namespace, "service": caller.name, "route": f"/v1/{path}"}
            begin = source.uniform(30, 500)
            yield Symptom(begin, at, "HighErrorRate", CRITICAL, place)
            yield Symptom(begin + 60, at, "HighRequestLatency", WARNING, place)


WIDE = frozenset({"cluster away", "ingress"})
"""Two that reach all of a cluster are never in the same one: what is of which, nobody could say."""

CAUSES: Mapping[str, Script] = {
    "nodes die": nodes_die,
    "storage": storage,
    "ingress": ingress,
    "gpus overheat": gpus_overheat,
    "cluster away": cluster_away,
    "names or certificates": certificates,
    "bad rollout": rollout,
}


def noise(source: random.Random, at: Place) -> Symptom:
    """Something that goes wrong on its own."""
    workload = source.choice(at.workloads)
    pod, node = source.choice(workload.pods)
    in_namespace = {"namespace": workload.namespace}
    of_pod = in_namespace | {"pod": pod, "container": workload.name}
    of_node = {"job": "node-exporter", "namespace": "openshift-monitoring"}
    of_node |= {"instance": f"{at.addresses[node]}:9100"}
    kinds: list[tuple[str, Severity, dict[str, str]]] = [
        ("CPUThrottlingHigh", INFO, of_pod),
        ("KubePodCrashLooping", WARNING, of_pod | {"reason": "CrashLoopBackOff"}),
        ("KubePodNotReady", WARNING, in_namespace | {"pod": pod}),
        ("KubeJobFailed", WARNING, _STATE | in_namespace | {"job_name": f"{workload.name}-2819"}),
        ("KubeHpaMaxedOut", WARNING, in_namespace | {"horizontalpodautoscaler": workload.name}),
        ("KubeQuotaAlmostFull", INFO, in_namespace | {"resourcequota": "compute"}),
        ("NodeFilesystemSpaceFillingUp", WARNING, of_node | {"mountpoint": "/var"}),
        ("NodeClockNotSynchronising", WARNING, of_node),
        ("NodeHighNumberConntrackEntriesUsed", WARNING, of_node),
        ("CertManagerCertExpirySoon", WARNING, in_namespace | {"name": f"{workload.name}-tls"}),
        ("HighRequestLatency", WARNING, in_namespace | {"service": workload.name}),
        ("KubeMemoryOvercommit", WARNING, {}),
        ("etcdHighFsyncDurations", WARNING, {"job": "etcd", "instance": "10.0.0.1:2379"}),
        ("HighPtpSyncDelay", WARNING, {"node": node, "iface": "ens1f0", "process": "ptp4l"}),
        ("PrometheusRuleFailures", WARNING, {"namespace": "openshift-monitoring"}),
    ]
    name, severity, labels = source.choice(kinds)
    return Symptom(0, at, name, severity, labels | {"prometheus": "openshift-monitoring/k8s"})
