"""Signals of one name about one thing, taken together: many pods must not outweigh a node."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.alerts import Severity
from contracts.incidents import Signal
from services.rca.reasoning.knowledge import Class, Meaning, meaning, patience
from services.rca.reasoning.places import Entity, Places, subject
from services.rca.reasoning.seen import Observation

_WEIGHTS = {Severity.CRITICAL: 1.0, Severity.WARNING: 0.7, Severity.INFO: 0.3}
_GRAVE = {Severity.CRITICAL: 1.0, Severity.WARNING: 0.9, Severity.INFO: 0.6}


@dataclass(frozen=True, slots=True)
class Symptom:
    """What is told of an entity and its parts under one name."""

    entity: Entity
    name: str
    signals: tuple[Signal, ...]
    """The earliest first."""
    node: Entity | None
    """Where it is, if all of it is on one node."""

    @property
    def meaning(self) -> Meaning:
        """What its name says."""
        return meaning(self.name)

    @property
    def first(self) -> Signal:
        """The earliest of it."""
        return self.signals[0]

    @property
    def began(self) -> datetime:
        """When the first of it began."""
        return self.first.started_at

    @property
    def is_dated(self) -> bool:
        """False for what was seen live at nobody knows what time."""
        return not isinstance(self.first, Observation) or self.first.is_dated

    @property
    def onset(self) -> datetime:
        """When it is likely to have been wrong first, as rules wait before they tell."""
        return self.began - patience(self.name)

    @property
    def is_critical(self) -> bool:
        """True if any of it is."""
        return any(each.severity is Severity.CRITICAL for each in self.signals)

    @property
    def origin(self) -> float:
        """How likely it tells of a cause: by its name, and less if it is not bad."""
        worst = max(_GRAVE[each.severity] for each in self.signals)
        return worst * self.meaning.origin

    @property
    def weight(self) -> float:
        """How much of an incident it is; grows with the logarithm of its signals."""
        worst = max(_WEIGHTS[each.severity] for each in self.signals)
        return worst * (1 + math.log(len(self.signals)))


def symptoms(signals: Iterable[Signal], known: Places) -> tuple[Symptom, ...]:
    """In the order in which they began; of an entity, of its whole where more than it is hit."""
    at_hand = sorted(signals, key=lambda each: (each.started_at, each.sequence, each.id))
    wholes = _wholes(at_hand, known)
    found: dict[tuple[Entity, str], list[Signal]] = defaultdict(list)
    for signal in at_hand:
        entity = subject(signal)
        found[wholes.get(entity, entity), signal.name].append(signal)
    return _narrowed(
        Symptom(entity, name, tuple(told), _node(entity, told, known))
        for (entity, name), told in found.items()
    )


def _narrowed(found: Iterable[Symptom]) -> tuple[Symptom, ...]:
    """What is told of a namespace is told of the one thing in it that has the same trouble."""
    told = tuple(found)
    troubled: dict[tuple[Entity, Class], set[Entity]] = defaultdict(set)
    for each in told:
        if each.entity.namespace is not None and each.entity.kind != "namespace":
            namespace = each.entity.at(f"namespace/{each.entity.namespace}")
            troubled[namespace, each.meaning.kind].add(each.entity)
    narrowed: list[Symptom] = []
    for each in told:
        things = troubled.get((each.entity, each.meaning.kind), set())
        narrowed.append(replace(each, entity=min(things)) if len(things) == 1 else each)
    return tuple(narrowed)


def _wholes(signals: Iterable[Signal], known: Places) -> dict[Entity, Entity]:
    """Of parts, what stands for them: always, but a node only if more than one part is hit."""
    subjects = {subject(each) for each in signals}
    found: dict[Entity, Entity] = {}
    for part in subjects:
        whole = known.whole(part)
        together = whole.kind != "node" or whole in subjects
        if whole != part and (together or len(known.parts[whole] & subjects) > 1):
            found[part] = whole
    return found


def _node(entity: Entity, signals: Iterable[Signal], known: Places) -> Entity | None:
    if known.node(entity) is not None:
        return known.node(entity)
    nodes = {known.node(subject(each)) for each in signals}
    for each in signals:
        nodes |= {entity.at(word) for word in each.where if word.startswith("node/")}
    return nodes.pop() if len(nodes) == 1 else None
