"""Which signals of a storm could be told from another cause's by somebody who knew all causes.

Of every cause it is counted how often its signals have which name, place and time in which cluster;
then each signal, itself left out, is given to the cause that makes it likeliest (naive Bayes). What
goes to another cause by that has nothing in it that tells its own: no method could place it.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from contracts.incidents import Signal
from services.incidents.correlating.spots import spot

_KINDS = {"name": 500, "namespace": 300, "node": 300, "minute": 15, "thing": 3_000}
"""So many there are of each, about."""
_NEW = 0.5

Told = tuple[Signal, str]
"""A signal, and its cause."""


def undecidable(told: Sequence[Told], noise: str) -> list[bool]:
    """Of each signal, whether it looks like another cause's; never of noise."""
    counts: dict[str, dict[str, Counter[object]]] = {}
    totals = Counter(cause for _, cause in told if cause != noise)
    looks = [_look(signal) for signal, _ in told]
    for look, (_, cause) in zip(looks, told, strict=True):
        of = counts.setdefault(cause, {kind: Counter[object]() for kind in _KINDS})
        for kind, what in look.items():
            of[kind][what] += 1

    def likely(look: Mapping[str, object], cause: str, own: int) -> float:
        total = totals[cause] - own
        value = math.log(total) if total else -math.inf
        for kind, what in look.items():
            known = counts[cause][kind][what] - own
            value += math.log((known + _NEW) / (total + _NEW * _KINDS[kind]))
        return value

    return [
        cause != noise
        and max(totals, key=lambda other: (likely(look, other, int(other == cause)), other))
        != cause
        for look, (_, cause) in zip(looks, told, strict=True)
    ]


def _look(signal: Signal) -> dict[str, object]:
    at, cluster = spot(signal.where), signal.cluster_id
    return {
        "name": (cluster, signal.name),
        "namespace": (cluster, at.namespace),
        "node": (cluster, at.node),
        "thing": (cluster, at.things[0] if at.things else None),
        "minute": int(signal.started_at.timestamp() // 60),
    }
