"""Signals of a cluster that turn out to belong to another incident than it seemed at first: pure.

Blocks of signals, then single ones, move from one incident to another as long as that makes all
that is told of the cluster likelier by more than a margin. What may be a root stays where it is. No
incident opens by that; a trifle, or one of which nothing is left, becomes a part of the other one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.incidents import IncidentState
from services.incidents.correlating.cases import Case
from services.incidents.correlating.folding import State
from services.incidents.correlating.groups import Item, names_of
from services.incidents.correlating.merging import Merge
from services.incidents.correlating.mixture import Component, Trait, trait
from services.incidents.correlating.sets import is_focused
from services.incidents.correlating.settings import Settings

_ROUNDS = 4
_BLOCK, _INTO = 8, 30
"""Less is no block, and nothing moves into what is less: a storm would run into any trifle."""
_MARGIN, _BLOCK_MARGIN, _EACH = 1.0, 10.0, 0.3
"""So much likelier it has to be there: one, a block, and more for each of a block. Signals are not
as independent of each other as is assumed."""
_LEAST, _MOST, _MUCH, _QUIET = 60, 10_000, 1.4, 60.0
"""A cluster is looked at if it has so many signals, and so much more than when it was looked at
last, or a few more and then none for so many seconds."""
_AT_ONCE = 8
"""Clusters; others are looked at a second later."""
_UNION, _PIECE = 3.0, 2.0
"""The same of a trifle; a piece of what is in many clusters is at most so much larger than those
in the others."""
_FEWEST = 5
"""Fewer are not worth telling."""

_LIKELIER = "signals are likelier to be of the other one than of their own"
WHOLLY = "all of it is more like the other one in name, place and time"


def is_revision(reason: str) -> bool:
    """True for why two incidents are one if it was seen as a cluster was looked at again."""
    return reason == WHOLLY or reason.endswith(_LIKELIER)


@dataclass(frozen=True, slots=True)
class Move:
    """Signals that belong to another incident."""

    source: Case
    target: Case
    items: tuple[Item, ...]

    @property
    def is_all(self) -> bool:
        """True if nothing stays behind."""
        return len(self.items) == self.source.size


@dataclass
class Attention:
    """When a cluster is looked at again; forgotten at a restart, which costs one more look."""

    seen: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """By cluster: how many signals it had when it was looked at last."""

    def due(self, state: State, now: float) -> list[UUID]:
        """Clusters that have grown much, or a little and then no more; they count as seen."""
        sizes: dict[UUID, int] = {}
        told: dict[UUID, float] = {}
        for case in state.cases.values():
            if case.head.state is IncidentState.RESOLVED:
                continue
            for cluster_id, inside in case.insides.items():
                sizes[cluster_id] = sizes.get(cluster_id, 0) + inside.signals
                told[cluster_id] = max(told.get(cluster_id, 0.0), case.told_at)
        # What was let go makes a cluster smaller, and is no reason to look at it again.
        self.seen = {one: min(self.seen[one], sizes[one]) for one in self.seen if one in sizes}
        due = [
            one
            for one, size in sizes.items()
            if _LEAST <= size <= _MOST and self._is_due(one, size, quiet=told[one] + _QUIET <= now)
        ]
        due = sorted(due, key=lambda one: one.hex)[:_AT_ONCE]
        self.seen.update((one, sizes[one]) for one in due)
        return due

    def _is_due(self, cluster_id: UUID, size: int, *, quiet: bool) -> bool:
        seen = self.seen.get(cluster_id, 0)
        return size >= _MUCH * seen or (quiet and size != seen)


class Revising:
    """Looks at the incidents of a cluster again."""

    def __init__(self, state: State, settings: Settings) -> None:
        self._state = state
        self._settings = settings

    def moves(self, cluster_id: UUID) -> list[Move]:
        """What moves in a cluster; of two incidents each at most one."""
        components = [self._component(case, cluster_id) for case in self._cases(cluster_id)]
        if len(components) < 2 or max(one.size for one in components) < _INTO:
            return []
        before = {told: one.id for one in components for told in one.traits}
        for _ in range(_ROUNDS):
            moved = sum([self._blocks(one, components) for one in components])
            if not moved + sum([self._singles(one, components) for one in components]):
                break
        return self._told(before, components)

    def unions(self, cluster_id: UUID) -> list[Merge]:
        """Trifles that what else goes on in a cluster makes likelier than they are alone."""
        components = [self._component(case, cluster_id) for case in self._cases(cluster_id)]
        found: list[Merge] = []
        for small in components:
            case = self._state.cases[small.id]
            if len(case.insides) > 1 or case.insides[cluster_id].roots.counts:
                continue
            traits = list(small.traits.values())
            wanted, best = Component(small.id).take(traits) + _UNION, None
            for other in self._targets(small, components):
                target = self._state.cases[other.id]
                if self._state.rules.part(case, target) or not self._is_trifle(small, other):
                    continue
                value = other.take(traits)
                other.give(traits)
                if value > wanted:
                    wanted, best = value, target
            if best is not None:
                count = len(traits)
                reason = f"{count} {_LIKELIER}"
                found.append(Merge(best, case, reason))
        return found

    def _is_trifle(self, small: Component, other: Component) -> bool:
        """True for what may be a piece: a few signals, or as many as there are elsewhere."""
        (inside,) = self._state.cases[small.id].insides.values()
        if other.elsewhere:
            return small.size <= _PIECE * other.elsewhere and not is_focused(inside)
        return small.size < _INTO

    def _cases(self, cluster_id: UUID) -> list[Case]:
        found = [
            case
            for case in self._state.cases.values()
            if case.head.state is not IncidentState.RESOLVED and cluster_id in case.insides
        ]
        return sorted(found, key=lambda case: (-case.insides[cluster_id].signals, case.id.hex))

    def _component(self, case: Case, cluster_id: UUID) -> Component:
        others = len(case.insides) - 1
        here = case.insides[cluster_id].signals
        component = Component(case.id, (case.size - here) / others if others else 0.0)
        if others:
            names = names_of(case)
            component.names = {f"name/{name}": n / case.size for name, n in names.items()}
        for one in case.items.values():
            if one.signal.cluster_id == cluster_id:
                component.add(trait(one))
        return component

    def _blocks(self, source: Component, components: Sequence[Component]) -> int:
        moved = 0
        for block in source.blocks() if source.size >= _BLOCK else ():
            left = [told for told in block if told.one.id in source.traits]
            if len(left) >= _BLOCK:
                moved += self._block(left, source, components)
        return moved

    def _block(
        self, block: Sequence[Trait], source: Component, components: Sequence[Component]
    ) -> int:
        wanted = source.give(block) + _BLOCK_MARGIN + _EACH * len(block)
        best = source
        for other in self._targets(source, components):
            if other.elsewhere or not all(self._may(told, source, other) for told in block):
                continue
            value = other.take(block)
            other.give(block)
            if value > wanted:
                best, wanted = other, value
        best.take(block)
        return 0 if best is source else len(block)

    def _singles(self, source: Component, components: Sequence[Component]) -> int:
        moved = 0
        targets = list(self._targets(source, components))
        for told in source.followers() if targets else ():
            source.drop(told)
            best, wanted = source, source.likely(told) + _MARGIN
            for other in targets:
                value = other.likely(told)
                if value > wanted and self._may(told, source, other):
                    best, wanted = other, value
            best.add(told)
            moved += best is not source
        return moved

    def _targets(self, source: Component, components: Iterable[Component]) -> Iterator[Component]:
        cases = self._state.cases
        mine = cases[source.id]
        for other in components:
            case = cases[other.id]
            parted = case.id in mine.parted or mine.id in case.parted
            full = case.members + source.size > self._settings.most_members
            weighty = other.elsewhere or other.size >= _INTO
            if other is not source and weighty and not parted and not full:
                yield other

    def _may(self, told: Trait, source: Component, other: Component) -> bool:
        """False if an operator's rule holds it where it is."""
        rules, case = self._state.rules, self._state.cases[other.id]
        if source.id == other.id:
            return True
        return not (rules.joined_by(told.one.signal) or rules.keep_apart(told.one, case))

    def _told(self, before: dict[UUID, UUID], components: Iterable[Component]) -> list[Move]:
        found: dict[tuple[UUID, UUID], list[Item]] = {}
        for component in components:
            for signal_id, told in component.traits.items():
                if before[signal_id] != component.id:
                    found.setdefault((before[signal_id], component.id), []).append(told.one)
        cases = self._state.cases
        return [
            Move(cases[source], cases[target], tuple(items))
            for (source, target), items in found.items()
            if len(items) >= _FEWEST
        ]
