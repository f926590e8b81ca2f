"""Slower than usual: an entity's own work, and what passes between a caller and a callee.

A delay between two entities may be either's. Who is called slowly by all its callers is blamed,
and so is who calls all its callees slowly, if there are several.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from services.rca.ranking.evidence import Evidence, Kind
from services.rca.ranking.profile import Edge, Past, Profile
from services.rca.ranking.surprise import Groups, Share, Shift, quantile, shift

_NEARLY_ALL = 0.95
_TWICE = 2.0
_LEAST = 0.001
"""Seconds: nothing below is slow."""


@dataclass(frozen=True, slots=True)
class Slow:
    """How much slower a kind of request was: seconds per request."""

    shift: Shift
    extra: float
    usual: float

    @property
    def weight(self) -> float:
        """The share that was slow, as far as it is certain and as it matters beside the usual."""
        return self.shift.weight * self.extra / (self.extra + self.usual) if self.extra else 0.0

    @property
    def seconds(self) -> float:
        """That requests took longer, all together, as far as they were slow."""
        return self.extra * self.shift.affected


def slowness(now: Profile, past: Past) -> Iterator[Evidence]:
    """Evidence of slow work and of slow calls."""
    yield from _slow_work(now, past)
    edges = dict(_slow_edges(now, past))
    yield from _slow_calls(edges)


def _slow_work(now: Profile, past: Past) -> Iterator[Evidence]:
    found: dict[str, list[Slow]] = defaultdict(list)
    for key, habits in now.operations.items():
        groups = past.operation(key)
        if groups.all:
            before = groups.map(lambda each: each.own)
            found[key[0]].append(_slow(habits.own, before))
    for entity, some in found.items():
        yield from _evidence(entity, "slow work", some, "requests took longer in its own work")


def _slow_edges(now: Profile, past: Past) -> Iterator[tuple[Edge, Slow]]:
    for edge, gaps in now.gaps.items():
        before = past.gaps(edge)
        if before.all:
            yield edge, _slow(gaps, before)


def _slow_calls(edges: Mapping[Edge, Slow]) -> Iterator[Evidence]:
    called: dict[str, dict[str, Slow]] = defaultdict(dict)
    calling: dict[str, dict[str, Slow]] = defaultdict(dict)
    for (caller, callee), slow in edges.items():
        called[callee][caller] = slow
        calling[caller][callee] = slow
    for entity, callers in called.items():
        said = f"calls from {_listed(callers)} waited longer on the way there and back"
        yield from _evidence(entity, "slow calls", callers.values(), said)
    for entity, callees in calling.items():
        if len(callees) > 1:
            said = f"calls from it to {_listed(callees)} waited longer on the way there and back"
            yield from _evidence(entity, "slow calls", callees.values(), said)


def _evidence(entity: str, kind: Kind, some: Iterable[Slow], said: str) -> Iterator[Evidence]:
    """The mean, larger ones counting by the square root of how many they are."""
    some = [*some]
    weights = [math.sqrt(each.shift.of) for each in some]
    strength = sum(weight * each.weight for weight, each in zip(weights, some, strict=True)) / sum(
        weights
    )
    if strength <= 0:
        return
    worst = max(some, key=lambda each: each.seconds)
    count = sum(round(each.shift.affected) for each in some)
    numbers = (
        f"{count} of {sum(each.shift.of for each in some)} {said}: in the mean"
        f" {1e3 * (worst.usual + worst.extra):.1f} ms instead of {1e3 * worst.usual:.1f} ms"
    )
    affected = strength * sum(each.seconds for each in some)
    yield Evidence(entity, kind, strength, affected, "seconds", numbers)


def _slow(now: Sequence[float], before: Groups[Sequence[float]]) -> Slow:
    """Both ascending, in seconds."""
    pooled = sorted(value for group in before.all for value in group)
    limit = max(quantile(pooled, _NEARLY_ALL), _TWICE * quantile(pooled, 0.5), _LEAST)

    def share(values: Sequence[float]) -> Share:
        return Share(len(values) - bisect_right(values, limit), len(values))

    usual = median([fmean(group) for group in before.all])
    beyond = shift(share(now), before.map(share))
    return Slow(beyond, max(0.0, fmean(now) - usual), usual)


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} others" if len(ordered) > 3 else "")
