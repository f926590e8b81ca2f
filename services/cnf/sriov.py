"""Virtual functions of nodes: those that there are, that pods may have, and that they have: pure.

Sources: the SR-IOV network operator's ``SriovNetworkNodeState``
(https://github.com/k8snetworkplumbingwg/sriov-network-operator, ``api/v1``), what a node says is
allocatable, what its pods ask for; and the same as kube-state-metrics exports it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.cnf import SriovStatus
from services.cnf.kube_objects import Node, NodeState, Pod, whole
from services.cnf.vectors import Sample, count, own

PREFIX = "openshift.io/"
"""Of resources, where nothing says otherwise (``RESOURCE_PREFIX`` of the operator)."""
_EXPORTED_PREFIX = "openshift_io_"
"""kube-state-metrics writes ``_`` for each sign that no label may have; the operator takes no names
of resources in which that could have been another sign."""
_EXPORTED_HUGE = "hugepages_"
QUERY: Final = (
    '{__name__=~"kube_node_status_(allocatable|capacity)|kube_pod_container_resource_requests",'
    f'resource=~"{_EXPORTED_PREFIX}.+|{_EXPORTED_HUGE}.+"}}'
)
_OVER = frozenset({"Succeeded", "Failed"})
_NUMBERS = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")


@dataclass(slots=True)
class _Pool:
    """The virtual functions of one resource on a node, by the objects of the operator."""

    policies: set[str] = field(default_factory=set[str])
    interfaces: list[str] = field(default_factory=list[str])
    total: int = 0


def devices(states: Iterable[NodeState], nodes: Iterable[Node]) -> frozenset[str]:
    """The full names of all resources that are virtual functions."""
    named = {
        group.resourceName
        for state in states
        for interface in state.spec.interfaces or ()
        for group in interface.vfGroups or ()
    }
    return frozenset(
        name for node in nodes for name in (*node.capacity, *node.allocatable) if _is(name, named)
    )


def _is(name: str, named: Iterable[str]) -> bool:
    prefix, slash, short = name.partition("/")
    return name.startswith(PREFIX) or (bool(prefix and slash) and short in named)


def statuses(
    states: Sequence[NodeState],
    nodes: Iterable[Node],
    pods: Iterable[Pod] | None,
) -> tuple[SriovStatus, ...]:
    """Each resource of each node; without ``pods`` nothing is known of what is used."""
    nodes = tuple(nodes)
    full = devices(states, nodes)
    pools = {state.metadata.name: _pools(state) for state in states}
    by_node = {node.metadata.name: node for node in nodes}
    used = None if pods is None else _used(pods, full)
    found: list[SriovStatus] = []
    for name in sorted({*pools, *by_node}):
        node = by_node.get(name)
        offered = {} if node is None else {**node.capacity, **node.allocatable}
        own_pools = dict(pools.get(name, {}))
        resources = {each: own_pools.pop(each.partition("/")[2], None) for each in offered}
        resources = {each: pool for each, pool in resources.items() if each in full}
        # What the operator is to make, and no device plugin offers yet.
        resources |= {f"{PREFIX}{short}": pool for short, pool in own_pools.items()}
        for resource, pool in sorted(resources.items()):
            found.append(_status(name, resource, node, pool, used))
    return tuple(found)


def _status(
    name: str,
    resource: str,
    node: Node | None,
    pool: _Pool | None,
    used: Mapping[tuple[str, str], int] | None,
) -> SriovStatus:
    capacity = None if node is None else whole(node.capacity.get(resource))
    allocatable = None if node is None else whole(node.allocatable.get(resource))
    return SriovStatus(
        node_name=name,
        resource_name=resource,
        policy=", ".join(sorted(pool.policies)) or None if pool is not None else None,
        interfaces=tuple(sorted(pool.interfaces)) if pool is not None else (),
        total_vfs=count(pool.total) if pool is not None else capacity,
        allocatable_vfs=allocatable,
        used_vfs=None if used is None else used.get((name, resource), 0),
    )


def _pools(state: NodeState) -> Mapping[str, _Pool]:
    made = {each.pciAddress: each for each in state.status.interfaces or ()}
    pools: dict[str, _Pool] = defaultdict(_Pool)
    for wanted in state.spec.interfaces or ():
        interface = made.get(wanted.pciAddress)
        there = interface.numVfs if interface is not None else 0
        known = None if interface is None or interface.Vfs is None else interface.Vfs
        for group in wanted.vfGroups or ():
            if not group.resourceName:
                continue
            pool, numbers = pools[group.resourceName], _range(group.vfRange, wanted.numVfs)
            if known is None:
                pool.total += len(range(numbers.start, min(numbers.stop, there)))
            else:
                pool.total += sum(each.vfID in numbers for each in known)
            pool.policies |= {group.policyName} - {""}
            if wanted.name and wanted.name not in pool.interfaces:
                pool.interfaces.append(wanted.name)
    return pools


def _range(text: str, otherwise: int) -> range:
    """``0-7``, both ends included; all of the interface if that is not said."""
    told = _NUMBERS.fullmatch(text.rpartition("#")[2])
    return range(otherwise) if told is None else range(int(told[1]), int(told[2]) + 1)


def _used(pods: Iterable[Pod], resources: Iterable[str]) -> Mapping[tuple[str, str], int]:
    used: dict[tuple[str, str], int] = defaultdict(int)
    for pod in pods:
        if pod.over or not pod.spec.nodeName:
            continue
        for resource in resources:
            asked = pod.asks(resource)
            if asked:
                used[pod.spec.nodeName, resource] += asked
    return used


@dataclass(frozen=True, slots=True)
class Requests:
    """What series say of resources: what nodes have of them, and what pods ask for."""

    nodes: Mapping[tuple[str, str], Mapping[str, int]]
    """``allocatable`` and ``capacity`` by node and resource."""
    pods: Mapping[tuple[str, str], Mapping[str, tuple[str | None, int]]]
    """By namespace and pod: of each resource, the node and how many."""

    @property
    def others(self) -> Mapping[tuple[str, str], str]:
        """Of each pod, one resource that makes it a network function."""
        return {pod: _written(max(asked)) for pod, asked in self.pods.items()}

    def statuses(self, over: Iterable[tuple[str, str]]) -> tuple[SriovStatus, ...]:
        """Each resource of each node; pods that are ``over`` use nothing any more."""
        ended, used = set(over), defaultdict[tuple[str, str], int](int)
        for pod, asked in self.pods.items():
            for resource, (node, number) in asked.items():
                if node is not None and pod not in ended:
                    used[node, resource] += number
        return tuple(
            SriovStatus(
                node_name=node,
                resource_name=_written(resource),
                total_vfs=told.get("capacity"),
                allocatable_vfs=told.get("allocatable"),
                used_vfs=count(used.get((node, resource), 0)),
            )
            for (node, resource), told in sorted(self.nodes.items())
            if resource.startswith(_EXPORTED_PREFIX)
        )


def requests(samples: Iterable[Sample]) -> Requests:
    """What the series of `QUERY` say."""
    nodes: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    pods: dict[tuple[str, str], dict[str, tuple[str | None, int]]] = defaultdict(dict)
    for sample in samples:
        labels, number = sample.labels, sample.count
        node, resource = own(labels, "node"), labels.get("resource", "")
        if number is None:
            continue
        if sample.metric == "kube_pod_container_resource_requests":
            namespace, pod = own(labels, "namespace"), own(labels, "pod")
            if namespace and pod and number:
                before = pods[namespace, pod].get(resource, (None, 0))[1]
                pods[namespace, pod][resource] = (node, before + number)
        elif node is not None:
            nodes[node, resource][sample.metric.rpartition("_")[2]] = number
    return Requests(nodes, pods)


def _written(exported: str) -> str:
    if exported.startswith(_EXPORTED_PREFIX):
        return PREFIX + exported.removeprefix(_EXPORTED_PREFIX)
    return exported.replace("_", "-", 1)


def over(samples: Iterable[Sample]) -> set[tuple[str, str]]:
    """The pods that have ended, by namespace and name."""
    found: set[tuple[str, str]] = set()
    for sample in samples:
        if sample.metric == "kube_pod_status_phase" and sample.value == 1:
            namespace, pod = own(sample.labels, "namespace"), own(sample.labels, "pod")
            if namespace and pod and sample.labels.get("phase") in _OVER:
                found.add((namespace, pod))
    return found
