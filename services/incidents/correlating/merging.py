"""What turns out to be one: in many clusters, or of two incidents: pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from services.incidents.correlating.cases import Case
from services.incidents.correlating.folding import State
from services.incidents.correlating.groups import Group, Inside
from services.incidents.correlating.sets import (
    absorption,
    is_naked,
    is_of_fleet,
    overlap,
    same_clusters,
    same_everywhere,
    shared_cluster,
)
from services.incidents.correlating.settings import Settings
from services.incidents.correlating.trying import Draft, Trial

_RECENT = 120.0
_MOST_PAIRS = 200
_NEAR = 900.0
_FEW, _OVERLAP = 12, 0.5


@dataclass(frozen=True, slots=True)
class Merge:
    """Two incidents that are one."""

    stays: Case
    ends: Case
    reason: str


class Merging:
    """Compares what is about to open, and incidents, with each other."""

    def __init__(self, state: State, settings: Settings, now: float, trial: Trial) -> None:
        self._state = state
        self._settings = settings
        self._now = now
        self._trial = trial
        self._merges: list[Merge] = []
        self._gone: set[str] = set()

    def fleet(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Of drafts, those that open an incident; what began in many clusters becomes one."""
        left = list(drafts)
        kept: list[Draft] = []
        while left:
            draft = left.pop(0)
            cases = [case for case in self._recent() if self._is_peer(draft, case)]
            peers = [one for one in left if self._is_peer(draft, one)]
            spanned = {cluster for group in (draft, *peers, *cases) for cluster in group.insides}
            if len(spanned) < self._wanted():
                kept.append(draft)
                continue
            left = [one for one in left if one not in peers]
            reason = f"the same began in {len(spanned)} clusters within minutes"
            self._unite([draft, *peers], cases, kept, reason)
        return kept

    def _is_peer(self, draft: Draft, other: Group) -> bool:
        elsewhere = other.is_fleet or not (draft.insides.keys() & other.insides.keys())
        window = self._settings.fleet_window
        local = any(inside.of_cluster for inside in other.insides.values())
        return (
            elsewhere
            and local is any(inside.of_cluster for inside in draft.insides.values())
            and same_everywhere(draft, other, window)
            and not self._state.rules.part(draft, other)
        )

    def _wanted(self) -> int:
        known = {cluster for case in self._state.cases.values() for cluster in case.insides}
        return max(self._settings.fleet_clusters, math.ceil(1.2 * math.sqrt(len(known))))

    def _recent(self) -> list[Case]:
        oldest = self._now - self._settings.fleet_window - 4 * self._settings.settle
        return [
            case
            for case in self._state.cases.values()
            if case.is_open and case.last >= oldest and case.id.hex not in self._gone
        ]

    def _unite(
        self, drafts: Sequence[Draft], cases: Sequence[Case], kept: list[Draft], reason: str
    ) -> None:
        if not cases:
            kept.append(_one(drafts))
            return
        stays = max(cases, key=lambda case: (len(case.insides), -case.first, case.id.hex))
        for case in cases:
            if case is not stays:
                self._merge(stays, case, reason)
        for draft in drafts:
            for one in draft.items:
                self._trial.put(stays, one, None, reason)

    def _merge(self, stays: Case, ends: Case, reason: str) -> None:
        parted = ends.id in stays.parted or stays.id in ends.parted
        full = stays.members + ends.members > self._settings.most_members
        told = ends.id.hex in self._gone or stays.id.hex in self._gone
        if not (parted or full or told or self._state.rules.part(stays, ends)):
            self._gone.add(ends.id.hex)
            self._merges.append(Merge(stays, ends, reason))

    def pairs(self) -> list[Merge]:
        """All merges, those of incidents that have become alike too."""
        changed = [case for case in self._state.cases.values() if self._has_changed(case)]
        compared = 0
        for case in sorted(changed, key=lambda case: (case.size, case.id.hex)):
            for other in self._neighbours(case):
                compared += 1
                if compared > _MOST_PAIRS:
                    return self._merges
                self._compare(case, other)
        return self._merges

    def _has_changed(self, case: Case) -> bool:
        return case.is_open and (
            case.told_at >= self._now - _RECENT or case.id in self._trial.joins
        )

    def _neighbours(self, case: Case) -> Iterable[Case]:
        found = {
            group.id: self._state.cases[group.id]
            for one in islice(case.items.values(), 8)
            for group in self._state.register.near(one)
        }
        if case.is_fleet or any(inside.explains for inside in case.insides.values()):
            found.update(
                (one.id, self._state.cases[one.id]) for one in self._state.register.fleet.values()
            )
        return [other for other in found.values() if other.is_open and other.id != case.id]

    def _compare(self, small: Case, large: Case) -> None:
        if {small.id.hex, large.id.hex} & self._gone or abs(small.first - large.first) > _NEAR:
            return
        if same_clusters(small, large):
            self._merge(large, small, f"both are in the same {len(small.insides)} clusters")
            return
        if is_of_fleet(small, large, self._settings.fleet_window):
            self._merge(large, small, f"the same began in {len(large.insides)} clusters")
            return
        home = shared_cluster(small, large)
        if home is None or len(small.insides) > 1:
            return
        items = list(small.items.values())
        value = absorption(items, small, large, self._state.register)
        few = len(items) <= _FEW
        explained = is_naked(large.insides[home]) and not small.insides[home].explains
        if explained and value >= self._settings.absorb:
            reason = f"{_roots_of(large.insides[home])} may explain its {len(items)} signals"
            self._merge(large, small, reason)
        elif value >= self._settings.merge and (few or overlap(items, large) >= _OVERLAP):
            reason = f"{len(items)} signals are as like the other's as like each other"
            self._merge(large, small, reason)


def _roots_of(inside: Inside) -> str:
    return ", ".join(sorted(inside.roots.counts)[:3])[:200]


def _one(drafts: Sequence[Draft]) -> Draft:
    """One draft of several."""
    whole = Draft(id=drafts[0].id)
    for draft in drafts:
        for one in draft.items:
            whole.add(one)
            whole.items.append(one)
    whole.items.sort(key=lambda one: one.order)
    return whole
