"""Samples of nodes become rows: every measure, and whatever else is told when it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from projections.gpu.known import HOUR, MINUTE, NEVER, Known, KnownGpu, KnownNode
from projections.gpu.told import (
    ToldGpu,
    ToldNode,
    Who,
    as_json,
    copied,
    is_same,
    measures_of,
    told_of,
    who_uses,
)

_NOTHING = (None,) * 10
_USED = 1
"""Where the utilisation is among the measures."""
_LONG_AGO = (NEVER, 0)

Row = tuple[Any, ...]


@dataclass
class Batch:
    """Rows of all tables. Times are microseconds since 2000."""

    samples: list[Row] = field(default_factory=list[Row])
    told: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    node_told: dict[tuple[int, int], Row] = field(default_factory=dict[tuple[int, int], Row])
    new_nodes: list[Row] = field(default_factory=list[Row])
    new_gpus: list[Row] = field(default_factory=list[Row])
    nodes: dict[int, Row] = field(default_factory=dict[int, Row])
    """The newest of each node, by its id."""
    busy: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    """When GPUs were not idle last, and of which node they are, by their ids."""
    shown: dict[int, Row] = field(default_factory=dict[int, Row])
    """What else than its measures has changed of a GPU, by its id."""
    minutes: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    """Of nodes: id, and when the minute begins."""
    hours: set[int] = field(default_factory=set[int])
    """All that its rows are in."""

    def is_newest(self, node: int, at: int) -> bool:
        """True if none of that node is newer, here or in the tables."""
        return node in self.nodes and self.nodes[node][0] == at


class Samples:
    """Adds samples to a batch."""

    def __init__(self, idle_percent: float) -> None:
        self.known = Known()
        self.batch = Batch()
        self._idle = idle_percent

    def add(self, told: ToldNode, at: int) -> None:
        """One sample of a node; Unreadable, and nothing is changed, if a part of it is broken."""
        found = self.known.nodes.get((told.cluster_id, told.node_name))
        gpus = {} if found is None else found.gpus
        changes = _changes(gpus, told.gpus)
        more = (found is None) + len(changes.keys() - gpus.keys())
        if more:
            self.known.make_room(told.cluster_id, more)
        node = found or self._new_node(told.cluster_id, told.node_name, at)
        how = _how(node, at, told.interval_seconds)
        node.last_at, node.sampled_at = at, max(at, node.sampled_at)
        self._add_node(node, told, at, how)
        rows, busy, moment = self.batch.samples, self.batch.busy, (at, node.id)
        for gpu in told.gpus:
            known = node.gpus.get(gpu.uuid) or self._new_gpu(node, gpu.uuid, at)
            values = measures_of(gpu)
            if not how.again:
                rows.append((known.id, node.id, at, *values))
            used = values[_USED]
            if used is not None and used >= self._idle and busy.get(known.id, _LONG_AGO) < moment:
                busy[known.id] = moment
            due = at - known.told_at >= (MINUTE if known.untold else HOUR)
            if due or how.anew or gpu.uuid in changes:
                self._tell(known, gpu, changes.get(gpu.uuid), at, how, due=due)

    def _add_node(self, node: KnownNode, told: ToldNode, at: int, how: "_How") -> None:
        batch, values = self.batch, _of_node(told)
        batch.hours.add(at - at % HOUR)
        if how.newest:
            batch.nodes[node.id] = (at, *values)
        if not how.again:
            batch.minutes.add((node.id, at - at % MINUTE))
            if not told.gpus:
                batch.samples.append((0, node.id, at, *_NOTHING))
        if how.anew or values != node.told or at - node.told_at >= HOUR:
            batch.node_told[node.id, at] = values
            node.told, node.told_at = values, at

    def _tell(
        self, known: KnownGpu, gpu: ToldGpu, change: "_Change | None", at: int, how: "_How", *,
        due: bool,
    ) -> None:  # fmt: skip
        anew = how.anew or due
        if change is not None:
            anew = anew or change.at_once
            known.told, known.who = change.told, change.who
        text = as_json(gpu)
        known.untold = not anew and at - known.told_at < MINUTE
        if not known.untold:
            self.batch.told[known.id, at] = text
            known.told_at = at
        if how.newest:
            self.batch.shown[known.id] = _shown(gpu, known.who, text)

    def _new_node(self, cluster_id: UUID, name: str, at: int) -> KnownNode:
        node = self.known.new_node(cluster_id, name)
        self.batch.new_nodes.append((node.id, cluster_id, name, at))
        return node

    def _new_gpu(self, node: KnownNode, uuid: str, at: int) -> KnownGpu:
        gpu = self.known.new_gpu(node, uuid)
        self.batch.new_gpus.append((gpu.id, node.id, uuid, at))
        return gpu


class _How(NamedTuple):
    """How a sample of a node comes."""

    again: bool
    """It was measured when the one before it was, or the newest one: it is the same one."""
    newest: bool
    """None is newer."""
    anew: bool
    """All is told again: others are missing before it, and may come to lie between.

    So that the last thing told before a sample is true of it, in whatever order they came.
    """


class _Change(NamedTuple):
    """What a GPU's source tells of it now, besides its measures."""

    told: Row
    who: Who
    at_once: bool
    """More of it has changed than what moves with the load."""


def _how(node: KnownNode, at: int, interval: int) -> _How:
    newest = at >= node.sampled_at
    missing = node.last_at == NEVER or not 0 <= at - node.last_at <= interval * 1_500_000
    after_late_ones = newest and node.last_at != node.sampled_at
    return _How(at in {node.last_at, node.sampled_at}, newest, missing or after_late_ones)


def _changes(known: Mapping[str, KnownGpu], gpus: Sequence[ToldGpu]) -> dict[str, _Change]:
    """By the ids of the GPUs that something is new of."""
    return {
        gpu.uuid: _change(before, gpu)
        for gpu in gpus
        if (before := known.get(gpu.uuid)) is None or before.told != told_of(gpu)
    }


def _change(known: KnownGpu | None, gpu: ToldGpu) -> _Change:
    who, told = who_uses(gpu), copied(told_of(gpu))
    if known is None or known.told is None:
        return _Change(told, who, at_once=True)
    return _Change(told, who, at_once=who != known.who or not is_same(told, known.told))


def _of_node(told: ToldNode) -> Row:
    return told.interval_seconds, told.source, told.source_reason, told.error


def _shown(gpu: ToldGpu, who: Who, text: str) -> Row:
    return (
        gpu.index,
        gpu.name,
        gpu.driver_version,
        gpu.cuda_version,
        gpu.memory_total_mb,
        gpu.power_limit_watts,
        ",".join(who.namespaces),
        bool(who.processes),
        text,
    )
