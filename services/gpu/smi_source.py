"""Samples the GPUs of a cluster by nvidia-smi, which is run in a pod of each node.

Nodes are asked side by side, each within its own time: one that is slow or broken holds up no
other. What does not change is asked for once and kept: where the pods are, which fields a driver
knows, the version of CUDA, and in which pod a process runs.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx

from contracts.gpu import GpuUpdate
from services.gpu.pods import Inhabitant, Inhabitants, Place, Places
from services.gpu.smi_node import Kept, Reach, Wanted, sample_node
from services.runtime.kube.exec_failures import PodContainer, Unended
from services.runtime.kube.failures import ApiFailure, ApiFailureKind
from services.runtime.kube.lists import Listed, Lists, within
from services.runtime.kube.requests import Requests
from services.runtime.logging import logger

_AT_ONCE = 8
"""Nodes of one cluster that are asked at the same time."""
_MOST_SHARES = 3
"""Into so many parts the time is cut at most, where nodes have to wait for each other."""
_LISTED_FOR = timedelta(minutes=5)
_FIRST_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(minutes=30)
_CLUSTERS = 512
"""That something is kept of."""
_REPLACED = frozenset({ApiFailureKind.NOT_SERVED, ApiFailureKind.FAILING})
"""What may mean that a pod is no longer there."""
_LOG = logger("gpu")

__all__ = ["Wanted", "forget", "sample"]

_Tried = dict[str, GpuUpdate | ApiFailure]


@dataclass(frozen=True, slots=True)
class _Hanging:
    """Where it is not run again at once: each that hangs is one more process on the node."""

    failure: Unended
    times: int
    """In a row."""
    until: datetime


@dataclass
class _Cluster:
    """What is kept of one."""

    namespace: str = ""
    listed_at: datetime | None = None
    places: Mapping[str, Place] = field(default_factory=dict[str, Place])
    nodes: dict[str, Kept] = field(default_factory=dict[str, Kept])
    troubles: dict[str, ApiFailureKind] = field(default_factory=dict[str, ApiFailureKind])
    """What kept nodes from being sampled the last time."""
    hanging: dict[PodContainer, _Hanging] = field(default_factory=dict[PodContainer, _Hanging])
    """Where nvidia-smi has not ended."""


_kept: OrderedDict[UUID, _Cluster] = OrderedDict()


async def sample(api: httpx.AsyncClient, wanted: Wanted, *, seconds: float) -> list[GpuUpdate]:
    """The GPUs of a cluster's nodes, by node; after so many seconds it is over in any case.

    A node that does not answer is left out; of one whose driver is broken the update says so. There
    is none if no pod has nvidia-smi. ApiFailure if no node could be asked.
    """
    cluster = _cluster(wanted)
    sampling = _Sampling(api, cluster, wanted, asyncio.get_running_loop().time() + seconds)
    tried = await sampling.run()
    _tell(wanted.cluster_id, cluster, tried)
    updates = [each for each in tried.values() if isinstance(each, GpuUpdate)]
    failures = [each for each in tried.values() if isinstance(each, ApiFailure)]
    if failures and not updates:
        raise failures[0]
    return updates


def forget(cluster_id: UUID) -> None:
    """Keep nothing of a cluster any more."""
    _kept.pop(cluster_id, None)


@dataclass
class _Sampling:
    """One sample of one cluster."""

    api: httpx.AsyncClient
    cluster: _Cluster
    wanted: Wanted
    until: float
    """The loop's time."""

    async def run(self) -> _Tried:
        """What came of each node, in order."""
        listed = await self._list()
        tried = await self._all(self.cluster.places)
        gone = {
            node
            for node, each in tried.items()
            if isinstance(each, ApiFailure)
            and not isinstance(each, Unended)
            and each.kind in _REPLACED
        }
        if gone and not listed:
            before = self.cluster.places
            self.cluster.listed_at = None
            await self._list()
            places = self.cluster.places
            tried = {node: each for node, each in tried.items() if node in places}
            moved = {node: at for node, at in places.items() if before.get(node) != at}
            tried |= await self._all(moved)
        return dict(sorted(tried.items()))

    async def _list(self) -> bool:
        """Know where the pods are; True if that was asked for now."""
        at, now = self.cluster.listed_at, self.wanted.now
        if at is not None and at <= now < at + _LISTED_FOR:
            return False
        found = await _places(self.api, self.wanted.namespace, self._left)
        self.cluster.places, self.cluster.listed_at = found, now
        for node in self.cluster.nodes.keys() - found.keys():
            del self.cluster.nodes[node]
        for where in self.cluster.hanging.keys() - {place.where for place in found.values()}:
            del self.cluster.hanging[where]
        return True

    async def _all(self, places: Mapping[str, Place]) -> _Tried:
        """Ask nodes side by side."""
        if not places:
            return {}
        shares = min(math.ceil(len(places) / _AT_ONCE), _MOST_SHARES)
        room, seconds, tried = asyncio.Semaphore(_AT_ONCE), self._left / shares, _Tried()

        async def one(place: Place) -> None:
            async with room:
                tried[place.node] = await self._one(place, seconds)

        async with asyncio.TaskGroup() as group:
            for place in places.values():
                group.create_task(one(place))
        return tried

    async def _one(self, place: Place, seconds: float) -> GpuUpdate | ApiFailure:
        if self._left <= 0:
            text = f"there was no time left to ask node {place.node}"
            return ApiFailure(ApiFailureKind.UNREACHABLE, text)
        ends = asyncio.get_running_loop().time() + min(seconds, self._left)
        reach = Reach(self.api, place, self.wanted.now, ends, self._inhabitants)
        kept = self.cluster.nodes.setdefault(place.node, Kept())
        hanging = self.cluster.hanging.get(place.where)
        if hanging is not None and self.wanted.now < hanging.until:
            return hanging.failure
        try:
            update = await sample_node(self.wanted, reach, kept)
        except ApiFailure as failure:
            if isinstance(failure, Unended):
                self.cluster.hanging[place.where] = _hanging(hanging, failure, self.wanted.now)
            return failure
        self.cluster.hanging.pop(place.where, None)
        return update

    async def _inhabitants(self, node: str, seconds: float) -> Mapping[str, Inhabitant]:
        pods, lists = Inhabitants(), Lists(Requests(self.api, seconds))
        async with within(seconds, lists, f"the pods of node {node}"):
            await lists.read(Listed("pods", fields=f"spec.nodeName={node}"), pods.take)
        return pods.found

    @property
    def _left(self) -> float:
        return self.until - asyncio.get_running_loop().time()


