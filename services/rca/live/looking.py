"""Looks at the clusters of an incident, within a few seconds; what fails is told as such."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from contracts.clusters import Checked, Cluster, ClusterRegistered, ClusterUpdated, cluster_key
from contracts.rca_seen import (
    MOST_CALLS,
    MOST_LOOKS,
    MOST_PLACED,
    MOST_SEEN,
    RELATED,
    RcaCall,
    RcaLive,
    RcaLook,
    RcaPlaced,
    RcaSeen,
)
from contracts.telemetry import (
    Budget,
    Described,
    DescribeLogs,
    FindRelated,
    GetTrace,
    QueryLogs,
    QueryMetrics,
    SearchTraces,
)
from services.rca.live import logs, metrics, related, traces
from services.rca.live.asking import BYTES, Asking
from services.rca.live.focus import BEFORE, FiredAlert, Focus
from services.rca.live.probes import PROBES, Probe, placed_query
from services.runtime.asking import Asker
from services.runtime.bus import Bus
from services.runtime.store import Store

SECONDS = 3.0
"""For all of it: an analysis is to be there within five."""
_AT_ONCE = 2
"""Looks of one process; in a storm others wait, and go without when their time is over."""
_BUDGET = Budget(bytes=BYTES, series=2_000)
_OF_TRACE = Budget(bytes=512 * 1024, series=2_000)
_OF_GRAPH = Budget(bytes=1024 * 1024, series=200)
_MOST_BYTES = 400 * 1024
"""Of all that is seen: the analysis has to fit into one message."""
_T = TypeVar("_T")


@dataclass
class _Found:
    seen: list[RcaSeen] = field(default_factory=list[RcaSeen])
    calls: list[RcaCall] = field(default_factory=list[RcaCall])
    placed: list[RcaPlaced] = field(default_factory=list[RcaPlaced])
    looks: list[RcaLook] = field(default_factory=list[RcaLook])


@dataclass(eq=False)
class _Room:
    """How many look at the same time over one connection to the bus."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _all: ClassVar[WeakKeyDictionary[Bus, "_Room"]] = WeakKeyDictionary()

    @classmethod
    def of(cls, bus: Bus) -> "_Room":
        return cls._all.setdefault(bus, cls())


async def look(store: Store, focuses: Sequence[Focus]) -> RcaLive:
    """What clusters' backends tell of these times; empty where there are none."""
    clusters = await _registered(store, [each.cluster_id for each in focuses])
    until = asyncio.get_running_loop().time() + SECONDS
    asker = Asker(store.log.bus, store.outside.clock)
    found = _Found()
    lookers = [
        _Looker(each, Asking(asker, clusters[each.cluster_id], until), found)
        for each in focuses
        if each.cluster_id in clusters and (each.namespaces or each.nodes)
    ]
    if not lookers:
        return RcaLive()
    room = _Room.of(store.log.bus).free
    try:
        async with asyncio.timeout_at(until), room:
            await asyncio.gather(*(each.look() for each in lookers))
    except TimeoutError:
        for each in lookers:
            each.late()
    for each in lookers:
        # Also when the time is over: where pods are was told long before the last trace.
        await each.place()
        found.looks += each.asking.looks()
    return _bounded(found)


def _bounded(found: _Found) -> RcaLive:
    """In one order, whichever answer came first."""
    told = sorted(found.seen, key=lambda each: each.model_dump_json())
    # What is only related comes last, and is the first that there is no room for.
    told.sort(key=lambda each: (each.name == RELATED, each.since))
    calls = sorted(found.calls, key=lambda each: each.model_dump_json())
    placed = sorted(found.placed, key=lambda each: each.model_dump_json())
    looks = sorted(found.looks, key=lambda each: each.model_dump_json())
    share = 1.0
    while True:
        live = RcaLive(
            seen=tuple(told[: int(share * MOST_SEEN)]),
            calls=tuple(calls[: int(share * MOST_CALLS)]),
            placed=tuple(placed[: int(share * MOST_PLACED)]),
            looks=tuple(looks[:MOST_LOOKS]),
        )
        if len(live.model_dump_json().encode()) <= _MOST_BYTES:
            return live
        share /= 2


async def _registered(store: Store, ids: Iterable[UUID]) -> dict[UUID, Cluster]:
    heads = await store.log.heads([cluster_key(each) for each in ids])
    found: dict[UUID, Cluster] = {}
    for last in heads.values():
        match last.event:
            case ClusterRegistered() | ClusterUpdated() as told:
                found[told.cluster.id] = told.cluster
            case _:
                continue
    return found


