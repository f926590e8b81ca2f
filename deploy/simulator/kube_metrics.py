"""What kube-state-metrics says of a simulated cluster.

Names and labels: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

from deploy.simulator import objects, rollout, telco
from deploy.simulator.cluster import Cluster, Node, Pod
from deploy.simulator.series import Found, Metric, constant
from deploy.simulator.workloads import Workload

_PHASES = ("Pending", "Succeeded", "Failed", "Unknown", "Running")
_RUNNING = "Running"
_UNNAMED = re.compile(r"[^a-zA-Z0-9_]")
"""What may not be in the name of a resource here."""
_QUANTITY = re.compile(r"(\d+)(Mi|Gi|)")
_UNITS = {"": 1, "Mi": 2**20, "Gi": 2**30}
_CRASHING = "CrashLoopBackOff"
_BEGAN = datetime.fromisoformat(objects.CREATED).timestamp()


def _named(cluster: Cluster, pod: Pod) -> dict[str, str]:
    return {"namespace": pod.namespace, "pod": pod.name, "uid": objects.pod_uid(cluster, pod)}


def _info(cluster: Cluster) -> Found:
    for pod in cluster.pods():
        owner, _, suffix = pod.name.rpartition("-")
        kind = "StatefulSet" if suffix.isdecimal() and owner == pod.app else "ReplicaSet"
        made_by = {"created_by_kind": kind, "created_by_name": owner}
        yield _named(cluster, pod) | {"node": pod.node, **made_by}, _one


_one = constant(1.0)
_none = constant(0.0)


def _phases(cluster: Cluster) -> Found:
    for pod in cluster.pods():
        named = _named(cluster, pod)
        for phase in _PHASES:
            yield named | {"phase": phase}, _one if phase == _RUNNING else _none


def _readiness(cluster: Cluster) -> Found:
    for pod in cluster.pods():
        named = _named(cluster, pod)
        yield named | {"condition": "true"}, partial(_ready, cluster, pod)
        yield named | {"condition": "false"}, partial(_not_ready, cluster, pod)
        yield named | {"condition": "unknown"}, _none


def _ready(cluster: Cluster, pod: Pod, at: float) -> float:
    return float(not telco.crashing(cluster, pod, at))


def _not_ready(cluster: Cluster, pod: Pod, at: float) -> float:
    return float(telco.crashing(cluster, pod, at))


def _restarts(cluster: Cluster) -> Found:
    for pod in cluster.pods():
        labels = _named(cluster, pod) | {"container": pod.container, "node": pod.node}
        yield labels, partial(_restarted, cluster, pod)


def _restarted(cluster: Cluster, pod: Pod, at: float) -> float:
    return float(telco.restarts(cluster, pod, at))


def _waiting(cluster: Cluster) -> Found:
    """There is a series only while something waits."""
    for pod in telco.functions(cluster):
        labels = _named(cluster, pod) | {"container": pod.container, "reason": _CRASHING}
        yield labels, partial(_waits, cluster, pod)


def _waits(cluster: Cluster, pod: Pod, at: float) -> float | None:
    return 1.0 if telco.crashing(cluster, pod, at) else None


def _replica_sets(cluster: Cluster) -> Iterator[tuple[dict[str, str], Workload, bool]]:
    for workload in cluster.workloads:
        if not workload.stateful:
            for name, is_bad in rollout.versions(cluster, workload):
                yield {"namespace": workload.namespace, "replicaset": name}, workload, is_bad


def _owners(cluster: Cluster) -> Found:
    for labels, workload, is_bad in _replica_sets(cluster):
        owner = {"owner_kind": "Deployment", "owner_name": workload.app}
        yield labels | owner, partial(_is_there, cluster) if is_bad else _one


def _is_there(cluster: Cluster, at: float) -> float | None:
    return None if rollout.rolled(cluster, at) is None else 1.0


def _created(cluster: Cluster) -> Found:
    for labels, _, is_bad in _replica_sets(cluster):
        yield labels, partial(rollout.rolled, cluster) if is_bad else constant(_BEGAN)


def _of_nodes(cluster: Cluster, which: str) -> Found:
    for node in cluster.nodes():
        for resource, quantity in objects.node(cluster, node)["status"]["capacity"].items():
            labels = {"node": node.name, **_resource(resource, quantity)}
            yield labels, partial(_offered, cluster, node, which, resource)


def _offered(cluster: Cluster, node: Node, which: str, resource: str, at: float) -> float:
    now = datetime.fromtimestamp(at, UTC)
    made = objects.node_now(cluster, node, objects.node(cluster, node), now)
    return _amount(made["status"][which][resource])


def _resource(name: str, quantity: str) -> dict[str, str]:
    unit = "core" if name == "cpu" else "integer" if quantity.isdecimal() else "byte"
    return {"resource": _UNNAMED.sub("_", name), "unit": unit}


def _amount(quantity: str) -> float:
    found = _QUANTITY.fullmatch(quantity)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def _requests(cluster: Cluster) -> Found:
    for pod in cluster.pods():
        for name, quantity in objects.requests(cluster, pod).items():
            labels = {"container": pod.container, "node": pod.node, **_resource(name, quantity)}
            yield _named(cluster, pod) | labels, constant(_amount(quantity))


METRICS: Mapping[str, Metric] = {
    "kube_pod_info": Metric("gauge", "Information about pod.", _info),
    "kube_replicaset_owner": Metric("gauge", "Information about the ReplicaSet's owner.", _owners),
    "kube_replicaset_created": Metric("gauge", "Unix creation timestamp.", _created),
    "kube_pod_status_phase": Metric("gauge", "The pods current phase.", _phases),
    "kube_pod_status_ready": Metric(
        "gauge", "Describes whether the pod is ready to serve requests.", _readiness
    ),
    "kube_pod_container_status_restarts_total": Metric(
        "counter", "The number of container restarts per container.", _restarts
    ),
    "kube_pod_container_status_waiting_reason": Metric(
        "gauge", "Describes the reason the container is currently in waiting state.", _waiting
    ),
    "kube_pod_container_resource_requests": Metric(
        "gauge", "The number of requested request resource by a container.", _requests
    ),
    "kube_node_status_allocatable": Metric(
        "gauge",
        "The allocatable for different resources of a node that are available for scheduling.",
        partial(_of_nodes, which="allocatable"),
    ),
    "kube_node_status_capacity": Metric(
        "gauge",
        "The capacity for different resources of a node.",
        partial(_of_nodes, which="capacity"),
    ),
}
