"""What goes wrong with a cluster as such: its control plane, and what the hub hears of it."""

import random
from collections.abc import Mapping

from contracts.clusters import Checked, ClusterState
from contracts.telemetry import BackendCircuitOpened
from tests.kit import builders
from tests.kit.storm_causes import Symptom
from tests.kit.storm_fleet import Place
from tests.replays.scene import Scene, Script, Telling
from tests.replays.words import CLUSTER


def _status(told: Telling, begin: float, state: ClusterState, reason: str) -> Symptom:
    about = {"cluster_id": told.at.id, "new_state": state, "reason": reason}
    score = 0 if state is ClusterState.OFFLINE else 60
    return told.event(begin, builders.status_changed(**about, health_score=score))


def _away(told: Telling, begin: float, backend: Checked) -> Symptom:
    opened = BackendCircuitOpened(cluster_id=told.at.id, backend=backend, reason="no answer")
    return told.event(begin, opened)


def etcd_slow(source: random.Random, at: Place) -> Scene:
    """The disks under etcd are slow: the API server is, and whatever renews a lease there."""
    told = Telling(source, at)
    etcd = {"namespace": "openshift-etcd", "job": "etcd", "service": "etcd"}
    told.tells(told.alert(0, "etcdHighCommitDurations", **etcd, pod="etcd-master-1"))
    for number in range(3):
        pod = {"pod": f"etcd-master-{number}", "instance": f"10.0.0.{number}:9979"}
        if told.chance(0.6):
            told.tells(told.alert(told.between(0, 60), "etcdHighFsyncDurations", **etcd, **pod))
    for name in ("etcdMemberCommunicationSlow", "etcdHighNumberOfLeaderChanges"):
        if told.chance(0.4):
            told.tells(told.alert(60, name, **etcd))
    api = {"namespace": "default", "job": "apiserver", "service": "kubernetes"}
    told.says(told.alert(60, "KubeAPIErrorBudgetBurn", **api, long="1h", short="5m"))
    if told.chance(0.5):
        told.says(told.alert(90, "KubeAPITerminatedRequests", **api))
    for operator in told.some(["authentication", "kube-scheduler", "console", "network"], 1, 3):
        told.says(told.operator(60, "ClusterOperatorDegraded", operator))
    _leases_lost(told)
    named = ("namespace/openshift-etcd", "service/openshift-etcd/etcd")
    return told.scene("operator/etcd", *named, "workload/openshift-etcd/etcd-master")


def _leases_lost(told: Telling) -> None:
    for workload in told.some(told.at.workloads, 4, 9):
        if told.chance(0.5):
            told.says(told.crash(told.between(0, 300), workload, workload.pods[0][0]))
        told.says(told.replicas(told.between(0, 300), workload))


def api_down(source: random.Random, at: Place) -> Scene:
    """No API server answers: controllers end, nodes are not seen; what runs goes on."""
    told = Telling(source, at)
    told.tells(told.alert(0, "KubeAPIDown", job="apiserver"))
    told.tells(_away(told, told.between(20, 60), Checked.API_SERVER))
    if told.chance(0.6):
        told.tells(_status(told, 70, ClusterState.OFFLINE, "the API server does not answer"))
    if told.chance(0.6):
        told.tells(told.operator(30, "ClusterOperatorDown", "kube-apiserver"))
    api = {"namespace": "default", "job": "apiserver", "service": "kubernetes"}
    if told.chance(0.5):
        told.tells(told.alert(-200, "KubeAPIErrorBudgetBurn", **api, long="1h", short="5m"))
    for operator in told.some(
        ["authentication", "console", "monitoring", "openshift-apiserver"], 2, 4
    ):
        told.says(told.operator(60, "ClusterOperatorDown", operator))
    for name in told.some(["v1beta1.metrics.k8s.io", "v1.route.openshift.io"], 1, 2):
        told.says(told.alert(30, "KubeAggregatedAPIDown", namespace="default", apiservice=name))
    for workload in told.some(at.workloads, 4, 8):
        if told.chance(0.6):
            told.says(told.crash(told.between(-120, 240), workload, workload.pods[0][0]))
        told.errors(told.between(-100, 300), workload)
    named = ("operator/kube-apiserver", "service/default/kubernetes")
    return told.scene(CLUSTER, *named, "namespace/openshift-kube-apiserver")