@dataclass
class _Looker:
    """Looks at one cluster."""

    focus: Focus
    asking: Asking
    found: _Found
    _pods: bytes = b"[]"
    """Where pods are, as Prometheus told."""
    _graphs: list[related.Related] = field(default_factory=list[related.Related])
    _done: set[Checked] = field(default_factory=set[Checked])

    async def look(self) -> None:
        """At all of its backends at once."""
        looks: dict[Checked, Callable[[], Awaitable[None]]] = {
            Checked.PROMETHEUS: self._metrics,
            Checked.LOKI: self._logs,
            Checked.TEMPO: self._traces,
            Checked.KORREL8R: self._related,
        }

        async def one(backend: Checked, look: Callable[[], Awaitable[None]]) -> None:
            await look()
            self._done.add(backend)

        await asyncio.gather(*(one(each, looks[each]) for each in self._wanted()))

    def _wanted(self) -> list[Checked]:
        """The backends that there are; of nodes alone neither logs nor traces tell."""
        told = (Checked.LOKI, Checked.TEMPO) if self.focus.namespaces else ()
        helping = (Checked.KORREL8R,) if self.focus.alerts else ()
        return [each for each in (Checked.PROMETHEUS, *told, *helping) if self.asking.has(each)]

    def late(self) -> None:
        """The time is over."""
        for each in (one for one in self._wanted() if one not in self._done):
            self.asking.asked.add(each)
            self.asking.fail(each, "QUERY_TIMEOUT: no answer to all questions in time")

    async def _read(self, backend: Checked, read: Callable[[], _T]) -> _T | None:
        """Beside the event loop: thousands of lines, or traces, take a while."""
        try:
            return await asyncio.to_thread(read)
        except (ValueError, RecursionError):
            return self.asking.fail(backend, "UPSTREAM_FAILED: an answer cannot be read")

    async def _metrics(self) -> None:
        # If this one is not answered, the others are not asked.
        query = QueryMetrics(query=placed_query(self.focus), time=self.focus.until, budget=_BUDGET)
        where = await self.asking.ask(Checked.PROMETHEUS, query)
        if where is None:
            return
        self._pods = where
        asked = [each for each in PROBES if each.fits(self.focus)]
        await asyncio.gather(*(self._probe(each) for each in asked))

    async def place(self) -> None:
        """The nodes of pods that signals, or what was seen, tell of."""
        of = (each for each in self.found.seen if each.cluster_id == self.focus.cluster_id)
        named = {word for each in of for word in each.where}
        placed = await self._read(
            Checked.PROMETHEUS, lambda: list(metrics.placed(self.focus, self._pods, named))
        )
        self.found.placed += placed or []
        # Where both tell of a pod, Prometheus knows of which time that is.
        known = {each.pod for each in placed or ()}
        self.found.placed += [
            each for each in related.placed(self._graphs) if each.pod not in known
        ]

    async def _probe(self, probe: Probe) -> None:
        query = QueryMetrics(
            query=probe.query(self.focus),
            budget=_BUDGET,
            time=self.focus.until if probe.is_moment else None,
            start=None if probe.is_moment else self.focus.since,
            end=None if probe.is_moment else self.focus.until,
            step_seconds=None if probe.is_moment else float(self.focus.step),
        )
        data = await self.asking.ask(Checked.PROMETHEUS, query)
        if data is not None:
            read = await self._read(
                Checked.PROMETHEUS, lambda: metrics.seen(probe, self.focus, data)
            )
            self.found.seen += read or []

    async def _logs(self) -> None:
        described = DescribeLogs(
            what=Described.LABELS,
            budget=_BUDGET,
            start=self.focus.since - BEFORE,
            end=self.focus.until,
        )
        labels = await self.asking.ask(Checked.LOKI, described)
        if labels is None:
            return
        label = next((each for each in logs.NAMESPACE_LABELS if f'"{each}"'.encode() in labels), "")
        if not label:
            return
        text = logs.query(self.focus, label)
        start = self.focus.since
        before, now = await asyncio.gather(
            self.asking.ask(Checked.LOKI, _lines(text, start - BEFORE, start)),
            self.asking.ask(Checked.LOKI, _lines(text, start, self.focus.until)),
        )
        if before is not None and now is not None:
            read = await self._read(Checked.LOKI, lambda: logs.seen(self.focus, before, now, text))
            self.found.seen += read or []

    async def _related(self) -> None:
        graphs = await asyncio.gather(*(self._graph(each) for each in self.focus.alerts))
        self._graphs = [each for each in graphs if each is not None]
        self.found.seen += related.seen(self._graphs)

    async def _graph(self, alert: FiredAlert) -> related.Related | None:
        start, end = self.focus.since, self.focus.until
        query = FindRelated(labels=alert.labels, start=start, end=end, budget=_OF_GRAPH)
        data = await self.asking.ask(Checked.KORREL8R, query)
        if data is None:
            return None
        return await self._read(Checked.KORREL8R, lambda: related.related(self.focus, alert, data))

    async def _traces(self) -> None:
        start, end = self.focus.since, self.focus.until
        earlier = start - BEFORE
        failed, now, before, failed_before = await asyncio.gather(
            self._search(traces.FAILED, start, end, traces.NOW),
            self._search(traces.ANY, start, end, traces.NOW),
            self._search(traces.ANY, earlier, start, traces.BEFORE),
            self._search(traces.FAILED, earlier, start, traces.NOW),
        )
        found = [each for some in (failed, now, before) for each in some or ()]
        self.found.calls += traces.calls(self.focus, found)
        # What is new nobody can tell who does not know what was before.
        if not (failed is None or now is None or before is None or failed_before is None):
            read = await self._read(
                Checked.TEMPO,
                lambda: traces.seen(self.focus, failed, now, before, failed_before),
            )
            self.found.seen += read or []

    async def _search(
        self, text: str, start: datetime, end: datetime, most: int
    ) -> list[traces.Trace] | None:
        query = SearchTraces(traceql=text, start=start, end=end, limit=most, budget=_BUDGET)
        data = await self.asking.ask(Checked.TEMPO, query)
        ids = None if data is None else await self._read(Checked.TEMPO, lambda: traces.hits(data))
        if ids is None:
            return None
        told = await asyncio.gather(*(self._trace(each) for each in sorted(set(ids))))
        return [each for each in told if each is not None]

    async def _trace(self, trace_id: str) -> traces.Trace | None:
        data = await self.asking.ask(Checked.TEMPO, GetTrace(trace_id=trace_id, budget=_OF_TRACE))
        if data is None:
            return None
        return await self._read(Checked.TEMPO, lambda: traces.trace(trace_id, data, self.focus))


def _lines(text: str, start: datetime, end: datetime) -> QueryLogs:
    return QueryLogs(query=text, start=start, end=end, limit=logs.LIMIT, budget=_BUDGET)
