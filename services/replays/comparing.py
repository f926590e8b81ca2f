"""What would have been, next to what was: pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from uuid import UUID

from contracts.incidents import Incident
from contracts.replays import MOST_DIFFERENCES, DifferenceKind, ReplayDifference
from services.incidents.correlating.membership import Membership

SAME_MOMENT = timedelta(seconds=2)
"""Who decides once a second decides neither earlier nor later within this."""
_MOST_NAMED = 3
_MOST_CLUSTERS = 8_000
"""Ids of clusters in all differences: some incidents are of hundreds."""


@dataclass
class Compared:
    """What a comparison comes to; the fields of a `ReplayResult`."""

    told: int = 0
    again: int = 0
    equal: int = 0
    differences: list[ReplayDifference] = field(default_factory=list[ReplayDifference])
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """Of signals."""
    seconds: tuple[float | None, float | None] = (None, None)
    """To tell: what was, and what would have been."""

    def fields(self) -> dict[str, object]:
        """As a `ReplayResult` names them."""
        every = sorted(self.differences, key=lambda each: (each.at, each.id.hex))
        told = list(_fitting(every))
        return {
            "told": self.told,
            "again": self.again,
            "equal": self.equal,
            "is_equal": not self.differences,
            "seconds_to_tell": self.seconds[0],
            "seconds_to_tell_again": self.seconds[1],
            "differences": tuple(told),
            "left_out": len(every) - len(told),
            **self.numbers,
        }


def _fitting(every: Iterable[ReplayDifference]) -> Iterable[ReplayDifference]:
    """The first ones, as far as all of them fit into one message."""
    named = 0
    for each in islice(every, MOST_DIFFERENCES):
        named += len(each.cluster_ids)
        if named <= _MOST_CLUSTERS:
            yield each


def middle(seconds: Iterable[float]) -> float | None:
    """The median of what is no less than nothing; None of nothing."""
    known = [max(each, 0.0) for each in seconds]
    return round(median(known), 3) if known else None


@dataclass
class Incidents:
    """Compares incidents of a part of the log with what a replay makes of it."""

    before: Membership
    """As it stood when the part began."""
    told: Membership
    again: Membership
    clusters: Collection[UUID]
    """Those that it is about; none: all."""
    same: Membership | None = None
    """What the replay makes of it with settings as they are, where it decides at other moments than
    was decided: what comes of that alone is no difference."""

    def compared(self) -> Compared:
        """All differences."""
        was, would = self._changed(self.told), self._changed(self.again)
        found = Compared(told=len(was), again=len(would))
        homes = _homes(self._base), _homes(self.again)
        for one in sorted(was | would, key=lambda one: one.hex):
            difference = self._difference(one, homes)
            if difference is not None:
                found.differences.append(difference)
            elif one in was:
                found.equal += 1
        found.numbers = self._numbers(was, would, homes)
        found.seconds = self._seconds(self.told, was), self._seconds(self.again, would)
        return found

    @property
    def _base(self) -> Membership:
        """What the replay is measured by, signal by signal."""
        return self.same or self.told

    def _changed(self, now: Membership) -> set[UUID]:
        """Incidents of which anything was told in this part, and that did not end in others."""
        before = self.before
        return {
            one
            for one, incident in now.incidents.items()
            if (not self.clusters or set(incident.cluster_ids) & set(self.clusters))
            and (
                before.incidents.get(one) is not incident or before.members[one] != now.members[one]
            )
        }

    def _difference(
        self, one: UUID, homes: tuple[Mapping[UUID, UUID], ...]
    ) -> ReplayDifference | None:
        if self.same is not None and _is_alike(one, self.same, self.again):
            return None
        if one not in self.again.incidents:
            return _shown(self.told, one, DifferenceKind.LOST, self._gone(one, homes[1]))
        if one not in self.told.incidents:
            return _shown(self.again, one, DifferenceKind.ADDED, self._new(one, homes[0]))
        text = self._otherwise(one)
        return _shown(self.told, one, DifferenceKind.CHANGED, text) if text else None

    def _gone(self, one: UUID, home: Mapping[UUID, UUID]) -> str:
        return _spread(self.told, one, home, self.again, "would be of")

    def _new(self, one: UUID, home: Mapping[UUID, UUID]) -> str:
        return _spread(self.again, one, home, self._base, "were of")

    def _otherwise(self, one: UUID) -> str:
        was, would = self.told.members[one], self.again.members[one]
        told = [f"{len(would - was)} signals more"] if would - was else []
        told += [f"{len(was - would)} fewer"] if was - would else []
        if one not in self.before.incidents:
            told += _shift("opened", self.told.told_at[one], self.again.told_at[one])
        ends = self.told.incidents[one], self.again.incidents[one]
        told += _ended(*ends)
        return ", ".join(told)

    def _numbers(
        self, was: set[UUID], would: set[UUID], homes: tuple[Mapping[UUID, UUID], ...]
    ) -> dict[str, int]:
        told = {one for each in was for one in self.told.members[each]}
        base = {one for each in self._changed(self._base) for one in self._base.members[each]}
        again = {one for each in would for one in self.again.members[each]}
        both = Counter(
            (homes[0][one], homes[1][one])
            for one in base | again
            if one in homes[0] and one in homes[1]
        )
        into = Counter(after for _, after in both)
        out_of = Counter(before for before, _ in both)
        return {
            "signals_told": len(told),
            "signals_again": len(again),
            "signals_added": sum(one not in homes[0] for one in again),
            "signals_lost": sum(one not in homes[1] for one in base),
            "signals_merged": sum(n for (_, after), n in both.items() if into[after] > 1),
            "signals_parted": sum(n for (before, _), n in both.items() if out_of[before] > 1),
        }

    def _seconds(self, now: Membership, changed: set[UUID]) -> float | None:
        new = [one for one in changed if one not in self.before.incidents]
        return middle(
            (now.told_at[one] - now.incidents[one].opened_at).total_seconds() for one in new
        )


def _is_alike(one: UUID, these: Membership, others: Membership) -> bool:
    """An incident is in neither, or just so in both."""
    if one not in these.incidents or one not in others.incidents:
        return (one in these.incidents) is (one in others.incidents)
    ends = these.incidents[one], others.incidents[one]
    return (
        these.members[one] == others.members[one]
        and abs(these.told_at[one] - others.told_at[one]) <= SAME_MOMENT
        and not _ended(*ends)
    )


def _homes(known: Membership) -> dict[UUID, UUID]:
    return {one: incident for incident, members in known.members.items() for one in members}


def _spread(
    known: Membership, mine: UUID, home: Mapping[UUID, UUID], other: Membership, words: str
) -> str:
    members, clusters = known.members[mine], known.incidents[mine].cluster_ids
    shares = Counter(home.get(one) for one in members).most_common()
    named = [
        f"{count} {words} {'no incident' if one is None else _title(other, one, clusters)}"
        for one, count in shares[:_MOST_NAMED]
    ]
    rest = sum(count for _, count in shares[_MOST_NAMED:])
    named += [f"{rest} {words} others"] if rest else []
    return f"of its {len(members)} signals " + ", ".join(named) if named else "it has no signals"


def _title(known: Membership, one: UUID, clusters: Collection[UUID]) -> str:
    """What an incident is called, for those who see these clusters."""
    incident = known.incidents.get(one)
    if incident is None:
        return "one that has ended in another"
    if not set(incident.cluster_ids) <= set(clusters):
        return "one of more clusters"
    return incident.title[:80]


def _shift(what: str, was: datetime, would: datetime) -> list[str]:
    if abs(would - was) <= SAME_MOMENT:
        return []
    seconds = (would - was).total_seconds()
    return [f"{what} {abs(seconds):.0f} s {'later' if seconds > 0 else 'earlier'}"]


def _ended(was: Incident, would: Incident) -> list[str]:
    if was.resolved_at is None and would.resolved_at is None:
        return []
    if was.resolved_at is None:
        return ["resolved"]
    if would.resolved_at is None:
        return ["not resolved"]
    return _shift("resolved", was.resolved_at, would.resolved_at)


def _shown(known: Membership, one: UUID, kind: DifferenceKind, text: str) -> ReplayDifference:
    incident = known.incidents[one]
    return ReplayDifference(
        kind=kind,
        id=one,
        title=incident.title,
        cluster_ids=incident.cluster_ids,
        at=known.told_at[one],
        text=text[:500],
    )