def cluster_offline(source: random.Random, at: Place) -> Scene:
    """The hub reaches nothing of a site; what its users see was told a little earlier."""
    told = Telling(source, at)
    told.tells(_status(told, 60, ClusterState.OFFLINE, "connection timed out"))
    for backend in told.some([Checked.API_SERVER, Checked.PROMETHEUS, Checked.ALERTMANAGER], 2, 3):
        told.tells(_away(told, told.between(20, 90), backend))
    if told.chance(0.4):
        told.tells(_status(told, 20, ClusterState.DEGRADED, "Prometheus does not answer"))
    nodes = told.some(at.nodes, 1, 3)
    for node in nodes:
        told.says(told.of_host(-110, "NodeNetworkInterfaceFlapping", node, device="bond0"))
    for workload in told.some(at.ours(), 3, 9):
        told.says(told.probe(told.between(-60, 0), "ProbeFailed", workload))
    return told.scene(CLUSTER)


def registry_degraded(source: random.Random, at: Place) -> Scene:
    """The cluster's own registry has no room: what is built or started anew has no image."""
    told = Telling(source, at)
    of = {"namespace": "openshift-image-registry", "job": "image-registry"}
    told.tells(told.alert(0, "ImageRegistryStorageFull", **of, service="image-registry"))
    told.tells(told.operator(0, "ClusterOperatorDegraded", "image-registry", "StorageFull"))
    if told.chance(0.5):
        told.tells(told.operator(300, "ClusterOperatorDown", "image-registry", "Unavailable"))
    for workload in told.some(at.ours(), 5, 11):
        pod = source.choice(workload.pods)[0]
        waits = {"container": workload.name, "reason": "ImagePullBackOff"}
        begin = told.between(-600, 120)
        told.says(told.of_pod(begin, "KubeContainerWaiting", workload, pod, **waits))
        told.lost(begin, workload, pod)
    part = "openshift-image-registry/image-registry"
    named = ("namespace/openshift-image-registry", f"workload/{part}", f"service/{part}")
    return told.scene("operator/image-registry", *named)


def prometheus_away(source: random.Random, at: Place) -> Scene:
    """A cluster's Prometheus has ended: the hub's circuit opens, and its alerts are missing.

    What is told of workloads comes from the Prometheus of the users' own projects.
    """
    told = Telling(source, at)
    of = {"namespace": "openshift-monitoring", "job": "kubelet", "node": told.node()}
    claim = {"persistentvolumeclaim": "prometheus-k8s-db-prometheus-k8s-0"}
    if told.chance(0.5):
        told.tells(told.alert(-900, "KubePersistentVolumeFillingUp", **of, **claim))
    if told.chance(0.4):
        pod = {"pod": "prometheus-k8s-1", "namespace": "openshift-monitoring"}
        told.tells(told.alert(-700, "PrometheusNotConnectedToAlertmanagers", **pod))
    told.tells(_away(told, told.between(20, 60), Checked.PROMETHEUS))
    told.tells(_status(told, told.between(60, 120), ClusterState.DEGRADED, "Prometheus is away"))
    for workload in told.some(at.ours(), 3, 7):
        scaler = {"namespace": workload.namespace, "horizontalpodautoscaler": workload.name}
        # Without metrics nothing is scaled.
        if told.chance(0.6):
            told.says(told.alert(-400, "KubeHpaReplicasMismatch", **scaler))
        told.slow(told.between(-330, 240), workload)
    named = ("operator/monitoring", "workload/openshift-monitoring/prometheus-k8s", CLUSTER)
    return told.scene("namespace/openshift-monitoring", *named)


PLATFORM: Mapping[str, Script] = {
    "etcd slow": etcd_slow,
    "api down": api_down,
    "cluster offline": cluster_offline,
    "registry degraded": registry_degraded,
    "prometheus away": prometheus_away,
}
