"""What follows from the state of correlation at a moment: pure; the state is as before afterwards.

Signals wait for a short while; those that clearly belong to an incident join it at once. Once one
of a cluster has waited long enough, all that waits there is put together into drafts, and a draft
as a whole joins an incident, is one with drafts like it in other clusters, or opens an incident.
Clusters that have grown since are looked at again: what fits another incident better moves there.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from contracts.alerts import Severity
from services.incidents.correlating.cases import Case, Decision, incident_id
from services.incidents.correlating.drafting import Drafting
from services.incidents.correlating.folding import State
from services.incidents.correlating.groups import Item, item
from services.incidents.correlating.likeness import has_common
from services.incidents.correlating.merging import Merge, Merging
from services.incidents.correlating.revising import WHOLLY, Attention, Move, Revising
from services.incidents.correlating.sets import absorption
from services.incidents.correlating.settings import Settings
from services.incidents.correlating.speaking import Opening, Speaking
from services.incidents.correlating.trying import Choice, Draft, Trial, by_rule, choose

_AT_ONCE = 1.0
"""So much more evidence a signal needs that joins by itself, not with those that came with it."""


_Same = tuple[UUID, str, str]


def _same(one: Item) -> _Same:
    """What the same alert has in common with itself, each time that it fires."""
    signal = one.signal
    return signal.cluster_id, signal.name, signal.where[0] if signal.where else ""


class Deciding:
    """One decision on everything."""

    def __init__(
        self,
        state: State,
        settings: Settings,
        now: datetime,
        attention: Attention,
        due: Collection[UUID] | None = None,
    ) -> None:
        self._state = state
        self._settings = settings
        self._now = now.timestamp()
        self._attention = attention
        self._due_clusters = due
        self._trial = Trial(state)
        self._openings: list[Draft] = []
        self._had: dict[UUID, set[_Same]] = {}
        """What was in incidents that are resolved."""
        self._is_full = len(state.member_of) >= settings.most_known

    def decisions(self) -> list[Decision]:
        """All that has to be told now."""
        speaking = Speaking(self._state, self._settings, self._now)
        moves, unions = self._revised()
        try:
            self._place(self._eligible())
            merging = Merging(self._state, self._settings, self._now, self._trial)
            openings = merging.fleet(self._openings)
            merges = [*merging.pairs(), *unions]
            return speaking.all(self._trial.joins, self._openings_of(openings), merges, moves)
        finally:
            self._trial.back()

    def _revised(self) -> tuple[list[Move], list[Merge]]:
        """What belongs elsewhere, of clusters that are looked at again."""
        revising = Revising(self._state, self._settings)
        due = self._due_clusters
        if due is None:
            due = self._attention.due(self._state, self._now)
        moves = [move for cluster_id in due for move in revising.moves(cluster_id)]
        unions = [merge for cluster_id in due for merge in revising.unions(cluster_id)]
        unions += [Merge(move.target, move.source, WHOLLY) for move in moves if move.is_all]
        return [move for move in moves if not move.is_all], unions

    def _eligible(self) -> dict[UUID, list[Item]]:
        """Signals that may be placed, by cluster."""
        found: dict[UUID, list[Item]] = {}
        for one in self._state.waiting.values():
            if one.lasting and not self._state.rules.ignores(one.signal):
                found.setdefault(one.signal.cluster_id, []).append(self._located(one))
        return found

    def _located(self, one: Item) -> Item:
        """A signal of a pod whose node is known from others is about that node too."""
        if one.at.pod is None or one.at.node is not None:
            return one
        known = self._state.places.get((one.signal.cluster_id, one.at.pod))
        if known is None or len(one.signal.where) >= 16:
            return one
        where = (*one.signal.where, known[0])
        located = item(
            one.signal.model_copy(update={"where": where}), one.arrived, may_open=one.may_open
        )
        located.muting = one.muting
        return located

    def _place(self, by_cluster: dict[UUID, list[Item]]) -> None:
        for cluster_id in sorted(by_cluster, key=lambda one: one.hex):
            waiting = sorted(by_cluster[cluster_id], key=lambda one: one.order)
            crowds = Counter(
                where for one in waiting for where in (one.at.namespace, one.at.node) if where
            )
            left = [one for one in waiting if not self._joins(one, crowds)]
            if any(map(self._is_due, left)):
                self._draft(left)

    def _may_open(self, one: Item) -> bool:
        return one.may_open and one.muting not in self._state.muted

    def _is_due(self, one: Item) -> bool:
        settings = self._settings
        critical = one.signal.severity is Severity.CRITICAL
        wait = settings.settle_critical if critical else settings.settle
        return self._may_open(one) and one.arrived + wait <= self._now

    def _joins(self, one: Item, crowds: Mapping[str, int]) -> bool:
        """True if a signal belongs to an incident beyond doubt.

        What crowds in a namespace, of which the incident has little, is looked at as a whole.
        """
        back = self._back(one)
        if back is not None:
            self._trial.put(back, one, None, "it is there again")
            return True
        choice = self._choice(one)
        if choice is None:
            return False
        case = self._state.cases[choice.group.id]
        wanted = self._settings.join + _AT_ONCE if case.is_open else self._settings.reopen
        if choice.score < wanted or (not choice.rule and _is_odd(one, case, crowds)):
            return False
        self._trial.put(case, one, choice)
        return True

    def _back(self, one: Item) -> Case | None:
        """The incident that was resolved a short while ago, and had the very same in it."""
        near = [self._state.cases[group.id] for group in self._state.register.near(one)]
        found = [case for case in near if not case.is_open and self._had_the_same(case, one)]
        usable = [case for case in found if self._is_usable(case, one)]
        return max(usable, key=lambda case: (case.told_at, case.id.hex), default=None)

    def _had_the_same(self, case: Case, one: Item) -> bool:
        if case.id not in self._had:
            self._had[case.id] = {_same(each) for each in case.items.values()}
        return _same(one) in self._had[case.id] and not self._state.rules.keep_apart(one, case)

    def _choice(self, one: Item) -> Choice | None:
        state = self._state
        near = [state.cases[group.id] for group in state.register.near(one)]
        usable = [case for case in near if self._is_usable(case, one)]
        told = by_rule(one, self._open_cases(), state.rules) if state.rules.together else None
        return told or choose(one, usable, state.register, state.rules)

    def _open_cases(self) -> list[Case]:
        return [
            case for case in self._state.cases.values() if case.is_open and self._has_room(case)
        ]

    def _has_room(self, case: Case) -> bool:
        return case.members < self._settings.most_members and not self._is_full

    def _is_usable(self, case: Case, one: Item) -> bool:
        if not self._has_room(case):
            return False
        resolved = case.head.resolved_at
        return case.is_open or resolved is None or one.started > resolved.timestamp()

    def _draft(self, waiting: Sequence[Item]) -> None:
        drafting = Drafting(self._state.rules, self._settings)
        for draft in drafting.take(waiting):
            if not any(map(self._is_due, draft.items)):
                continue
            case = self._absorbing(draft)
            if case is None:
                self._openings.append(draft)
                continue
            for one in draft.items:
                if not self._state.rules.keep_apart(one, case):
                    self._trial.put(case, one, None)

    def _absorbing(self, draft: Draft) -> Case | None:
        """The incident that a draft belongs to as a whole."""
        state = self._state
        near = {group.id for one in draft.items[:16] for group in state.register.near(one)}
        found: list[tuple[float, str, Case]] = []
        for case in map(state.cases.__getitem__, near):
            if case.is_open and self._has_room(case) and not state.rules.part(draft, case):
                value = absorption(draft.items, draft, case, state.register)
                found.append((value, case.id.hex, case))
        value, _, best = max(found, key=lambda one: one[:2], default=(-math.inf, "", None))
        return best if value >= self._settings.absorb else None

    def _openings_of(self, drafts: Iterable[Draft]) -> list[Opening]:
        room = 0 if self._is_full else self._settings.most_open - len(self._open_cases())
        return [
            Opening(incident_id(draft.items[0].id, draft.items[0].signal.sequence), draft)
            for draft in list(drafts)[: max(room, 0)]
        ]


def _is_odd(one: Item, case: Case, crowds: Mapping[str, int]) -> bool:
    if not has_common(one, case):
        return True
    inside = case.insides[one.signal.cluster_id]
    for where, tally in ((one.at.namespace, inside.namespaces), (one.at.node, inside.nodes)):
        if where is not None and tally.is_island(where, crowds.get(where, 0)):
            return True
    return False
