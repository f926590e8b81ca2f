"""Where something is, read from labels, and as scoring needs it.

Labels: those of kube-state-metrics, the kubelet, node-exporter and dcgm-exporter, as the rules of
kubernetes-mixin and OpenShift keep them. ``exported_`` stands before the labels of the thing itself
where the scraper's own have taken their names.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from services.runtime.kube.names import stem

_MOST, _LONGEST, _MOST_BYTES = 16, 500, 1_000
_WORKLOADS = (
    "deployment",
    "statefulset",
    "daemonset",
    "cronjob",
    "job_name",
    "replicaset",
    "horizontalpodautoscaler",
    "poddisruptionbudget",
    "workload",
)
_ADDRESS = re.compile(r"[0-9.]+|\[?[0-9a-fA-F:]+\]?")
_NODES = ("node", "nodename", "kubernetes_node", "node_name", "Hostname")
_EXPORTERS = ("kube-state-metrics", "node-exporter", "kubelet", "prometheus-k8s", "dcgm-exporter")
_EXPORTERS_OF_NODES = frozenset(
    {"node-exporter", "kubelet", "dcgm-exporter", "nvidia-dcgm-exporter"}
)
"""Jobs whose ``instance`` is a node."""
_IN_NAMESPACES = (*_WORKLOADS, "persistentvolumeclaim", "ingress", "resourcequota")
"""Labels of what is in a namespace."""


def of_labels(labels: Mapping[str, str]) -> tuple[str, ...]:
    """What labels tell of where it is, the most particular first."""
    pod, namespace = _subject(labels)
    found = [
        *_in_namespace(labels, pod, namespace),
        *_on_node(labels),
        *_others(labels, namespace),
        *_named("namespace", namespace),
    ]
    return bounded(found)


def _subject(labels: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Pod and namespace of what it is about, not of the exporter that tells it."""
    job, pod = labels.get("job", ""), labels.get("exported_pod") or labels.get("pod")
    if labels.get("exported_namespace"):
        own = None if labels.get("exported_pod") is None and _is_exporter(pod) else pod
        return own, labels["exported_namespace"]
    namespace = labels.get("namespace")
    if labels.get("alertname", "").startswith("ClusterOperator"):
        return None, None  # It is told by the cluster's version operator, and not about that.
    of_node = any(labels.get(name) for name in (*_NODES, "instance"))
    inside = any(labels.get(name) for name in _IN_NAMESPACES)
    if _is_exporter(pod):
        pod = None
    if job in _EXPORTERS_OF_NODES and not inside:
        return None, None
    if job == "kube-state-metrics" and pod is None and not inside and of_node:
        return None, None
    return pod, namespace


def _is_exporter(pod: str | None) -> bool:
    return pod is not None and pod.removeprefix("nvidia-").startswith(_EXPORTERS)


def bounded(found: Iterable[str]) -> tuple[str, ...]:
    """Each once, as many and as long as a signal may hold.

    Together they are not longer than what hundreds of signals in one event leave room for.
    """
    told = tuple(dict.fromkeys(one[:_LONGEST] for one in found))[:_MOST]
    room = accumulate(len(one.encode()) for one in told)
    return tuple(one for one, end in zip(told, room, strict=True) if end <= _MOST_BYTES)


def _named(kind: str, *names: str | None) -> list[str]:
    if not all(names):
        return []
    return [f"{kind}/{'/'.join(name for name in names if name)}"]


def _in_namespace(labels: Mapping[str, str], pod: str | None, namespace: str | None) -> list[str]:
    workload = next((labels[name] for name in _WORKLOADS if labels.get(name)), None)
    if workload is None and pod is not None:
        workload = stem(pod)
    return [
        *_named("pod", namespace, pod),
        *_named("workload", namespace, workload),
        *_named("pvc", namespace, labels.get("persistentvolumeclaim")),
    ]


def _on_node(labels: Mapping[str, str]) -> list[str]:
    node = next((labels[name] for name in _NODES if labels.get(name)), None)
    if node is None and labels.get("job") in _EXPORTERS_OF_NODES:
        node = host(labels.get("instance"))
        if node is not None and _ADDRESS.fullmatch(node):
            return _named("address", node)
    gpu = labels.get("UUID") or labels.get("gpu_uuid")
    if gpu is not None:
        return [*_named("gpu", gpu), *_named("node", node)]
    return [*_named("gpu", node, labels.get("gpu")), *_named("node", node)]


def host(instance: str | None) -> str | None:
    """Of ``host:port``."""
    if not instance:
        return None
    name, _, port = instance.rpartition(":")
    return name if name and port.isdigit() else instance


def _others(labels: Mapping[str, str], namespace: str | None) -> list[str]:
    service = labels.get("exported_service") or labels.get("service")
    if service in _EXPORTERS or _is_exporter(service):
        service = None
    operator = labels.get("name") if labels.get("alertname", "").startswith("Cluster") else None
    return [
        *_named("service", namespace, service),
        *_named("volume", labels.get("persistentvolume")),
        *_named("ingress", namespace, labels.get("ingress")),
        *_named("operator", operator),
    ]


PLATFORM = ("namespace/openshift-", "namespace/kube-", "namespace/rook-", "namespace/istio-")


@dataclass(frozen=True, slots=True)
class Spot:
    """The ``where`` of a signal, taken apart once."""

    namespace: str | None
    node: str | None
    things: tuple[str, ...]
    """All that is more particular than a namespace, but for the node."""
    pod: str | None

    @property
    def of_node(self) -> bool:
        """True if it is about a node, and not about something that runs there."""
        return self.node is not None and self.namespace is None

    @property
    def is_platform(self) -> bool:
        """True if it is about the platform itself."""
        return self.namespace is not None and self.namespace.startswith(PLATFORM)

    @property
    def of_cluster(self) -> bool:
        """True if it is about nothing less than a cluster."""
        return self.node is None and self.namespace is None and not self.things


def _claimed(claim: str) -> list[str]:
    """Who may have claimed it: a stateful set names claims ``<template>-<pod>``."""
    namespace, _, name = claim.partition("/")
    parts = name.split("-")
    if len(parts) < 3 or not parts[-1].isdigit():
        return []
    pods = ["-".join(parts[start:]) for start in range(1, min(len(parts) - 1, 4))]
    return [
        one
        for pod in pods
        for one in (f"pod/{namespace}/{pod}", f"workload/{namespace}/{stem(pod)}")
    ]


def spot(where: Iterable[str]) -> Spot:
    """Takes a ``where`` apart; a service counts as the workload of its name also.

    What OpenShift's operator of a name tells is about the namespace of that name.
    """
    namespace = node = pod = operated = None
    things: list[str] = []
    for one in where:
        kind, _, rest = one.partition("/")
        if kind == "namespace":
            namespace = one
        elif kind == "node":
            node = one
        else:
            things.append(one)
        if kind == "service":
            things.append(f"workload/{rest}")
        if kind == "pvc":
            things += _claimed(rest)
        if kind == "pod":
            pod = one
        if kind == "operator":
            operated = f"namespace/openshift-{rest}"
    namespace = namespace or operated
    return Spot(namespace, node, tuple(dict.fromkeys(things)), pod)
