"""Kubernetes objects, made from the descriptions of a fleet."""

import base64
import hashlib
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from deploy.simulator import gpus, telco
from deploy.simulator.cluster import Cluster, Node, Pod
from deploy.simulator.workloads import Service

Json = dict[str, Any]

SIMULATED = {"aiops.simulated": "true"}
"""The label that everything carries here."""
CREATED = "2026-01-01T00:00:00Z"
PTP = "openshift-ptp"
SRIOV = "openshift-sriov-network-operator"
"""The namespaces of the two operators, and of their objects."""
POD_PHASE = "Running"
"""How far every pod has come."""
_APP_NAMES = {"prometheus-k8s": "prometheus", "alertmanager-main": "alertmanager"}
_COMPONENTS = {"nvidia-driver-daemonset": "nvidia-driver"}
_CRASHED = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
_HUGE = {"hugepages-1Gi": "4Gi"}


def namespace(cluster: Cluster, name: str) -> Json:
    """A namespace."""
    meta = metadata(cluster, name, labels={"kubernetes.io/metadata.name": name})
    return {"metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": _phase("Active")}


def node(cluster: Cluster, described: Node) -> Json:
    """A node with its labels and capacity."""
    labels = {
        "kubernetes.io/hostname": described.name,
        "kubernetes.io/os": "linux",
        f"node-role.kubernetes.io/{described.role}": "",
    }
    capacity = {"cpu": "32", "memory": "131072Mi", "pods": "250"}
    if described.gpus:
        capacity |= _gpu_capacity(cluster, described)
        labels |= {
            "nvidia.com/gpu.present": "true",
            "nvidia.com/gpu.count": str(described.gpus),
            "nvidia.com/gpu.product": described.gpu_type or "",
        }
    if described.name in {each.name for each in cluster.cnf_nodes()}:
        capacity |= {pool.resource: str(pool.vfs) for pool in telco.POOLS} | {
            "hugepages-1Gi": "32Gi"
        }
    return {
        "metadata": metadata(cluster, described.name, labels=labels),
        "spec": {"providerID": f"simulated:///{described.name}"},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [_condition("MemoryPressure", "False"), _condition("Ready", "True")],
            "nodeInfo": _node_info(cluster, described),
        },
    }


def _gpu_capacity(cluster: Cluster, described: Node) -> dict[str, str]:
    """Whole GPUs, and the instances of those that are cut by their profiles."""
    found: dict[str, int] = {"nvidia.com/gpu": described.gpus - described.mig}
    for card in gpus.cards(cluster).get(described.name, ()):
        for instance in card.instances:
            name = f"nvidia.com/mig-{instance.profile}"
            found[name] = found.get(name, 0) + 1
    return {name: str(number) for name, number in found.items()}


def node_now(cluster: Cluster, described: Node, made: Json, now: datetime) -> Json:
    """The node at a moment: a GPU that is lost is not to be given, nor are missing functions."""
    at, status = now.timestamp(), made["status"]
    allocatable: dict[str, str] = dict(status["capacity"])
    if described.gpus:
        there = gpus.of_node(cluster, described, at)
        whole = sum(not (each.card.instances or each.lost) for each in there)
        allocatable["nvidia.com/gpu"] = str(whole)
    for pool in telco.POOLS:
        if pool.resource in allocatable:
            left = telco.allocatable(cluster, described, pool, at)
            allocatable[pool.resource] = str(left)
    return made | {"status": status | {"allocatable": allocatable}}


def _node_info(cluster: Cluster, described: Node) -> Json:
    mark = identity(described.name)
    return {
        "architecture": "amd64",
        "bootID": mark,
        "containerRuntimeVersion": f"cri-o://1.{cluster.minor}.0",
        "kernelVersion": "5.14.0-simulated",
        "kubeProxyVersion": cluster.version,
        "kubeletVersion": cluster.version,
        "machineID": mark,
        "operatingSystem": "linux",
        "osImage": "Simulated Linux",
        "systemUUID": mark,
    }


def pod(cluster: Cluster, described: Pod) -> Json:
    """A running pod with one container."""
    app, image = described.app, f"registry.example.com/{described.app}:1.0"
    labels = {"app": app, "app.kubernetes.io/name": _APP_NAMES.get(app, app)}
    if app in _COMPONENTS:
        labels["app.kubernetes.io/component"] = _COMPONENTS[app]
    container: Json = {"name": described.container, "image": image}
    if asked := requests(cluster, described):
        container["resources"] = {"limits": asked, "requests": asked}
    return {
        "metadata": metadata(cluster, described.name, described.namespace, labels),
        "spec": {
            "nodeName": described.node,
            "hostPID": app in _COMPONENTS,
            "containers": [container],
        },
        "status": {
            "phase": POD_PHASE,
            "startTime": CREATED,
            "conditions": [_condition("Ready", "True")],
            "containerStatuses": [
                {
                    "name": described.container,
                    "containerID": f"cri-o://{container_id(cluster, described)}",
                    "image": image,
                    "imageID": f"{image}@simulated",
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": CREATED}},
                }
            ],
        },
    }


