"""A cluster's signals as a mixture of incidents: how likely each would bring a signal forth.

Of an incident's part in one cluster it is counted how often it has which name, namespace, workload,
pod, node and time; what it brings forth next is likely as often as it did before, and something new
the likelier, the more often it was something new (the process of Pitman and Yor). What is wrong
with the cluster or its nodes and what follows from it for those who work there are counted apart,
as both have names and places of their own.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from services.incidents.correlating.groups import Item

_NEW, _LIKE = 0.5, 0.5
"""Strength, and discount, of something new."""
_NAMES, _NAMESPACES, _NODES, _WORKLOADS, _PODS = 1 / 60, 1 / 25, 1 / 25, 1 / 8, 1 / 4
"""How likely is one of all that there are: so many a cluster, namespace or workload has, about."""
_NOWHERE = 0.3
_BEAT = 30.0
_NEAR = ((0, 1.0), (-1, 0.7), (1, 0.7), (-2, 0.4), (2, 0.4))
_ALL_NEAR = sum(weight for _, weight in _NEAR)
_ANY_TIME, _TIMES = 0.3, 10.0

Token = tuple[str, str, float]
"""Under what it is counted, what it is, and how likely that is if it is new."""


@dataclass(frozen=True, slots=True)
class Trait:
    """What of a signal is compared."""

    one: Item
    layer: int
    """0 for what is wrong with the cluster itself, 1 for what works there."""
    tokens: tuple[Token, ...]
    beat: int


def trait(one: Item) -> Trait:
    """Takes a signal apart."""
    at = one.at
    namespace = at.namespace or ""
    tokens: list[Token] = [("name", f"name/{one.signal.name}", _NAMES)]
    tokens.append(("namespace", f"in/{namespace}", _NAMESPACES if namespace else _NOWHERE))
    if at.things:
        workload = next((one for one in at.things if one.startswith("workload/")), at.things[0])
        tokens.append((f"in/{namespace}", workload, _WORKLOADS))
        if at.pod:
            tokens.append((workload, at.pod, _PODS))
    if at.node:
        tokens.append(("node", at.node, _NODES))
    layer = 0 if not namespace or at.is_platform else 1
    return Trait(one, layer, tuple(tokens), int(one.started // _BEAT))


@dataclass(slots=True)
class _Counts:
    size: int = 0
    of: dict[str, int] = field(default_factory=dict[str, int])
    total: dict[str, int] = field(default_factory=dict[str, int])
    kinds: dict[str, int] = field(default_factory=dict[str, int])
    """How many differ, of what is counted under the same."""

    def add(self, tokens: tuple[Token, ...], by: int) -> None:
        self.size += by
        for under, what, _ in tokens:
            before = self.of.get(what, 0)
            self.of[what] = before + by
            self.total[under] = self.total.get(under, 0) + by
            if not before or not before + by:
                self.kinds[under] = self.kinds.get(under, 0) + by


@dataclass(slots=True)
class Component:
    """What of an incident is in one cluster."""

    id: UUID
    elsewhere: float = 0.0
    """Signals that it has in each other cluster, on average."""
    names: dict[str, float] = field(default_factory=dict[str, float])
    """The shares of names in all of it, if it is in other clusters too."""
    traits: dict[UUID, Trait] = field(default_factory=dict[UUID, Trait])
    _layers: tuple[_Counts, _Counts] = field(default_factory=lambda: (_Counts(), _Counts()))
    _beats: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def size(self) -> int:
        return len(self.traits)

    def add(self, told: Trait) -> None:
        self.traits[told.one.id] = told
        self._count(told, 1)

    def drop(self, told: Trait) -> None:
        """The inverse."""
        del self.traits[told.one.id]
        self._count(told, -1)

    def _count(self, told: Trait, by: int) -> None:
        self._layers[told.layer].add(told.tokens, by)
        self._beats[told.beat] = self._beats.get(told.beat, 0) + by

    def likely(self, told: Trait) -> float:
        """How likely it would bring forth a signal that it has not; a natural logarithm."""
        counts, size = self._layers[told.layer], self.size
        odds = (size + self.elsewhere or 0.5) * (counts.size + 0.5) / (size + 1)
        beats = self._beats.get
        near = sum(weight * beats(told.beat + away, 0) for away, weight in _NEAR)
        value = math.log(odds * (near / _ALL_NEAR + _ANY_TIME) / (size + _TIMES))
        of, total, kinds = counts.of.get, counts.total.get, counts.kinds.get
        for under, what, base in told.tokens:
            known = max(of(what, 0) - _LIKE, 0.0)
            base = max(base, self.names.get(what, 0.0))
            new = (_NEW + _LIKE * kinds(under, 0)) * base
            value += math.log((known + new) / (total(under, 0) + _NEW))
        return value

    def take(self, traits: Iterable[Trait]) -> float:
        """Adds all, and tells how likely that was."""
        value = 0.0
        for told in traits:
            value += self.likely(told)
            self.add(told)
        return value

    def give(self, traits: Iterable[Trait]) -> float:
        """Drops all, and tells how likely taking them back would be."""
        value = 0.0
        for told in traits:
            self.drop(told)
            value += self.likely(told)
        return value

    def followers(self) -> list[Trait]:
        """All but what may be a root: that stays where it is."""
        return [told for told in self.traits.values() if told.layer]

    def blocks(self) -> list[list[Trait]]:
        """Signals of the same name, in the same namespace, on the same node: the most first."""
        found: dict[tuple[int, str], list[Trait]] = {}
        for told in self.followers():
            for under, what, _ in told.tokens:
                if under in ("name", "namespace", "node"):
                    found.setdefault((told.layer, what), []).append(told)
        return [found[key] for key in sorted(found, key=lambda key: (-len(found[key]), key))]
