"""Signals put where they might belong, to see what then belongs there, and taken back: pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from contracts.incidents import CorrelationRule
from services.incidents.correlating.cases import Case
from services.incidents.correlating.folding import State
from services.incidents.correlating.groups import Group, Item, Register
from services.incidents.correlating.likeness import explain, likeness, score
from services.incidents.correlating.rules import Rules, Values

_BY_RULE = 30.0


@dataclass(frozen=True, slots=True)
class Join:
    """A signal, and why it belongs where it is put."""

    one: Item
    reason: str
    likeness: float


@dataclass
class Draft(Group):
    """Signals that may become an incident."""

    items: list[Item] = field(default_factory=list[Item])


@dataclass(frozen=True, slots=True)
class Choice:
    """The group that a signal belongs to best."""

    group: Group
    score: float
    rule: str = ""
    """Of an operator, that says so."""


def choose(one: Item, groups: Iterable[Group], register: Register, rules: Rules) -> Choice | None:
    """The best of several groups, whatever its score is; the older one of two that are equal."""
    best: Choice | None = None
    for group in groups:
        if rules.keep_apart(one, group):
            continue
        value = score(one, group, register)
        if best is None or _better(value, group, best):
            best = Choice(group, value)
    return best if best is not None and best.score > -math.inf else None


def _better(value: float, group: Group, best: Choice) -> bool:
    mine = (round(value, 9), -group.first, group.id.hex)
    return mine > (round(best.score, 9), -best.group.first, best.group.id.hex)


def by_rule(one: Item, groups: Iterable[Group], rules: Rules) -> Choice | None:
    """The group that a rule puts a signal into."""
    for rule, values in rules.joined_by(one.signal):
        fitting = [group for group in groups if _fits(one, group, rule, values)]
        fitting = [group for group in fitting if not rules.keep_apart(one, group)]
        if fitting:
            first = min(fitting, key=lambda group: (group.first, group.id.hex))
            return Choice(first, _BY_RULE, rule.id)
    return None


def _fits(one: Item, group: Group, rule: CorrelationRule, values: Values) -> bool:
    found = group.keys.get(rule.id, {})
    return values in found and group.gap(one.started) <= rule.within_seconds


class Trial:
    """Changes what belongs to incidents, and remembers how to undo it."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._done: list[tuple[Case, Item]] = []
        self._beats: dict[UUID, list[int]] = {}
        self.joins: dict[UUID, list[Join]] = {}
        """By incident."""

    def put(self, case: Case, one: Item, choice: Choice | None, reason: str = "") -> None:
        """A signal joins an incident."""
        register = self.state.register
        self._beats.setdefault(case.id, list(case.beats))
        if choice is not None and choice.rule:
            reason = f"the rule {choice.rule} puts them together"
        value = choice.score if choice is not None else score(one, case, register)
        if value == -math.inf:
            value = 1.0
        told = reason or explain(one, case, register)
        self.joins.setdefault(case.id, []).append(Join(one, told[:500], likeness(value)))
        register.add(case, one)
        self.state.rules.count(case, one, 1)
        self._done.append((case, one))

    def back(self) -> None:
        """Everything is as it was."""
        for case, one in reversed(self._done):
            self.state.register.drop(case, one)
            self.state.rules.count(case, one, -1)
        for case_id, beats in self._beats.items():
            self.state.cases[case_id].beats = beats
        self._done.clear()
        self._beats.clear()
