"""Stores samples as telemetry, each one linked to the one before it of its node.

Whoever took that: a message is stored only behind the one that it is linked to, so that workers who
take turns, or get into each other's way, make one chain. What this process knows of its ends saves
a read.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from contracts.gpu import GpuUpdate
from contracts.refusals import TryLater
from contracts.subjects import token
from services.gpu.domain import Trail, is_news, linked, trail
from services.runtime import metrics, streams
from services.runtime.bus import Ack, JetStreamRefused, Outgoing, Stored
from services.runtime.ids import derived_id
from services.runtime.logging import logger
from services.runtime.store import Store

_MOST = 4096
"""Clusters whose ends are remembered; those that were not sampled for longest make room."""
_TRIES = 5
_PER_READ = 300
_LARGEST = 1024 * 1024
"""Bytes. With thousands of processes a sample is told without them."""
_ID = "Nats-Msg-Id"
# A lost race; replicated streams tell one on the same subject by the second code.
_WRONG_SEQUENCE = frozenset({10071, 10164})
_LOG = logger("gpu")


@dataclass(frozen=True, slots=True)
class End:
    """The last sample of a node."""

    sequence: int = 0
    trail: Trail | None = None


@dataclass(eq=False)
class Ends:
    """Those that one process knows."""

    most: int = _MOST
    _kept: OrderedDict[UUID, Mapping[str, End]] = field(
        default_factory=OrderedDict[UUID, Mapping[str, End]]
    )

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, cluster_id: UUID) -> dict[str, End]:
        """By node."""
        return dict(self._kept.get(cluster_id, {}))

    def put(self, cluster_id: UUID, ends: Mapping[str, End]) -> None:
        """How they are now."""
        self._kept[cluster_id] = ends
        self._kept.move_to_end(cluster_id)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def forget(self, cluster_id: UUID) -> None:
        """They may be others."""
        self._kept.pop(cluster_id, None)


async def store(updates: Iterable[GpuUpdate], ends: Ends, store: Store) -> list[GpuUpdate]:
    """Those of a cluster's samples that are news, as they are stored.

    What an earlier try of the same message has stored counts, in place of what is found now.
    BusUnavailable while nothing can be stored; TryLater if others are always faster.
    """
    by_node = {update.node_name: update for update in updates}
    if not by_node:
        return []
    cluster_id = next(iter(by_node.values())).cluster_id
    chain = _Chain(cluster_id, ends.of(cluster_id), store)
    # Only what comes to its end is sure.
    ends.forget(cluster_id)
    await chain.load(node for node in by_node if node not in chain.ends)
    found = await chain.extend(by_node)
    ends.put(cluster_id, {node: chain.ends[node] for node in by_node})
    return found


@dataclass
class _Chain:
    """The chains of one cluster's nodes, for the time of one sampling."""

    cluster_id: UUID
    ends: dict[str, End]
    store: Store
    own: dict[str, GpuUpdate | None] = field(default_factory=dict[str, GpuUpdate | None])
    """What an earlier try of this sampling has stored, as far as it can be read."""
    stored: set[str] = field(default_factory=set[str])
    """Nodes of which the stream says that it has done so, whatever came after it."""

    def subject(self, node: str) -> str:
        return f"tel.gpu.{self.cluster_id}.{token(node)}"

    def message_id(self, node: str) -> str:
        return str(derived_id(self.store.context.command_id, "gpu", node))

    async def load(self, nodes: Iterable[str]) -> None:
        """Read where the chains end."""
        by_subject = {self.subject(node): node for node in nodes}
        self.ends |= dict.fromkeys(by_subject.values(), End())
        subjects = list(by_subject)
        for start in range(0, len(subjects), _PER_READ):
            part = subjects[start : start + _PER_READ]
            for stored in await self.store.log.bus.get_last(streams.TELEMETRY, part):
                node, update = by_subject[stored.subject], _read(stored)
                self.ends[node] = End(stored.sequence, trail(update) if update else None)
                if stored.headers.get(_ID) == self.message_id(node):
                    self.own[node] = update

    async def extend(self, updates: Mapping[str, GpuUpdate]) -> list[GpuUpdate]:
        """Store what is news behind the ends."""
        found: list[GpuUpdate] = []
        now = self.store.outside.clock.now()
        waiting = dict(updates)
        for _ in range(_TRIES):
            samples = {
                node: linked(update, self.ends[node].trail)
                for node, update in waiting.items()
                if node not in self.own and is_news(update, self.ends[node].trail, now)
            }
            lost = await self._publish(samples)
            found += [update for node, update in samples.items() if node not in lost]
            if not lost:
                return found + [update for update in self.own.values() if update is not None]
            await self.load(lost)
            # Where others have gone on from it, they have decided on what is newer.
            waiting = {node: updates[node] for node in lost - self.stored}
        raise TryLater("other workers sample the same nodes", delay=1)

    async def _publish(self, samples: Mapping[str, GpuUpdate]) -> set[str]:
        """Store them; the nodes of those of which the end was another one."""
        messages = [self._message(node, update) for node, update in samples.items()]
        answers = await self.store.log.bus.publish_each(messages)
        lost: set[str] = set()
        for (node, update), answer in zip(samples.items(), answers, strict=True):
            match answer:
                case Ack(duplicate=False):
                    self.ends[node] = End(answer.seq, trail(update))
                    metrics.GPU_SAMPLES.labels(update.source.value).inc()
                case Ack():
                    self.stored.add(node)
                    lost.add(node)
                case JetStreamRefused() if answer.code in _WRONG_SEQUENCE:
                    lost.add(node)
                case Exception():
                    raise answer
        return lost

    def _message(self, node: str, update: GpuUpdate) -> Outgoing:
        body = update.model_dump_json().encode()
        if len(body) > _LARGEST:
            _LOG.warning("processes_left_out", cluster_id=str(self.cluster_id), node=node)
            gpus = tuple(gpu.model_copy(update={"processes": ()}) for gpu in update.gpus)
            body = update.model_copy(update={"gpus": gpus}).model_dump_json().encode()
        subject = self.subject(node)
        headers = {
            _ID: self.message_id(node),
            "Nats-Expected-Last-Subject-Sequence": str(self.ends[node].sequence),
        }
        return Outgoing(subject, body, headers)


def _read(stored: Stored) -> GpuUpdate | None:
    """None for what another version of this program has written."""
    try:
        return GpuUpdate.model_validate_json(stored.data)
    except ValidationError:
        return None
