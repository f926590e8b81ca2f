"""Entities of signals, and how they lie to each other: what runs where, and is part of what."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from uuid import UUID

from contracts.incidents import Signal
from services.rca.reasoning.knowledge import usual_place

CLUSTER = "cluster"
"""The word for what is about a cluster as a whole."""
_ON_NODES = ("gpu", "device", "clock", "address")
_OF_NAMESPACES = ("namespace", "pod", "workload", "service", "pvc", "ingress", "config")
_OF_CRON = re.compile(r"-\d{7,10}\Z")
"""What the CronJob controller adds to the names of its jobs."""
_PLATFORM = ("openshift-", "kube-", "rook-", "istio-", "nvidia-gpu-operator")


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """Something in a cluster, by the word of place that signals have for it."""

    cluster_id: UUID
    word: str

    @property
    def kind(self) -> str:
        """``node``, ``workload`` and so on."""
        return self.word.partition("/")[0]

    @property
    def namespace(self) -> str | None:
        """The namespace it is in, or is."""
        parts = self.word.split("/")
        inside = parts[0] in _OF_NAMESPACES
        return parts[1] if inside and len(parts) > 1 else None

    @property
    def is_platform(self) -> bool:
        """True of what serves a whole cluster."""
        return self.kind == "operator" or (self.namespace or "").startswith(_PLATFORM)

    def at(self, word: str) -> "Entity":
        """Another one in the same cluster."""
        return Entity(self.cluster_id, word)


@dataclass
class Places:
    """What is known of the entities of some signals; edges of the entity graph."""

    node_of: dict[Entity, Entity] = field(default_factory=dict[Entity, Entity])
    part_of: dict[Entity, Entity] = field(default_factory=dict[Entity, Entity])
    """Pods and the service of a workload, GPUs and clocks of a node."""
    parts: dict[Entity, set[Entity]] = field(
        default_factory=lambda: defaultdict[Entity, set[Entity]](set)
    )

    def whole(self, entity: Entity) -> Entity:
        """What a part belongs to, or the entity itself."""
        for _ in range(4):
            upper = self.part_of.get(entity) or _component(entity)
            if upper is None or upper == entity:
                break
            entity = upper
        return entity

    def node(self, entity: Entity) -> Entity | None:
        """The node that something is on, as far as that is known."""
        if entity.kind == "node":
            return entity
        return self.node_of.get(entity)


def subject(signal: Signal) -> Entity:
    """What a signal is about: the most particular of its words."""
    word = next(iter(signal.where), None) or usual_place(signal.name) or CLUSTER
    return Entity(signal.cluster_id, word)


def _component(entity: Entity) -> Entity | None:
    """What a part of the platform belongs to: OpenShift names namespaces by their operators."""
    if entity.kind == "operator":
        return entity.at(f"namespace/openshift-{entity.word.partition('/')[2]}")
    if entity.is_platform and entity.kind != "namespace":
        return entity.at(f"namespace/{entity.namespace}")
    if entity.kind == "workload" and (job := _OF_CRON.sub("", entity.word)) != entity.word:
        return entity.at(job)
    return None


def places(signals: Sequence[Signal], placed: Mapping[Entity, Entity] | None = None) -> Places:
    """What the words of signals tell of each other; ``placed``: nodes of pods, where seen."""
    found = Places()
    for signal in signals:
        words = {word.partition("/")[0]: word for word in reversed(signal.where)}
        entity = subject(signal)
        _part(found, entity, words)
        if "node" in words:
            _locate(found, entity, words)
    # Where a pod is now counts less than where it was as something was told of it.
    for pod, node in (placed or {}).items():
        found.node_of.setdefault(pod, node)
    _configure(found, {subject(each) for each in signals})
    for part in {*found.part_of, *map(subject, signals)}:
        if (whole := found.whole(part)) != part:
            found.parts[whole].add(part)
    return found


def _part(found: Places, entity: Entity, words: Mapping[str, str]) -> None:
    """Services are taken for the workload of their name."""
    if "service" in words:
        name = words["service"].partition("/")[2]
        found.part_of[entity.at(words["service"])] = entity.at(f"workload/{name}")
    if "pod" in words and "workload" in words:
        found.part_of[entity.at(words["pod"])] = entity.at(words["workload"])


def _configure(found: Places, entities: Set[Entity]) -> None:
    """A configuration belongs to the workload whose name it begins with; the longest one."""
    workloads = {found.whole(each) for each in entities} | set(found.part_of.values())
    named = sorted(each for each in workloads if each.kind == "workload")
    for config in (each for each in entities if each.kind == "config"):
        name = config.word.rpartition("/")[2]
        fits = [
            each
            for each in named
            if each.cluster_id == config.cluster_id
            and each.namespace == config.namespace
            and f"{name}-".startswith(each.word.rpartition("/")[2] + "-")
        ]
        if fits:
            found.part_of[config] = max(fits, key=lambda each: len(each.word))


def _locate(found: Places, entity: Entity, words: Mapping[str, str]) -> None:
    node = entity.at(words["node"])
    for kind in ("pod", *_ON_NODES):
        if kind in words:
            found.node_of.setdefault(entity.at(words[kind]), node)
    if entity.kind in _ON_NODES:
        found.part_of.setdefault(entity, node)
