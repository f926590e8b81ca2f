"""How long an alert takes to its row, by simulation: from the door through all queues, with storms.

Posts come at random, from clusters of different weight; each queue has as many processes as
`scale_model` found, and each partition of the projection is a queue of its own. Batches, the pace
of projections and the network are left out: this is what waiting adds, not what an alert takes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.benchmarks.kit import percentile
from tests.benchmarks.scale_costs import COSTS
from tests.benchmarks.scale_model import (
    HUB,
    LEADER,
    Hub,
    Load,
    partition_number,
    parts,
    stages,
    weights,
)
from tests.benchmarks.scale_queues import Job, arrivals, served, through

POST = 5
"""Alerts of a post on an ordinary day."""
STORM_POST = 50
_SEED = 14
_SECONDS = 60.0
_MOST_JOBS = 20_000
_WAY = (
    ("doors, live stream and reads", COSTS.door),
    ("commands", COSTS.ingest),
    ("append to the log (EVT)", COSTS.append_copied),
)


@dataclass(frozen=True, slots=True)
class Storm:
    """Alerts of one cluster beside all others."""

    alerts: int
    seconds: float
    owner: int = 0


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from the door to the folded row, p99."""

    others: float
    """Of clusters in partitions without a storm."""
    beside: float
    """Of other clusters in the storm's partition; as `others` where there is no storm."""
    storm: float
    """Of the storm's own alerts; 0 without one."""


def delays(load: Load, storm: Storm | None = None, *, of: int = 4, hub: Hub = HUB) -> Delays:
    """A minute of a load, or less of a large one, with the alerts projection in so many partitions.

    Infinite where a queue cannot hold it.
    """
    jobs = came(load, storm)
    for name, each in _WAY:
        servers = _servers(load, hub, name)
        if not servers:
            return Delays(math.inf, math.inf, math.inf)
        jobs = through(jobs, [job.size * each.seconds for job in jobs], servers)
    return _told(folded(jobs, of), of, storm)


def _servers(load: Load, hub: Hub, name: str) -> int:
    """Processes that do it: what the other work of its part leaves; 0 where none are enough."""
    stage = next(each for each in stages(load, hub) if each.name == name)
    if stage.part == LEADER:
        return stage.processes or 0
    processes, used = parts(load, hub)[stage.part]
    return 0 if processes is None else max(1, math.floor(processes - (used - stage.cores)))


def came(load: Load, storm: Storm | None = None) -> list[Job]:
    """The posts, in order."""
    random = Random(_SEED)
    rate = load.events / POST
    seconds = min(_SECONDS, _MOST_JOBS / rate)
    found = arrivals(random, rate, seconds, size=POST, owners=weights(load.clusters))
    if storm is not None:
        posts = storm.alerts / STORM_POST / storm.seconds
        lasting = min(storm.seconds, seconds)
        extra = arrivals(random, posts, lasting, size=STORM_POST)
        found += [Job(job.at, job.born, job.size, storm.owner) for job in extra]
    return sorted(found, key=lambda job: job.at)


def folded(jobs: Sequence[Job], of: int) -> list[Job]:
    """By the partition of each; what is of others costs every partition a little, too."""
    at = [job.at for job in jobs]
    done: list[Job] = []
    for partition in range(of):
        mine = [partition_number(job.owner, of) == partition for job in jobs]
        needed = [
            job.size * (COSTS.fold if own else COSTS.pass_over).seconds
            for job, own in zip(jobs, mine, strict=True)
        ]
        ends = served(at, needed, 1)
        done += [
            Job(end, job.born, job.size, job.owner)
            for end, job, own in zip(ends, jobs, mine, strict=True)
            if own
        ]
    return done


def _told(done: Sequence[Job], of: int, storm: Storm | None) -> Delays:
    owner = None if storm is None else storm.owner
    place = None if owner is None else partition_number(owner, of)

    def p99(*, stormy: bool, there: bool) -> float:
        found = [
            job.at - job.born
            for job in done
            if (job.owner == owner) is stormy
            and (place is None or (partition_number(job.owner, of) == place) is there)
        ]
        return percentile(found, 0.99) if found else 0.0

    others = p99(stormy=False, there=False)
    if storm is None:
        return Delays(others, others, 0.0)
    return Delays(others, p99(stormy=False, there=True), p99(stormy=True, there=True))