def requests(cluster: Cluster, described: Pod) -> dict[str, str]:
    """What a pod asks for beside processors and memory."""
    found = {name: str(number) for name, number in telco.asked_for(described).items()}
    if telco.uses_dpdk(described):
        found |= _HUGE
    of_gpus = gpus.requests(cluster)
    name = (described.namespace, described.name)
    return found | ({of_gpus[name]: "1"} if name in of_gpus else {})


def pod_now(cluster: Cluster, described: Pod, made: Json, now: datetime) -> Json:
    """The pod at a moment: how often it was started again, and whether it waits for the next."""
    at, status = now.timestamp(), made["status"]
    restarts = telco.restarts(cluster, described, at)
    container = status["containerStatuses"][0] | {"restartCount": restarts}
    if telco.crashing(cluster, described, at):
        ended = {"exitCode": 1, "reason": "Error", "finishedAt": CREATED}
        container |= {"ready": False, "state": {"waiting": _CRASHED}}
        container["lastState"] = {"terminated": ended}
        status = status | {"conditions": [_condition("Ready", "False")]}
    return made | {"status": status | {"containerStatuses": [container]}}


def pod_uid(cluster: Cluster, described: Pod) -> str:
    """The uid of a pod."""
    return identity(f"{cluster.name}/{described.namespace}/{described.name}")


def container_id(cluster: Cluster, described: Pod) -> str:
    """What its runtime calls the container of a pod."""
    return hashlib.sha256(pod_uid(cluster, described).encode()).hexdigest()


def service(cluster: Cluster, described: Service) -> Json:
    """A service of the cluster's inner network."""
    return {
        "metadata": metadata(cluster, described.name, described.namespace),
        "spec": {
            "type": "ClusterIP",
            "selector": {"app": described.app},
            "ports": [{"name": "web", "port": described.port, "protocol": "TCP"}],
        },
        "status": {"loadBalancer": {}},
    }


def definition(cluster: Cluster, plural: str, group: str, kind: str) -> Json:
    """A CustomResourceDefinition."""
    return {
        "metadata": metadata(cluster, f"{plural}.{group}"),
        "spec": {
            "group": group,
            "names": {"plural": plural, "kind": kind, "listKind": f"{kind}List"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
        "status": {"conditions": [_condition("Established", "True")]},
    }


def managed_cluster(cluster: Cluster, name: str) -> Json:
    """A cluster as the multi-cluster hub that manages it shows it."""
    there = cluster.addresses.get(name)
    spec: Json = {"hubAcceptsClient": True, "leaseDurationSeconds": 60}
    labels = {"name": name}
    if there is not None:
        bundle = base64.b64encode(there.authority).decode()
        spec["managedClusterClientConfigs"] = [{"url": there.url, "caBundle": bundle}]
        labels["vendor"] = there.vendor
    return {
        "metadata": metadata(cluster, name, labels=labels),
        "spec": spec,
        "status": {"conditions": [_condition("ManagedClusterConditionAvailable", "True")]},
    }


def cluster_version(cluster: Cluster, _space: str) -> Json:
    """OpenShift's own version."""
    version = cluster.platform_version
    done = {"state": "Completed", "version": version, "startedTime": CREATED}
    return {
        "metadata": metadata(cluster, "version"),
        "spec": {"channel": "simulated", "clusterID": identity(cluster.name)},
        "status": {"desired": {"version": version}, "history": [done]},
    }


def metadata(
    cluster: Cluster, name: str, space: str | None = None, labels: dict[str, str] | None = None
) -> Json:
    """What every object begins with."""
    made: Json = {
        "name": name,
        "uid": identity(f"{cluster.name}/{space}/{name}"),
        "resourceVersion": revision(cluster),
        "creationTimestamp": CREATED,
        "labels": SIMULATED | (labels or {}),
    }
    return made if space is None else made | {"namespace": space}


def partial(made: Json) -> Json:
    """An object's metadata alone, as who asks for a PartialObjectMetadataList gets it."""
    head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return head | {"metadata": made["metadata"]}


def revision(cluster: Cluster) -> str:
    """The resource version of everything: that nodes and pods change is not told to who watches."""
    return str(100_000 + cluster.number)


def identity(mark: str) -> str:
    """A uid that is the same at every start."""
    return str(uuid5(NAMESPACE_URL, f"simulated:{mark}"))


def _condition(kind: str, status: str) -> Json:
    return {"type": kind, "status": status, "reason": "Simulated", "lastTransitionTime": CREATED}


def _phase(name: str) -> Json:
    return {"phase": name}
