"""What many clusters take, by the CPU that an event was measured to take (`scale_costs`).

No load is run: a fleet's events are shared out over processes, and what is full first is named.
Seeded, a few seconds. `scale_tables` words it for deploy/SCALING.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from services.runtime.ids import derived_id
from services.runtime.projections.partition import partition_of
from tests.benchmarks.scale_costs import COSTS

FULL = 0.7
"""How much of a core a process may use on average: the rest is for what comes at once."""
_MOST_PARTITIONS = 64
_MOST_GATEWAYS = 64
"""Each reads the whole log: more of them are more load on its server than they take off."""
_HEAVY = 1.0
"""Sigma of the log-normal weights of clusters: the busiest tenth makes 39 % of the events."""
LEADER = "leader of a stream"
"""A part that is no process of its own: what is counted of it is time."""


@dataclass(frozen=True, slots=True)
class Load:
    """What comes each second."""

    name: str
    clusters: int
    alerts: float
    """Events of alerts: one fires, or ends."""
    changes: float
    """All other events of the log."""
    reports: float
    """Alerts told by sources, those that are known already among them."""
    checks: float
    samples: float
    """Of one GPU each."""
    clients: float = 0
    seen: float = 0
    """Events that each of them is sent."""
    reads: float = 0

    @property
    def events(self) -> float:
        """Of the log."""
        return self.alerts + self.changes

    def times(self, factor: float) -> "Load":
        """The same with so much more of everything."""
        rates = ("alerts", "changes", "reports", "checks", "samples", "seen", "reads")
        return replace(self, **{name: getattr(self, name) * factor for name in rates})


@dataclass(frozen=True, slots=True)
class Hub:
    """What a hub may be made of."""

    copies: int = 3
    """Of each stream."""
    database: int = 32
    """Cores of the one PostgreSQL."""
    server: int = 16
    """Cores of each NATS server."""


HUB = Hub()


@dataclass(frozen=True, slots=True)
class Stage:
    """Something that is shared out over processes, or cannot be."""

    name: str
    part: str
    cores: float
    """That all of it takes."""
    each: float = 0.0
    """That every process takes besides, however many there are: what all of them read."""
    most: int | None = None
    """Processes that there can be; None: as many as one likes."""
    width: float = 1.0
    """Cores that one of them can use."""
    needed: int | None = None
    """Processes, where not by cores alone; 0: no number is enough."""

    @property
    def at_most(self) -> int:
        """Processes that do it: as many as are needed, or as there can be."""
        return self.processes or self.most or 1

    @property
    def processes(self) -> int | None:
        """That are needed; None: no number is enough."""
        if self.needed is not None:
            return self.needed or None
        room = FULL * self.width - self.each
        if room <= 0:
            return None
        found = max(1, math.ceil(self.cores / room))
        return found if self.most is None or found <= self.most else None


def fleet(clusters: int) -> Load:
    """A fleet of ordinary days.

    Of each cluster: 60 alerts an hour that begin and end, told three times as often, and 5 other
    events, as in the benchmark of a day; a check every 30 s; 10 GPUs, each sampled every 15 s. For
    ten clusters somebody who listens to a twentieth of the fleet and asks for a list every 10 s.
    """
    an_hour = clusters / 3600
    alerts = 120 * an_hour
    people = clusters / 10
    return Load(
        name=f"{clusters:,} clusters",
        clusters=clusters,
        alerts=alerts,
        changes=5 * an_hour,
        reports=3 * alerts,
        checks=clusters / 30,
        samples=10 * clusters / 15,
        clients=people,
        seen=0.05 * 125 * an_hour,
        reads=people / 10,
    )


def million(samples: float, clusters: int = 10_000) -> Load:
    """A million events a second, this share of them samples, five of six others of alerts."""
    others = 1e6 * (1 - samples)
    usual = fleet(clusters)
    name = f"1 M/s, {100 * samples:g} % samples" if samples else "1 M/s, all in the log"
    return replace(
        usual,
        name=name,
        alerts=others * 5 / 6,
        changes=others / 6,
        reports=others * 5 / 6,
        samples=1e6 * samples,
        seen=0.05 * others * 0.05,
    )


@cache
def shares(clusters: int, of: int, seed: int = 1) -> tuple[float, ...]:
    """The part of all events that falls into each partition, by the platform's own hash."""
    found = [0.0] * of
    for number, weight in enumerate(weights(clusters, seed)):
        found[partition_number(number, of)] += weight
    return tuple(found)


@cache
def _subject(number: int) -> str:
    return f"evt.{derived_id('scale-model', number)}.alert"


@cache
def _hashed(number: int) -> int:
    # The hash has 32 bits; of so many partitions it is the number itself.
    return partition_of(_subject(number), 1 << 32)


def partition_number(number: int, of: int) -> int:
    """Where the events of a cluster are folded."""
    return _hashed(number) % of


@cache
def weights(clusters: int, seed: int = 1) -> tuple[float, ...]:
    """How much of all events each cluster makes: few make most."""
    random = Random(seed)
    found = [random.lognormvariate(0, _HEAVY) for _ in range(clusters)]
    total = sum(found)
    return tuple(each / total for each in found)


