"""Stores samples as telemetry, each one linked to the one before it of its node.

Whoever took that: a message is stored only behind the one that it is linked to, so that workers who
take turns, or get into each other's way, make one chain. What this process knows of its ends saves
a read.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from pydantic import ValidationError

from contracts.gpu import GpuUpdate
from contracts.refusals import TryLater
from contracts.subjects import token
from services.gpu.domain import Sample, Trail, is_news, linked, trail
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
_SELDOMER = 4
_ID = "Nats-Msg-Id"
# A lost race; replicated streams tell one on the same subject by the second code.
_WRONG_SEQUENCE = frozenset({10071, 10164})
_LOG = logger("gpu")


@dataclass(frozen=True, slots=True)
class End:
    """The last sample of a node."""

    sequence: int = 0
    trail: Trail | None = None
    unchanged: int = 0
    """How often nothing newer was found since."""


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


async def store(updates: Iterable[GpuUpdate], ends: Ends, store: Store) -> list[Sample]:
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
    own: dict[str, Stored] = field(default_factory=dict[str, Stored])
    """What an earlier try of this sampling has stored."""
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
                node = by_subject[stored.subject]
                self.ends[node] = _end(stored)
                if stored.headers.get(_ID) == self.message_id(node):
                    self.own[node] = stored

    async def extend(self, updates: Mapping[str, GpuUpdate]) -> list[Sample]:
        """Store what is news behind the ends."""
        found: list[Sample] = []
        waiting = dict(updates)
        for _ in range(_TRIES):
            samples = {
                node: sample
                for node, update in waiting.items()
                if node not in self.own and (sample := self._sample(node, update)) is not None
            }
            lost = await self._publish(samples)
            found += [sample for node, sample in samples.items() if node not in lost]
            if not lost:
                return found + await self._earlier()
            await self.load(lost)
            # Where others have gone on from it, they have decided on what is newer.
            waiting = {node: updates[node] for node in lost - self.stored}
        raise TryLater("other workers sample the same nodes", delay=1)

    def _sample(self, node: str, update: GpuUpdate) -> Sample | None:
        end = self.ends[node]
        if not is_news(update, end.trail, self.store.outside.clock.now()):
            self.ends[node] = replace(end, unchanged=end.unchanged + 1)
            return None
        # As often as there is news: an exporter may be scraped more seldom than it is asked for.
        every = update.interval_seconds * min(end.unchanged + 1, _SELDOMER)
        told = linked(update, end.trail).model_copy(update={"interval_seconds": every})
        return Sample(told, end.trail)

    async def _publish(self, samples: Mapping[str, Sample]) -> set[str]:
        """Store them; the nodes of those of which the end was another one."""
        messages = [self._message(node, sample.update) for node, sample in samples.items()]
        answers = await self.store.log.bus.publish_each(messages)
        lost: set[str] = set()
        for (node, sample), answer in zip(samples.items(), answers, strict=True):
            match answer:
                case Ack(duplicate=False):
                    self.ends[node] = End(answer.seq, trail(sample.update))
                    metrics.GPU_SAMPLES.labels(sample.update.source.value).inc()
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

    async def _earlier(self) -> list[Sample]:
        """What an earlier try has stored, with what was there before."""
        if not self.own:
            return []
        first = min(stored.sequence for stored in self.own.values())
        before = await self._until(first - 1, [stored.subject for stored in self.own.values()])
        updates = ((stored.subject, _read(stored)) for stored in self.own.values())
        return [Sample(update, before.get(at)) for at, update in updates if update is not None]

    async def _until(self, sequence: int, subjects: Sequence[str]) -> dict[str, Trail]:
        found: dict[str, Trail] = {}
        for start in range(0, len(subjects) if sequence else 0, _PER_READ):
            wanted = subjects[start : start + _PER_READ]
            query = {"multi_last": wanted, "up_to_seq": sequence, "batch": _PER_READ}
            for stored in await self.store.log.bus.get_many(streams.TELEMETRY, query):
                end = _end(stored)
                if end.trail is not None:
                    found[stored.subject] = end.trail
        return found


def _end(stored: Stored) -> End:
    update = _read(stored)
    return End(stored.sequence, trail(update) if update is not None else None)


def _read(stored: Stored) -> GpuUpdate | None:
    """None for what another version of this program has written."""
    try:
        return GpuUpdate.model_validate_json(stored.data)
    except ValidationError:
        return None
