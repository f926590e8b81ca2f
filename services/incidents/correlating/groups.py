"""Signals that belong together, counted so that one more can be compared with all of them."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from contracts.alerts import Severity
from contracts.incidents import Signal, SignalKind
from services.incidents.correlating.spots import Spot, spot

K = TypeVar("K")

_BEAT = 30.0
_MOST_BEATS = 240
_ISLAND, _SEA, _FAR_MORE = 12, 5, 4
MOMENTARY = "GPU_XID_"
"""States of this name are told, but never that they are over."""
FLEET = 4
"""What is in so many clusters has a cause beyond any of them."""
RANKS = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(slots=True)
class Item:
    """A signal with what is known of it; times in seconds since 1970, by the log."""

    signal: Signal
    at: Spot
    started: float
    may_open: bool
    arrived: float
    lasting: bool = True
    changed: float = 0.0
    """When it ended or returned last."""
    flaps: int = 0
    told: bool = True
    """Whether it lasts by what its incident tells."""
    muting: str = ""

    @property
    def id(self) -> UUID:
        return self.signal.id

    @property
    def momentary(self) -> bool:
        """True if no end of it is ever told."""
        signal = self.signal
        return signal.kind is SignalKind.STATUS and signal.name.startswith(MOMENTARY)

    @property
    def of_platform(self) -> bool:
        """True if it is bad, and about what a cluster gives to all who work in it."""
        return self.at.is_platform and self.signal.severity is Severity.CRITICAL

    @property
    def explains(self) -> bool:
        """True if it makes much else go wrong: in its cluster, or on its node."""
        at, bad = self.at, self.signal.severity is Severity.CRITICAL
        return self.may_open and bad and (at.of_node or at.of_cluster or at.is_platform)

    @property
    def order(self) -> tuple[float, int, int, str, str, str]:
        """In which signals are decided on: what explains others first, never by arrival."""
        wide = 0 if self.at.of_cluster else 1 if self.at.of_node or self.of_platform else 2
        signal = self.signal
        where = signal.where[0] if signal.where else ""
        rank = RANKS[signal.severity]
        return self.started // _BEAT, wide, rank, signal.name, where, signal.id.hex


def item(signal: Signal, arrived: float, *, may_open: bool = True) -> Item:
    """A signal as it is when it comes."""
    started = signal.started_at.timestamp()
    return Item(signal, spot(signal.where), started, may_open, arrived, changed=arrived)


@dataclass(slots=True)
class Tally:
    """How often there is what; what is not there is not kept."""

    counts: dict[str, int] = field(default_factory=dict[str, int])
    total: int = 0

    def add(self, what: str, by: int) -> None:
        left = self.counts.get(what, 0) + by
        self.total += by
        if left > 0:
            self.counts[what] = left
        else:
            self.counts.pop(what, None)

    def share(self, what: str | None) -> float:
        """0 to 1; 0 if there is nothing."""
        return self.counts.get(what, 0) / self.total if what and self.total else 0.0

    def news(self, prior: float, of: float) -> float:
        """How likely the next one is one that was never there: how often that was so, smoothed."""
        seen = max(self.total - 1, 0)
        return (max(len(self.counts) - 1, 0) + prior) / (seen + of)

    def is_island(self, what: str | None, more: int = 0) -> bool:
        """True if there is, with so many more, far more of it than of each of the others."""
        here = self.counts.get(what, 0) if what else 0
        count = here + more
        others = len(self.counts) - (here > 0)
        if count < _ISLAND or others < _SEA:
            return False
        return count > _FAR_MORE * (self.total - here) / others

    @property
    def top(self) -> tuple[str, float]:
        """What is most often there, and its share; nothing and 0 if there is none."""
        if not self.counts:
            return "", 0.0
        what = max(self.counts, key=lambda one: (self.counts[one], one))
        return what, self.counts[what] / self.total


@dataclass(slots=True)
class Inside:
    """The part of a group that is in one cluster."""

    signals: int = 0
    names: Tally = field(default_factory=Tally)
    namespaces: Tally = field(default_factory=Tally)
    nodes: Tally = field(default_factory=Tally)
    things: Tally = field(default_factory=Tally)
    of_node: int = 0
    """Signals about nodes themselves, that may open an incident."""
    of_cluster: int = 0
    of_platform: int = 0
    """Critical ones about what a cluster gives to all who work in it."""
    critical: int = 0
    wide: int = 0
    """Signals about the platform or the whole cluster, however bad."""
    roots: Tally = field(default_factory=Tally)
    """Names of those that make much else go wrong."""
    pulse: dict[int, int] = field(default_factory=dict[int, int])
    """How many began in which half minute."""

    @property
    def explains(self) -> bool:
        """True if something in it makes much else go wrong."""
        return bool(self.of_cluster or self.of_node or self.of_platform)

    def rate(self, started: float) -> int:
        """How many began in the two minutes around."""
        beat = int(started // _BEAT)
        pulse = self.pulse.get
        return pulse(beat - 2, 0) + pulse(beat - 1, 0) + pulse(beat, 0) + pulse(beat + 1, 0)

    def add(self, one: Item, by: int) -> None:
        at = one.at
        beat = int(one.started // _BEAT)
        self.pulse[beat] = self.pulse.get(beat, 0) + by
        if self.pulse[beat] <= 0 or len(self.pulse) > _MOST_BEATS:
            del self.pulse[beat if self.pulse[beat] <= 0 else min(self.pulse)]
        self.signals += by
        self.names.add(one.signal.name, by)
        if at.namespace is not None:
            self.namespaces.add(at.namespace, by)
        if at.node is not None:
            self.nodes.add(at.node, by)
        for thing in at.things:
            self.things.add(thing, by)
        self.critical += by * (one.signal.severity is Severity.CRITICAL)
        self.wide += by * (at.is_platform or at.of_cluster)
        if one.explains:
            self.roots.add(one.signal.name, by)
            self.of_node += by * at.of_node
            self.of_cluster += by * at.of_cluster
            self.of_platform += by * at.is_platform


@dataclass
class Group:
    """Signals that belong together, whether or not they are an incident yet."""

    id: UUID
    insides: dict[UUID, Inside] = field(default_factory=dict[UUID, Inside])
    """By cluster."""
    size: int = 0
    beats: list[int] = field(default_factory=list[int])
    """Half minutes in which signals of it began, in order."""
    keys: dict[str, dict[tuple[str, ...], int]] = field(
        default_factory=dict[str, dict[tuple[str, ...], int]]
    )
    """What rules that keep apart find in it, by rule."""

    def add(self, one: Item) -> None:
        self.insides.setdefault(one.signal.cluster_id, Inside()).add(one, 1)
        self.size += 1
        beat = int(one.started // _BEAT)
        at = bisect_left(self.beats, beat)
        if at == len(self.beats) or self.beats[at] != beat:
            insort(self.beats, beat)
            if len(self.beats) > _MOST_BEATS:
                del self.beats[0]

    def drop(self, one: Item) -> None:
        """The inverse, but for the beats, which stay: it was there once."""
        cluster = one.signal.cluster_id
        inside = self.insides[cluster]
        inside.add(one, -1)
        self.size -= 1
        if not inside.signals:
            del self.insides[cluster]

    def gap(self, started: float) -> float:
        """Seconds to the nearest half minute in which something of it began; at most a day."""
        beat = int(started // _BEAT)
        at = bisect_left(self.beats, beat)
        around = self.beats[max(at - 1, 0) : at + 1]
        return min((abs(other - beat) * _BEAT for other in around), default=86_400.0)

    @property
    def is_weighty(self) -> bool:
        """True if it is more than a trifle in each of its clusters, about."""
        return self.size >= 3 * len(self.insides) or any(
            inside.critical for inside in self.insides.values()
        )

    @property
    def is_fleet(self) -> bool:
        return len(self.insides) >= FLEET

    @property
    def last(self) -> float:
        return self.beats[-1] * _BEAT if self.beats else 0.0

    @property
    def first(self) -> float:
        return self.beats[0] * _BEAT if self.beats else 0.0


@dataclass
class Register:
    """Groups, and where to look for those that a signal might belong to."""

    groups: dict[UUID, Group] = field(default_factory=dict[UUID, Group])
    seen: dict[tuple[UUID, str], dict[UUID, int]] = field(
        default_factory=dict[tuple[UUID, str], dict[UUID, int]]
    )
    """By cluster and what is there: how many signals of which group."""
    names: Tally = field(default_factory=Tally)
    """Of all signals of all groups."""
    wide: dict[UUID, dict[UUID, int]] = field(default_factory=dict[UUID, dict[UUID, int]])
    """By cluster: groups with signals about the whole of it or about a node."""
    fleet: dict[UUID, Group] = field(default_factory=dict[UUID, Group])
    """Groups in many clusters."""

    def add(self, group: Group, one: Item) -> None:
        group.add(one)
        if len(group.insides) >= FLEET:
            self.fleet[group.id] = group
        self.names.add(one.signal.name, 1)
        for token in tokens(one):
            of = self.seen.setdefault((one.signal.cluster_id, token), {})
            of[group.id] = of.get(group.id, 0) + 1
        if one.explains:
            of = self.wide.setdefault(one.signal.cluster_id, {})
            of[group.id] = of.get(group.id, 0) + 1

    def drop(self, group: Group, one: Item) -> None:
        group.drop(one)
        if len(group.insides) < FLEET:
            self.fleet.pop(group.id, None)
        cluster = one.signal.cluster_id
        self.names.add(one.signal.name, -1)
        for token in tokens(one):
            _less(self.seen, (cluster, token), group.id)
        if one.explains:
            _less(self.wide, cluster, group.id)

    def near(self, one: Item, most: int = 64) -> list[Group]:
        """Groups with anything in common: the order says nothing."""
        cluster = one.signal.cluster_id
        found: dict[UUID, None] = dict.fromkeys(list(self.wide.get(cluster, ()))[-most:])
        for token in tokens(one):
            of = self.seen.get((cluster, token), {})
            found.update(dict.fromkeys(list(of)[-most:]))
        found.update((one.id, None) for one in self.fleet.values() if cluster in one.insides)
        return [self.groups[group_id] for group_id in found]

    def shared_by(self, cluster_id: UUID, token: str) -> int:
        """In how many groups there is this."""
        return len(self.seen.get((cluster_id, token), ()))


def _less(counts: dict[K, dict[UUID, int]], key: K, group_id: UUID) -> None:
    of = counts[key]
    of[group_id] -= 1
    if not of[group_id]:
        del of[group_id]
        if not of:
            del counts[key]


def tokens(one: Item) -> Iterator[str]:
    """By what a signal is looked for."""
    yield f"name/{one.signal.name}"
    if one.at.namespace is not None:
        yield one.at.namespace
    if one.at.node is not None:
        yield one.at.node
    yield from one.at.things


def names_of(group: Group) -> dict[str, int]:
    """How often there is which name, over all clusters."""
    found: dict[str, int] = {}
    for inside in group.insides.values():
        for name, count in inside.names.counts.items():
            found[name] = found.get(name, 0) + count
    return found


def profile_likeness(one: dict[str, int], other: dict[str, int]) -> float:
    """0 to 1: whether the same names are there in the same shares (Bhattacharyya's coefficient)."""
    total = (sum(one.values()) or 1) * (sum(other.values()) or 1)
    return float(
        sum((one[name] * other[name]) ** 0.5 for name in one.keys() & other.keys()) / total**0.5
    )


def worst(severities: Iterable[Severity]) -> Severity:
    """The worst of several; INFO of none."""
    return min(severities, key=RANKS.__getitem__, default=Severity.INFO)