async def _places(api: httpx.AsyncClient, namespace: str, seconds: float) -> dict[str, Place]:
    places, lists = Places(), Lists(Requests(api, seconds))
    async with within(seconds, lists, f"the pods in {namespace}"):
        await lists.read(Listed("pods", namespace=namespace), places.take)
    return places.found


def _hanging(before: _Hanging | None, failure: Unended, now: datetime) -> _Hanging:
    """After the first time it may have been chance; then it is left alone for longer and longer."""
    times = before.times + 1 if before is not None else 1
    pause = min(_FIRST_REST * 2 ** min(times - 2, 10), _LONGEST_REST)
    return _Hanging(failure, times, now + pause if times > 1 else now)


def _cluster(wanted: Wanted) -> _Cluster:
    kept = _kept.get(wanted.cluster_id)
    if kept is None or kept.namespace != wanted.namespace:
        kept = _kept[wanted.cluster_id] = _Cluster(wanted.namespace)
    _kept.move_to_end(wanted.cluster_id)
    while len(_kept) > _CLUSTERS:
        _kept.popitem(last=False)
    return kept


def _tell(cluster_id: UUID, cluster: _Cluster, tried: _Tried) -> None:
    """Log why nodes are missing, once: words tell how many seconds it took, which are others."""
    failed = {node: each for node, each in tried.items() if isinstance(each, ApiFailure)}
    for node, failure in failed.items():
        if cluster.troubles.get(node) is not failure.kind:
            _LOG.warning(
                "node_not_sampled", cluster_id=str(cluster_id), node=node, reason=failure.message
            )
    cluster.troubles = {node: failure.kind for node, failure in failed.items()}
