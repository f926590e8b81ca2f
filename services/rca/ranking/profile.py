"""What requests were like in a window: durations, shapes and endings, by operation and by edge."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from services.rca.ranking.handled import Features, Handled
from services.rca.ranking.surprise import Groups

Operation = tuple[str, str]
"""An entity, and what it is asked for."""
Edge = tuple[str, str]
"""Caller and callee."""
Ending = tuple[frozenset[str], str]
"""Which entities were called, and which of them last; an empty name if none was."""
_CLEAN, _OTHER = 3, 5
"""Requests that a group needs to be compared with."""
T = TypeVar("T")


@dataclass(slots=True)
class Habits:
    """How an operation is handled."""

    own: list[float] = field(default_factory=list[float])
    """Seconds, ascending."""
    done: Counter[Features] = field(default_factory=Counter[Features])
    errors: Counter[str] = field(default_factory=Counter[str])
    endings: Counter[Ending] = field(default_factory=Counter[Ending])
    answered: Counter[str] = field(default_factory=Counter[str])
    """Requests by step in which another entity's work was seen."""
    unanswered: Counter[str] = field(default_factory=Counter[str])
    """Requests by step after which there was none."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What requests were like in one window."""

    operations: Mapping[Operation, Habits]
    gaps: Mapping[Edge, Sequence[float]]
    """Seconds, ascending."""
    writing: frozenset[str]
    """Entities whose log lines are there."""


@dataclass(frozen=True, slots=True)
class Past:
    """Windows to compare with: known to be free of faults, and others, oldest first."""

    clean: Sequence[Profile]
    other: Sequence[Profile]

    def operation(self, key: Operation) -> Groups[Habits]:
        """Windows in which that operation was asked for often enough."""
        return Groups(
            _enough((each.operations.get(key) for each in self.clean), _requests, _CLEAN),
            _enough((each.operations.get(key) for each in self.other), _requests, _OTHER),
        )

    def gaps(self, key: Edge) -> Groups[Sequence[float]]:
        """Windows in which there were enough calls along an edge."""
        return Groups(
            _enough((each.gaps.get(key) for each in self.clean), len, _CLEAN),
            _enough((each.gaps.get(key) for each in self.other), len, _OTHER),
        )


def profile(requests: Iterable[Handled]) -> Profile:
    """What the requests of a window were like."""
    operations: dict[Operation, Habits] = defaultdict(Habits)
    gaps: dict[Edge, list[float]] = defaultdict(list)
    writing: set[str] = set()
    for each in requests:
        habits = operations[each.entity, each.operation]
        habits.own.append(each.own)
        habits.done[each.done] += 1
        habits.errors.update(each.errors)
        habits.answered.update(each.answered)
        habits.unanswered.update(each.unanswered)
        habits.endings[frozenset(each.calls), each.calls[-1] if each.calls else ""] += 1
        if each.caller is not None:
            gaps[each.caller, each.entity].append(each.gap)
        if each.errors or any(name.startswith("line ") for name, _ in each.done):
            writing.add(each.entity)
    for habits in operations.values():
        habits.own.sort()
    for some in gaps.values():
        some.sort()
    # In order of names, so that it does not matter in which order requests came in.
    return Profile(dict(sorted(operations.items())), dict(sorted(gaps.items())), frozenset(writing))


def _requests(habits: Habits) -> int:
    return len(habits.own)


def _enough(found: Iterable[T | None], size: Callable[[T], int], least: int) -> list[T]:
    return [each for each in found if each is not None and size(each) >= least]
