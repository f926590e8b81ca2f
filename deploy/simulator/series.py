"""What the metrics of a simulated cluster are made of: series whose values are worked out."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from deploy.simulator.cluster import Cluster

Value = Callable[[float], float]
"""By unix time."""
Sampled = Callable[[float], float | None]
"""By unix time; None where there is no sample."""
Found = Iterator[tuple[Mapping[str, str], Sampled]]


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a metric."""

    labels: Mapping[str, str]
    value: Sampled


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured."""

    kind: str
    help: str
    series: Callable[[Cluster], Found]


def wave(mark: str) -> Value:
    """Between 0 and 1, up and down within ten minutes to an hour."""
    drawn = hashlib.blake2b(mark.encode(), digest_size=8).digest()
    middle, swing = 0.3 + drawn[0] / 640, 0.1 + drawn[1] / 1280
    period, phase = 600 + int.from_bytes(drawn[2:4], "big") / 21.8, drawn[4] / 256
    return lambda at: middle + swing * math.sin(2 * math.pi * (at / period + phase))


def seed_of(cluster: Cluster) -> str:
    """What the fleet's seed has drawn for a cluster."""
    return f"{cluster.accounts[0].token}/{cluster.name}"


def constant(value: float) -> Value:
    """Always the same."""
    return lambda _: value


def scaled(mark: str, factor: float, digits: int) -> Value:
    """A wave between 0 and a factor."""
    found = wave(mark)
    return lambda at: round(found(at) * factor, digits)


def grown(mark: str, rate: float, digits: int = 0) -> Value:
    """A counter: never falls, and grows by about ``rate`` a second."""
    found = wave(mark)
    return lambda at: round(at % 100_000_000 * rate + 300 * rate * found(at), digits)
