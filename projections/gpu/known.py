"""Which nodes and GPUs the durable tables know, in the memory of their one writer."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from projections.gpu.told import NOBODY, Who
from services.runtime.database import Connection
from services.runtime.projections.keeper import Unreadable

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
NEVER = -(2**62)
MOST = 100_000
"""Nodes and GPUs of one cluster that are known, also of those that have long gone: what one cluster
makes up fills nobody else's memory."""


def to_micro(at: datetime) -> int:
    """A time as PostgreSQL has it within: microseconds since 2000."""
    return (at - _ORIGIN) // _MICROSECOND


def from_micro(at: int) -> datetime:
    """The other way round."""
    return _ORIGIN + timedelta(microseconds=at)


@dataclass(slots=True, eq=False)
class KnownGpu:
    """A GPU, and what was told of it last, in the order in which it came."""

    id: int
    told_at: int = NEVER
    """Time of the last row in gpu_told."""
    untold: bool = False
    """It is another one than in there, but for what moves with the load only."""
    told: tuple[Any, ...] | None = None
    who: Who = NOBODY


@dataclass(slots=True, eq=False)
class KnownNode:
    """A node with GPUs."""

    id: int
    sampled_at: int = NEVER
    """Its newest sample."""
    last_at: int = NEVER
    """Its last one in the order in which they came."""
    told_at: int = NEVER
    told: tuple[object, ...] | None = None
    gpus: dict[str, KnownGpu] = field(default_factory=dict[str, KnownGpu])


class Known:
    """All of them; new ones get the next numbers, as nobody else gives any out."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[UUID, str], KnownNode] = {}
        self._sizes = Counter[UUID]()
        self._node_ids = self._gpu_ids = 0

    async def load(self, connection: Connection) -> None:
        """Look what the tables hold, and forget everything else."""
        self.nodes, self._sizes = {}, Counter[UUID]()
        found: dict[int, KnownNode] = {}
        nodes = await connection.execute(
            "select id, cluster_id, node_name, sampled_at from aiops.gpu_node"
        )
        async for number, cluster_id, name, sampled_at in nodes:
            at = to_micro(sampled_at)
            found[number] = self.nodes[cluster_id, name] = KnownNode(number, at, at)
        gpus = await connection.execute("select id, node_id, uuid from aiops.gpu")
        async for number, node_id, uuid in gpus:
            found[node_id].gpus[uuid] = KnownGpu(number)
        self._node_ids = max(found, default=0)
        ids = (gpu.id for node in found.values() for gpu in node.gpus.values())
        self._gpu_ids = max(ids, default=0)
        for (cluster_id, _), node in self.nodes.items():
            self._sizes[cluster_id] += 1 + len(node.gpus)

    def make_room(self, cluster_id: UUID, more: int) -> None:
        """For so many more nodes and GPUs of a cluster; Unreadable if there is none."""
        if self._sizes[cluster_id] + more > MOST:
            raise Unreadable(f"more than {MOST} nodes and GPUs of cluster {cluster_id}")
        self._sizes[cluster_id] += more

    def new_node(self, cluster_id: UUID, name: str) -> KnownNode:
        """One more node, for which there is room."""
        self._node_ids += 1
        node = self.nodes[cluster_id, name] = KnownNode(self._node_ids)
        return node

    def new_gpu(self, node: KnownNode, uuid: str) -> KnownGpu:
        """One more GPU, for which there is room."""
        self._gpu_ids += 1
        gpu = node.gpus[uuid] = KnownGpu(self._gpu_ids)
        return gpu

    def forget(self, cluster_id: UUID, name: str, uuid: str | None = None) -> None:
        """A node whose row has gone, or a GPU of it."""
        node = self.nodes.get((cluster_id, name))
        if node is None:
            return
        if uuid is not None:
            self._sizes[cluster_id] -= node.gpus.pop(uuid, None) is not None
            return
        del self.nodes[cluster_id, name]
        self._sizes[cluster_id] -= 1 + len(node.gpus)

    def let_go(self, before: int) -> None:
        """What was told by nodes that are silent since then: all they tell next is told anew."""
        for node in self.nodes.values():
            if node.last_at < before and node.told is not None:
                node.told = None
                for gpu in node.gpus.values():
                    gpu.told, gpu.who = None, NOBODY
