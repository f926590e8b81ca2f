"""Kubernetes objects, made from the descriptions of a fleet."""

import base64
from typing import Any
from uuid import NAMESPACE_URL, uuid5

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
        capacity["nvidia.com/gpu"] = str(described.gpus)
        labels |= {
            "nvidia.com/gpu.present": "true",
            "nvidia.com/gpu.count": str(described.gpus),
            "nvidia.com/gpu.product": described.gpu_type or "",
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
    return {
        "metadata": metadata(cluster, described.name, described.namespace, labels),
        "spec": {
            "nodeName": described.node,
            "containers": [{"name": app, "image": image}],
        },
        "status": {
            "phase": POD_PHASE,
            "startTime": CREATED,
            "conditions": [_condition("Ready", "True")],
            "containerStatuses": [
                {
                    "name": app,
                    "image": image,
                    "imageID": f"{image}@simulated",
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": CREATED}},
                }
            ],
        },
    }


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


def sriov_policy(cluster: Cluster, space: str) -> Json:
    """How virtual functions are cut from a network card."""
    return {
        "metadata": metadata(cluster, "fronthaul", space),
        "spec": {
            "resourceName": "fronthaul",
            "numVfs": 8,
            "nicSelector": {"pfNames": ["ens1f0"]},
            "nodeSelector": {"node-role.kubernetes.io/worker": ""},
            "deviceType": "vfio-pci",
        },
    }


def ptp_config(cluster: Cluster, space: str) -> Json:
    """How the clocks of the nodes follow their grandmaster."""
    return {
        "metadata": metadata(cluster, "ordinary-clock", space),
        "spec": {
            "profile": [{"name": "ordinary-clock", "interface": "ens1f0", "phc2sysOpts": "-a -r"}],
            "recommend": [{"profile": "ordinary-clock", "priority": 4, "match": []}],
        },
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
    """The resource version of everything: nothing changes here by itself."""
    return str(100_000 + cluster.number)


def identity(mark: str) -> str:
    """A uid that is the same at every start."""
    return str(uuid5(NAMESPACE_URL, f"simulated:{mark}"))


def _condition(kind: str, status: str) -> Json:
    return {"type": kind, "status": status, "reason": "Simulated", "lastTransitionTime": CREATED}


def _phase(name: str) -> Json:
    return {"phase": name}
