"""Where extra time, or failures, of an alarmed entity come from, along the calls it makes.

Counted in seconds or failures in all, and not per request, they add up: what a callee adds, its
callers have too. What an entity has beyond its callees is its own. A callee that was never called
before has nothing usual to be compared with: that it is called at all is a change of its caller.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from services.rca.ranking.evidence import Evidence
from services.rca.ranking.graph import Graph

Measure = Literal["latency", "availability"]
_WHOLE = 2.0
"""At 1, an entity that accounts for the whole alarm has a strength of 1 - 1/e² = 0.86."""
_LEAST = 0.01
"""Share of the alarm below which an entity's own part is nothing."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One measure of an entity, row by row; NaN or no requests where there was no traffic.

    ``usual`` are values of calm times, ``before`` of right before the alarm, both may be empty;
    ``now`` and ``requests`` are of the window, row by row. Latency in seconds per request,
    availability as the share of requests from 0 to 1.
    """

    usual: Sequence[float]
    before: Sequence[float]
    now: Sequence[float]
    requests: Sequence[float]
    known: bool
    """Whether there was any traffic in calm times."""


def flows(
    alarmed: str, measure: Measure, found: Mapping[str, Flow], calls: Graph
) -> Iterator[Evidence]:
    """Evidence by how much of the alarm is an entity's own; nothing if the alarm cannot be seen."""
    extra = {entity: _extra(measure, flow) for entity, flow in found.items()}
    alarm = extra.get(alarmed, [])
    size = math.sqrt(math.fsum(value * value for value in alarm))
    if not size:
        return
    along = {entity: _along(rows, alarm, size) for entity, rows in extra.items()}
    new = {entity for entity in found if _is_new(found[entity])}
    for entity in calls.reach(alarmed, "calls"):
        if entity in new:
            yield _appeared(entity)
        elif entity in along:
            yield from _own(entity, measure, _Own(size, along, calls, new))


@dataclass(frozen=True, slots=True)
class _Own:
    """What the own part of an entity is computed from; seconds, or failures."""

    alarm: float
    along: Mapping[str, float]
    calls: Graph
    new: set[str]


def _own(entity: str, measure: Measure, of: _Own) -> Iterator[Evidence]:
    callees = [each for each in of.calls.next(entity, "calls") if each not in of.new]
    theirs = math.fsum(of.along.get(each, 0.0) for each in callees)
    whole = of.along[entity]
    share = (whole - theirs) / of.alarm
    what = "extra time" if measure == "latency" else "failures"
    if share > _LEAST:
        said = (
            f"of its {what}, {share:.0%} of those at the alarm are its own:"
            f" {whole:.3g} there, {theirs:.3g} in what it calls"
        )
        strength = 1 - math.exp(-_WHOLE * share)
        yield Evidence(entity, "flow", strength, whole - theirs, "share", said)
    elif whole > _LEAST * of.alarm:
        most = max(callees, key=lambda each: of.along.get(each, 0.0))
        said = f"its {what} ({whole:.3g}) come from what it calls: {of.along[most]:.3g} at {most}"
        yield Evidence(entity, "flow", 1.0, whole, "share", said, against=True)


def _appeared(entity: str) -> Evidence:
    said = "it was never called before: that it is called now is a change of its caller"
    return Evidence(entity, "flow", 1.0, 0.0, "share", said, against=True)


def _is_new(flow: Flow) -> bool:
    return not flow.known and not _numbers(flow.before)


def _extra(measure: Measure, flow: Flow) -> list[float]:
    """Per row, beyond both what is usual and what was so right before."""
    levels = [_badness(measure, value) for value in _numbers(flow.before)]
    if calm := _numbers(flow.usual):
        levels.append(_badness(measure, median(calm)))
    level = max(levels, default=0.0)
    return [
        max(0.0, _badness(measure, value) - level) * count
        if math.isfinite(value) and math.isfinite(count)
        else 0.0
        for value, count in zip(flow.now, flow.requests, strict=True)
    ]


def _badness(measure: Measure, value: float) -> float:
    return value if measure == "latency" else 1.0 - value


def _along(rows: Sequence[float], alarm: Sequence[float], size: float) -> float:
    """As much as goes up and down with the alarm."""
    return math.fsum(one * other for one, other in zip(rows, alarm, strict=True)) / size


def _numbers(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