def fold(name: str, rate: float, each: float, clusters: int) -> Stage:
    """A projection: each partition folds its clusters and passes over the events of the others."""
    needed = 0
    for of in range(1, _MOST_PARTITIONS + 1):
        most = max(shares(clusters, of))
        if rate * (most * each + (1 - most) * COSTS.pass_over.seconds) <= FULL:
            needed = of
            break
    alone = rate * COSTS.pass_over.seconds
    own = rate * (each - COSTS.pass_over.seconds)
    return Stage(name, "projector", own, alone, _MOST_PARTITIONS, needed=needed)


def readers(stages: Sequence[Stage]) -> int:
    """Processes that read all of the log's events, each by itself."""
    by_name = {stage.name: stage.at_most for stage in stages}
    reading = ("doors, live stream and reads", "alerts projection", "other projections")
    return sum(by_name[name] for name in reading) + 1


def stages(load: Load, hub: Hub = HUB) -> list[Stage]:
    """All that a load needs."""
    first = [*_gateways(load), *_workers(load), *_projector(load)]
    return [*first, *_servers(load, hub, readers(first))]


def _gateways(load: Load) -> list[Stage]:
    cores = (
        load.reports * COSTS.door.seconds
        + load.clients * load.seen * COSTS.deliver.seconds
        + load.reads * COSTS.read.seconds
    )
    tail = load.events * COSTS.tail.seconds
    return [Stage("doors, live stream and reads", "gateway", cores, tail, _MOST_GATEWAYS)]


def _workers(load: Load) -> list[Stage]:
    commands = load.reports * COSTS.ingest.seconds + load.changes * COSTS.change.seconds
    asking = load.checks * COSTS.check.seconds + load.samples * COSTS.collect.seconds
    rows = 4 * load.samples * COSTS.detect.seconds
    return [
        Stage("commands", "workers", commands, COSTS.idle.seconds),
        Stage("checks and samples of clusters", "workers", asking, COSTS.idle.seconds),
        Stage("detector of anomalies", "workers", rows, most=8),
        Stage("correlator of incidents", "workers", load.alerts * COSTS.correlate.seconds, most=1),
    ]


def _projector(load: Load) -> list[Stage]:
    return [
        fold("alerts projection", load.events, COSTS.fold.seconds, load.clusters),
        fold("other projections", load.events, COSTS.fold_activity.seconds, load.clusters),
        Stage("keeper of samples", "projector", load.samples * COSTS.keep.seconds, most=1),
    ]


def _servers(load: Load, hub: Hub, reading: int) -> list[Stage]:
    copied = hub.copies > 1
    rate = COSTS.append_copied if copied else COSTS.append
    telling = COSTS.tell_copied if copied else COSTS.tell
    store = load.events * (COSTS.store_copied if copied else COSTS.store).seconds
    messages = load.samples / 8
    nats = store + load.events * reading * COSTS.hand_out.seconds
    nats += messages * (COSTS.store_copied if copied else COSTS.store).seconds
    rows = load.alerts * COSTS.rows.seconds + load.events * COSTS.rows_activity.seconds
    rows += load.samples * COSTS.row_sample.seconds
    return [
        Stage("append to the log (EVT)", LEADER, load.events * rate.seconds, most=1),
        Stage("append of telemetry (TEL)", LEADER, messages * telling.seconds, most=1),
        Stage(
            "NATS servers' cores",
            "nats",
            nats,
            most=hub.copies,
            width=hub.server,
            needed=hub.copies if nats <= FULL * hub.copies * hub.server else 0,
        ),
        Stage("PostgreSQL", "postgres", rows, most=1, width=hub.database),
    ]


def first_full(load: Load, hub: Hub = HUB) -> list[tuple[float, Stage]]:
    """How many times this load each stage can bear; what is full first comes first."""
    found = [(_bears(load, hub, number), stage) for number, stage in enumerate(stages(load, hub))]
    return sorted(found, key=lambda each: each[0])


def _bears(load: Load, hub: Hub, number: int) -> float:
    """Found by halving: what all processes read makes it no straight line."""
    low, high = 0.0, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        if stages(load.times(middle), hub)[number].processes is None:
            high = middle
        else:
            low = middle
    return low if low < 0.99e6 else math.inf


def parts(load: Load, hub: Hub = HUB) -> dict[str, tuple[int | None, float]]:
    """Processes of each part, which do all that is of it, and the cores that they take.

    None where something of it cannot be shared out over enough of them.
    """
    found: dict[str, list[Stage]] = {}
    for stage in stages(load, hub):
        if stage.part != LEADER:
            found.setdefault(stage.part, []).append(stage)
    return {part: _together(several) for part, several in found.items()}


def _together(several: Sequence[Stage]) -> tuple[int | None, float]:
    own, each = sum(stage.cores for stage in several), max(stage.each for stage in several)
    room = FULL * several[0].width - each
    enough = [stage.processes for stage in several if stage.processes is not None]
    if len(enough) < len(several):
        return None, own + sum(stage.each * stage.at_most for stage in several)
    found = max(*enough, math.ceil(own / room), 1)
    return found, own + each * found


def cores(load: Load, hub: Hub = HUB) -> float:
    """All that is used, by as many processes as are needed or as there can be."""
    return sum(used for _, used in parts(load, hub).values())
