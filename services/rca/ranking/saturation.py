"""Resources at their limit: a share of the limit that went up, in the median of both times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

from services.rca.ranking.evidence import Evidence

_LEAST = 0.15
"""Of the limit: a rise by less is no evidence."""
_FULL = 0.8
"""Of the limit: from here on a resource is short, where nothing is known of before."""
_PART = 1.5


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a limit was used, from 0 to 1, before and in the window."""

    resource: str
    before: Sequence[float]
    now: Sequence[float]


def saturation(found: Mapping[str, Sequence[Usage]]) -> Iterator[Evidence]:
    """Evidence by how much more of its limits an entity uses."""
    for entity, usages in found.items():
        for usage in usages:
            yield from _risen(entity, usage)


def _risen(entity: str, usage: Usage) -> Iterator[Evidence]:
    now = [value for value in usage.now if isfinite(value)]
    before = [value for value in usage.before if isfinite(value)]
    if not now or not (before or median(now) >= _FULL):
        return
    level = median(before) if before else 0.0
    rise = median(now) - level
    if rise >= _LEAST:
        said = f"{usage.resource} at {median(now):.0%} of its limit, {level:.0%} before"
        strength = min(1.0, _PART * rise)
        yield Evidence(entity, "saturation", strength, 100 * rise, "points", said)
