"""Queues by simulation: who comes when, how long each takes, how many serve; and what M/M/c says.

Times are seconds. Whoever comes first is served first.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Job:
    """Something that has come to a queue."""

    at: float
    born: float
    """When it came to the first of all queues."""
    size: int = 1
    """Events in it: what they need is added up."""
    owner: int = 0
    """Of which cluster."""


def arrivals(
    random: Random, rate: float, seconds: float, *, size: int = 1, owners: Sequence[float] = (1.0,)
) -> list[Job]:
    """Jobs at random times, so many a second on average, of owners by their weights."""
    times: list[float] = []
    now = random.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += random.expovariate(rate)
    chosen = random.choices(range(len(owners)), owners, k=len(times))
    return [Job(at, at, size, owner) for at, owner in zip(times, chosen, strict=True)]


def served(came: Sequence[float], needed: Sequence[float], servers: int) -> list[float]:
    """When each is done, of those who came in this order to so many servers."""
    free = [0.0] * servers
    done: list[float] = []
    for at, seconds in zip(came, needed, strict=True):
        ends = max(at, free[0]) + seconds
        heapq.heapreplace(free, ends)
        done.append(ends)
    return done


def through(jobs: Sequence[Job], needed: Sequence[float], servers: int) -> list[Job]:
    """The same jobs at the times at which they are done, in that order."""
    done = served([job.at for job in jobs], needed, servers)
    left = [Job(at, job.born, job.size, job.owner) for at, job in zip(done, jobs, strict=True)]
    return sorted(left, key=lambda job: job.at)


def mean_delay(rate: float, each: float, servers: int = 1) -> float:
    """M/M/c: seconds from coming to being done, on average; infinite if more comes than is done."""
    offered = rate * each
    if offered >= servers:
        return math.inf
    terms = [offered**number / math.factorial(number) for number in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    waits = last / (sum(terms) + last)
    return each + waits * each / (servers - offered)


def delay(rate: float, each: float, share: float) -> float:
    """M/M/1: the delay that this share does not exceed."""
    return math.inf if rate * each >= 1 else -math.log(1 - share) / (1 / each - rate)
