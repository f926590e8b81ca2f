"""The one way in which clusters are asked on behalf of requests.

An answer that is kept is given again; the same question that comes while one is under way waits
for its answer; all that is under way shares one memory. Same is what has the same kind, clusters in
the same versions, and all else that makes the answer another one. A caller who may see other
clusters asks other clusters: their answers are never each other's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from weakref import WeakKeyDictionary

from gateway.federation.answers import Federated, Made
from gateway.federation.cache import AnswerCache, CacheMark, key_of
from gateway.federation.completeness import Completeness, completeness
from gateway.federation.fleet import ClusterRef
from gateway.federation.memory import Memory, Room
from gateway.federation.outcome import ClusterAnswer
from gateway.flights import Flights
from gateway.gate import Gate
from services.runtime.bus import Bus
from services.runtime.metrics import FEDERATED_QUERIES, FEDERATED_SHARED

INSTANT, RANGE, LONG, DESCRIBED = 30.0, 60.0, 300.0, 300.0
"""Seconds that answers are kept: of one moment, of up to an hour, of more, and about names."""
_HOUR = 3600.0
SMALL = 256 * 1024
"""Bytes that are put together at once; more of them in a thread, so that others go on."""

Put = Callable[[Sequence[ClusterAnswer]], Made]
"""Makes one answer of the clusters'."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What an answer is about, and how long it counts."""

    kind: str
    """One of few: metrics are counted by it."""
    told: tuple[object, ...]
    """All that makes the answer another one, but for whom is asked."""
    keep: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A matter, who is asked about it, and how."""

    matter: Matter
    clusters: Sequence[ClusterRef]
    ask: Callable[[Room], Awaitable[Made]]
    """Asks them, and puts their answers together; what it holds is in the room."""
    seconds: float
    """How long the clusters have."""
    fresh: bool = False
    """Not from the cache."""


class Process:
    """What one process keeps and has under way."""

    _known: ClassVar[WeakKeyDictionary[Bus, "Process"]] = WeakKeyDictionary()

    def __init__(self, gate: Gate) -> None:
        self.cache = AnswerCache(gate.runtime.bus, gate.clock)
        self.flights: Flights[Federated] = Flights()
        self.memory = Memory()

    @classmethod
    def of(cls, gate: Gate) -> "Process":
        """That of a gate: all that share its connection have it in common."""
        bus = gate.runtime.bus
        found = cls._known.get(bus)
        if found is None:
            found = cls._known[bus] = cls(gate)
        return found


async def answered(gate: Gate, inquiry: Inquiry) -> Federated:
    """The answer that is kept, or that is on its way, or else a new one.

    OVERLOADED if there is no memory for it. Who has not answered is told by the answer.
    """
    began = gate.clock.monotonic()
    process, matter = Process.of(gate), inquiry.matter
    clusters = [(each.id, each.state) for each in inquiry.clusters]
    key = key_of(matter.kind, clusters, *matter.told)
    # Who gives less time, or takes nothing that was kept, does not wait with others.
    flight = f"{key} {inquiry.seconds} {inquiry.fresh}"
    if flight in process.flights:
        FEDERATED_SHARED.labels(matter.kind).inc()
    found = await process.flights.share(flight, lambda: _found_or_asked(process, inquiry, key))
    FEDERATED_QUERIES.labels(matter.kind, found.cache.value).inc()
    return found.in_ms(round((gate.clock.monotonic() - began) * 1000, 1))


async def _found_or_asked(process: Process, inquiry: Inquiry, key: str) -> Federated:
    kept = None if inquiry.fresh else await process.cache.get(key)
    if kept is not None:
        whole = Completeness(200, kept.clusters, kept.clusters, ())
        return Federated(kept, whole, CacheMark.HIT)
    async with Room(process.memory, seconds=inquiry.seconds) as room:
        made = await inquiry.ask(room)
    if made.whole:
        await process.cache.put(key, made.kept, inquiry.matter.keep)
    mark = CacheMark.BYPASS if inquiry.fresh else CacheMark.MISS
    return Federated(made.kept, completeness(made.answers), mark)


async def put_together(put: Put, answers: Sequence[ClusterAnswer]) -> Made:
    """What is made of the answers; in a thread where that takes long."""
    if sum(len(part) for each in answers for part in each.parts) <= SMALL:
        return put(answers)
    return await asyncio.to_thread(put, answers)


def kept_for(start: datetime, end: datetime) -> float:
    """Seconds that the answer for a range is kept."""
    return LONG if (end - start).total_seconds() > _HOUR else RANGE
