"""Which kinds of objects a simulated cluster serves, and where they are found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.clusters import ClusterType, Platform
from deploy.simulator import objects, telco, telco_objects
from deploy.simulator.cluster import Cluster, Node
from deploy.simulator.objects import PTP, SRIOV, Json
from deploy.simulator.workloads import Service

_MESH = (
    ("destinationrules", "networking.istio.io", "DestinationRule"),
    ("gateways", "networking.istio.io", "Gateway"),
    ("virtualservices", "networking.istio.io", "VirtualService"),
)
_CNF = (
    ("ptpconfigs", "ptp.openshift.io", "PtpConfig"),
    ("sriovnetworknodepolicies", "sriovnetwork.openshift.io", "SriovNetworkNodePolicy"),
    ("sriovnetworknodestates", "sriovnetwork.openshift.io", "SriovNetworkNodeState"),
)


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object, as the API's discovery and its paths name it."""

    group: str
    version: str
    plural: str
    kind: str
    described: Callable[[Cluster, str | None], Iterable[Any]]
    """Cheap descriptions of all objects, or of those of a namespace, in the order of lists."""
    make: Callable[[Cluster, Any], Json]
    """The object of a description, without kind and apiVersion."""
    namespaced: bool = field(default=False, kw_only=True)
    there: Callable[[Cluster], bool] = field(default=lambda _: True, kw_only=True)
    """True for the clusters that serve it."""
    change: Callable[[Cluster, Any, Json, datetime], Json] | None = field(
        default=None, kw_only=True
    )
    """What of an object depends on the time."""

    def made(self, cluster: Cluster, described: Any, now: datetime) -> Json:
        """The object of a description as it is now."""
        found = self.make(cluster, described)
        return found if self.change is None else self.change(cluster, described, found, now)

    @property
    def api_version(self) -> str:
        """``v1`` or ``group/version``."""
        return f"{self.group}/{self.version}" if self.group else self.version


def _namespaces(cluster: Cluster, _space: str | None) -> Iterable[str]:
    return cluster.namespaces


def _nodes(cluster: Cluster, _space: str | None) -> Iterable[Node]:
    return cluster.nodes()


def _services(cluster: Cluster, space: str | None) -> Iterable[Service]:
    return (each for each in cluster.services if space in {None, each.namespace})


def _definitions(cluster: Cluster, _space: str | None) -> Iterable[tuple[str, str, str]]:
    known = (*(_MESH if cluster.traits.mesh else ()), *(_CNF if cluster.traits.cnf else ()))
    return sorted(known, key=lambda each: f"{each[0]}.{each[1]}")


def _definition(cluster: Cluster, described: tuple[str, str, str]) -> Json:
    return objects.definition(cluster, *described)


def _managed(cluster: Cluster, _space: str | None) -> Iterable[str]:
    return sorted(cluster.manages)


def _one(space: str | None) -> Callable[[Cluster, str | None], Iterable[str]]:
    """A single object, which lives in this namespace or in none."""
    return lambda _cluster, wanted: [space or ""] if wanted in {None, space} else []


def _with_cnf(cluster: Cluster) -> bool:
    return bool(cluster.traits.cnf)


def _pools(_cluster: Cluster, space: str | None) -> Iterable[telco.Pool]:
    return telco.POOLS if space in {None, SRIOV} else ()


def _node_states(cluster: Cluster, space: str | None) -> Iterable[Node]:
    return cluster.cnf_nodes() if space in {None, SRIOV} else ()


def _hub(cluster: Cluster) -> bool:
    return cluster.cluster_type is ClusterType.HUB


def _openshift(cluster: Cluster) -> bool:
    return cluster.platform is Platform.OPENSHIFT


RESOURCES: tuple[Resource, ...] = (
    Resource("", "v1", "namespaces", "Namespace", _namespaces, objects.namespace),
    Resource("", "v1", "nodes", "Node", _nodes, objects.node, change=objects.node_now),
    Resource(
        "",
        "v1",
        "pods",
        "Pod",
        Cluster.pods,
        objects.pod,
        namespaced=True,
        change=objects.pod_now,
    ),
    Resource("", "v1", "services", "Service", _services, objects.service, namespaced=True),
    Resource(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        _definitions,
        _definition,
    ),
    Resource(
        "cluster.open-cluster-management.io",
        "v1",
        "managedclusters",
        "ManagedCluster",
        _managed,
        objects.managed_cluster,
        there=_hub,
    ),
    Resource(
        "config.openshift.io",
        "v1",
        "clusterversions",
        "ClusterVersion",
        _one(None),
        objects.cluster_version,
        there=_openshift,
    ),
    Resource(
        "ptp.openshift.io",
        "v1",
        "ptpconfigs",
        "PtpConfig",
        _one(PTP),
        telco_objects.ptp_config,
        namespaced=True,
        there=_with_cnf,
    ),
    Resource(
        "sriovnetwork.openshift.io",
        "v1",
        "sriovnetworknodepolicies",
        "SriovNetworkNodePolicy",
        _pools,
        telco_objects.policy,
        namespaced=True,
        there=_with_cnf,
    ),
    Resource(
        "sriovnetwork.openshift.io",
        "v1",
        "sriovnetworknodestates",
        "SriovNetworkNodeState",
        _node_states,
        telco_objects.node_state,
        namespaced=True,
        there=_with_cnf,
    ),
)
"""All kinds, sorted by group and plural."""


def served(cluster: Cluster) -> tuple[Resource, ...]:
    """The kinds that this cluster has."""
    return tuple(each for each in RESOURCES if each.there(cluster))


def find(cluster: Cluster, group: str, version: str, plural: str) -> Resource | None:
    """The kind at this place of the API, None if the cluster has no such thing."""
    wanted = (group, version, plural)
    for each in RESOURCES:
        if (each.group, each.version, each.plural) == wanted and each.there(cluster):
            return each
    return None
