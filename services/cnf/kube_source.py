"""Network functions by the objects of a cluster's API server.

Whole pods are large, so they are read only where network functions are: in namespaces that are
named for them or hold pods that are, found in the metadata of all pods every few minutes; and on
nodes with virtual functions, to know who uses these.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

import httpx

from contracts.cnf import CnfSource, CnfWorkload, SriovStatus
from services.cnf import kube_objects, sriov, workloads
from services.cnf.areas import Area
from services.cnf.kube_objects import Meta, Node, NodeState, Pod
from services.runtime import cnf_names
from services.runtime.kube.failures import ApiFailure, ApiFailureKind
from services.runtime.kube.lists import Listed, Lists, within
from services.runtime.kube.requests import Requests

T = TypeVar("T")

REQUEST_SECONDS = 10.0
_STATES = Listed("sriovnetworknodestates", "sriovnetwork.openshift.io")
_MOST_PODS = 10_000
_MOST_PLACES = 64
"""Namespaces or nodes that are asked for one by one; beyond it, all pods of the cluster are."""
_FEW_NODES = 8
_KEPT = 300.0
"""Seconds for which it is known where network functions are."""
_CLUSTERS = 2048
_TOO_MANY = f"only the first {_MOST_PODS:,} pods are looked at"


@dataclass(frozen=True, slots=True)
class Objects:
    """What an API server tells."""

    workloads: Area[CnfWorkload]
    sriov: Area[SriovStatus]
    dpdk: tuple[Pod, ...] = ()
    """Running pods of network functions with huge pages: they may be asked for their counters."""


@dataclass(frozen=True, slots=True)
class _Known:
    namespaces: frozenset[str]
    until: float


@dataclass
class Places:
    """In which namespaces clusters have network functions; bounded, and looked for again."""

    _known: OrderedDict[UUID, _Known] = field(default_factory=OrderedDict[UUID, _Known])

    def get(self, cluster_id: UUID, now: float) -> frozenset[str] | None:
        """What is known and still counts."""
        known = self._known.get(cluster_id)
        return None if known is None or known.until <= now else known.namespaces

    def put(self, cluster_id: UUID, namespaces: frozenset[str], now: float) -> None:
        """Keep it for a while."""
        self._known[cluster_id] = _Known(namespaces, now + _KEPT)
        self._known.move_to_end(cluster_id)
        while len(self._known) > _CLUSTERS:
            self._known.popitem(last=False)

    def forget(self, cluster_id: UUID) -> None:
        """It has left the fleet."""
        self._known.pop(cluster_id, None)


@dataclass
class _Gathered(Generic[T]):
    """The objects of a list, up to so many."""

    read: Callable[[bytes], tuple[Sequence[T], str | None]]
    items: list[T] = field(default_factory=list[T])
    cut: bool = False

    def take(self, body: bytes) -> str | None:
        """Take a page; see `lists.Take`."""
        items, token = self.read(body)
        self.items.extend(items)
        if len(self.items) > _MOST_PODS:
            del self.items[_MOST_PODS:]
            self.cut = True
            return None
        return token


@dataclass(frozen=True, slots=True)
class _Pods:
    """The pods that were looked at, and why these are not all."""

    items: Sequence[Pod]
    lacking: str


@dataclass(frozen=True, slots=True)
class KubeSource:
    """One cluster's API server, for the time of one sample."""

    client: httpx.AsyncClient
    cluster_id: UUID
    places: Places
    seconds: float

    async def objects(self) -> Objects:
        """What it tells; an area that it does not tell of says why."""
        lists = Lists(Requests(self.client, min(REQUEST_SECONDS, self.seconds)))
        try:
            async with within(self.seconds, lists, "its network functions"):
                return await self._objects(lists)
        except ApiFailure as failure:
            return Objects(_unknown(failure.message), _unknown(failure.message))

    async def _objects(self, lists: Lists) -> Objects:
        states, wrong = await self._states(lists)
        nodes = await self._nodes(lists, [each.metadata.name for each in states if _has_vfs(each)])
        pods = await self._pods(lists, [each.metadata.name for each in nodes])
        devices = sriov.devices(states, nodes)
        told = {(pod.metadata.namespace, pod.metadata.name): pod for pod in pods.items}
        found = [
            (pod, workload)
            for _, pod in sorted(told.items())
            if (workload := workloads.of_pod(pod, devices)) is not None
        ]
        functions = Area(CnfSource.KUBERNETES, tuple(each for _, each in found), pods.lacking)
        with_vfs = [state for state in states if _has_vfs(state)]
        counted = None if pods.lacking else told.values()
        found_vfs = sriov.statuses(with_vfs, nodes, counted)
        resources = Area(CnfSource.KUBERNETES, found_vfs, pods.lacking if found_vfs else "")
        ports = tuple(pod for pod, _ in found if _uses_dpdk(pod))
        return Objects(functions, resources if not wrong else _unknown(wrong), ports)

    async def _states(self, lists: Lists) -> tuple[Sequence[NodeState], str]:
        """Those of all nodes, none where there is no such operator; or why they are unknown."""
        gathered = _Gathered(kube_objects.node_states)
        try:
            await lists.read(_STATES, gathered.take)
        except ApiFailure as failure:
            if failure.kind is ApiFailureKind.NOT_SERVED:
                return (), ""
            if failure.kind is ApiFailureKind.FORBIDDEN:
                return (), failure.message
            raise
        return gathered.items, ""

    async def _nodes(self, lists: Lists, names: Sequence[str]) -> Sequence[Node]:
        """Those of these names; nodes are large, and often few have virtual functions."""
        if len(names) > _FEW_NODES:
            wanted = {*names}
            every = await _read(lists, Listed("nodes"), kube_objects.nodes)
            return [each for each in every.items if each.metadata.name in wanted]
        told = await asyncio.gather(
            *(
                _read(lists, Listed("nodes", fields=f"metadata.name={name}"), kube_objects.nodes)
                for name in names
            )
        )
        return [node for each in told for node in each.items]

    async def _pods(self, lists: Lists, nodes: Sequence[str]) -> _Pods:
        """The pods of all places where there may be network functions, or of the cluster."""
        namespaces = await self._namespaces(lists)
        wanted = [Listed("pods", namespace=each) for each in sorted(namespaces)]
        wanted += [Listed("pods", fields=f"spec.nodeName={each}") for each in nodes]
        if len(wanted) > _MOST_PLACES:
            wanted = [Listed("pods")]
        told = [await _read(lists, each, kube_objects.pods) for each in wanted]
        lacking = _TOO_MANY if any(each.cut for each in told) else ""
        return _Pods([pod for each in told for pod in each.items], lacking)

    async def _namespaces(self, lists: Lists) -> frozenset[str]:
        now = asyncio.get_running_loop().time()
        known = self.places.get(self.cluster_id, now)
        if known is not None:
            return known
        spaces = await _read(lists, Listed("namespaces", metadata=True), kube_objects.named)
        pods = await _read(lists, Listed("pods", metadata=True), kube_objects.named)
        found = {each.metadata.name for each in spaces.items if _is_named(each.metadata)}
        found |= {each.metadata.namespace for each in pods.items if _is_named(each.metadata)}
        self.places.put(self.cluster_id, frozenset(found), now)
        return frozenset(found)


async def _read(
    lists: Lists, listed: Listed, read: Callable[[bytes], tuple[Sequence[T], str | None]]
) -> _Gathered[T]:
    gathered = _Gathered(read)
    await lists.read(listed, gathered.take)
    return gathered


def _is_named(meta: Meta) -> bool:
    told = cnf_names.labelled(meta.labels or {})
    return told is not None or cnf_names.named(meta.name) is not None


def _has_vfs(state: NodeState) -> bool:
    return any(each.vfGroups for each in state.spec.interfaces or ())


def _uses_dpdk(pod: Pod) -> bool:
    huge = any(each.startswith(workloads.HUGE_PAGES) for each in pod.resources)
    return huge and pod.status.phase == "Running"


def _unknown(why: str) -> Area[T]:  # pyright: ignore[reportInvalidTypeVarUse]
    return Area(CnfSource.KUBERNETES, None, why)
