"""Follows the logs of several clusters at once, as one sequence of lines in time order.

Each cluster is asked on the bus for as long as a question may last, and then again from where it
stands. One that fails is named, and tried again with growing pauses; the others go on. A client is
not waited for: what it does not take in time is dropped, the oldest lines first, and counted.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

import msgspec

from contracts.refusals import Code, Refused
from contracts.telemetry import TailLogs
from gateway.federation.fleet import ClusterRef, chosen
from gateway.federation.logs import LogEntry, Stream
from gateway.federation.nanoseconds import nanoseconds, rfc3339_ns
from gateway.federation.reordering import Recent, Released, Reordering
from gateway.gate import Gate
from projections.fleet.metrics_only_queries import metrics_only
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.principals import Scope

MOST_LINES = 5_000
"""Of the time before a tail, or while a cluster was away, and of one cluster."""
_SPAN, _SPARE = 300.0, 60.0
"""Seconds after which a cluster is asked anew, and until its collector would end by itself."""
_SILENCE = 25.0
"""Seconds without a sign of life (the collector gives one every ten) that count as a failure."""
_SHORTEST = 1.0
"""Seconds from one question to the next, at least."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_PATIENCE = 1.0
"""Seconds that a cluster's next lines wait for room: a burst need not be dropped."""
_OVERHEAD = 256
"""Bytes that a line costs beside its text."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRONG = frozenset({Code.INVALID_LOGQL, Code.VALIDATION_FAILED})
"""The question itself is refused, which asking again does not mend."""
_BROKEN = "its Loki sent lines that cannot be read; look whether loki_url leads to a Loki"
_SILENT = "nothing was heard of it for {:g} seconds; it is asked again"
_GAP = "lines may be missing: there were more while it was away than are told afterwards"


class _Part(msgspec.Struct, frozen=True):
    streams: list[Stream] | None = None
    dropped_entries: list[msgspec.Raw] | None = None


_PARTS = msgspec.json.Decoder(_Part)
_Texts = list[tuple[int, str]]
"""Nanoseconds and text of lines."""


class TailEntry(LogEntry, frozen=True, omit_defaults=True):
    """A log line of the fleet as it comes."""

    late: bool = False
    """It is older than one that was told before it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The next lines."""

    entries: tuple[TailEntry, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a cluster."""

    cluster: ClusterRef
    code: Code | None = None
    """None: it is followed; else why it is not."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Lines that are not told."""

    count: int
    cluster: UUID | None
    """Whose Loki has dropped them; None: they came faster than this client took them."""


News = Lines | Standing | Dropped


@dataclass(frozen=True, slots=True)
class TailWanted:
    """What is to be followed."""

    query: str
    start: datetime
    limit: int
    """Lines of each cluster from before the tail, the newest."""
    past: bool = True
    """False: there are none of before, the tail starts now."""


async def with_logs(gate: Gate, wanted: Sequence[UUID], mine: Scope) -> tuple[ClusterRef, ...]:
    """The clusters whose logs can be followed; without ids, every one that has a Loki.

    CLUSTER_NOT_FOUND for an id that is none of a cluster in the scope ``mine``.
    """
    found = await chosen(gate, wanted, "loki", mine)
    bare = await metrics_only(gate.database, [each.id for each in found])
    if found and len(bare) == len(found):
        raise Refused(Code.CLUSTER_NOT_FOUND, "a FAR_EDGE cluster has metrics only, no logs")
    return tuple(each for each in found if each.id not in bare)


@dataclass(frozen=True, slots=True)
class _Line:
    cluster: ClusterRef
    stream: dict[str, str]
    text: str


class LogTail:
    """Follows clusters for the time of its block; `news` gives what they say."""

    def __init__(self, gate: Gate, wanted: TailWanted, clusters: Sequence[ClusterRef]) -> None:
        self.gate = gate
        self.wanted = wanted
        self.window: Reordering[_Line] = Reordering()
        self.loki_dropped: Counter[UUID] = Counter()
        self._standings: dict[UUID, Standing] = {}
        self._followers = [_Follower(self, each) for each in clusters]
        self._tasks: list[asyncio.Task[Standing]] = []
        self._wake = asyncio.Event()
        self._taken = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.ensure_future(each.run()) for each in self._followers]
        for task in self._tasks:
            task.add_done_callback(lambda _: self.wake())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def wake(self) -> None:
        """There may be something to tell."""
        self._wake.set()

    async def room(self) -> None:
        """Wait until there is room for more lines; not for long: the client may be stuck."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while self.window.full:
                    self._taken.clear()
                    await self._taken.wait()
        except TimeoutError:
            return

    def stands(self, standing: Standing) -> None:
        """Have it told; only the newest of a cluster, if the client is slow."""
        self._standings[standing.cluster.id] = standing
        self.wake()

    async def news(self) -> list[News]:
        """What there is to tell next; nothing, once no cluster is followed any more."""
        while True:
            found = [*self._said(), *self._lines()]
            if found or self._is_over():
                return found
            await self._rest()

    @property
    def verdict(self) -> Standing | None:
        """Why the first cluster is not followed any more, once none is."""
        return self._tasks[0].result() if self._is_over() and self._tasks else None

    def _is_over(self) -> bool:
        over = [task.result() for task in self._tasks if task.done()]  # A bug of ours comes out.
        return len(over) == len(self._tasks) and self.window.held == 0

    def _said(self) -> Iterator[News]:
        standings, self._standings = self._standings, {}
        yield from standings.values()
        dropped, self.loki_dropped = self.loki_dropped, Counter()
        yield from (Dropped(count, cluster) for cluster, count in dropped.items())
        if self.window.dropped:
            yield Dropped(self.window.dropped, None)
            self.window.dropped = 0

    def _lines(self) -> Iterator[News]:
        taken = self.window.take(self.gate.clock.monotonic())
        if taken:
            self._taken.set()
            yield Lines(tuple(map(_entry, taken)))

    async def _rest(self) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(self.window.due(self.gate.clock.monotonic())):
                await self._wake.wait()
        except TimeoutError:
            return


@dataclass
class _Follower:
    """Asks one cluster, again and again."""

    tail: LogTail
    cluster: ClusterRef
    _recent: Recent = field(default_factory=Recent)
    _pause: float = _FIRST_PAUSE
    _told: Standing | None = None
    _followed: bool = False
    _own: bool = True
    """The question is as the client has put it, not one of ours after an outage."""
    _most: int = MOST_LINES
    """Lines that it is asked for at once; fewer after an answer that was too large."""
    _room: int | None = None
    """Lines that may still come after a new question until one is known; None: nothing can be
    missing."""

    async def run(self) -> Standing:
        """Follow until cancelled, or until there is no use in it: the reason."""
        clock = self.tail.gate.clock
        while True:
            began = clock.monotonic()
            try:
                await self._ask()
            except (Refused, Unanswered) as failure:
                standing = self._tell(failure.code, failure.message)
                self.tail.window.leave(self.cluster.id)
                if self._is_final(failure.code):
                    return standing
                await self._rest(failure)
            else:
                await asyncio.sleep(max(began + _SHORTEST - clock.monotonic(), 0.0))

    def _is_final(self, code: Code) -> bool:
        return code is Code.CLUSTER_NOT_FOUND or (code in _WRONG and self._own)

    async def _rest(self, failure: Refused | Unanswered) -> None:
        told = failure.details.get("retry_after") if isinstance(failure, Refused) else None
        wished = min(told, _LONGEST_PAUSE) if isinstance(told, int | float) else 0.0
        await asyncio.sleep(max(self._pause, wished))
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        if failure.code is Code.LIMIT_REACHED or failure.code in _WRONG:
            # A Loki may also be set to give fewer lines at once than we ask for.
            self._most = max(self._most // 2, 1)

    def _tell(self, code: Code | None, reason: str | None) -> Standing:
        """Tell how it stands with the cluster, unless the same was told before."""
        standing = Standing(self.cluster, code, reason)
        if self._told is None or self._told.code is not code:
            self._told = standing
            self.tail.stands(standing)
        return standing

    async def _ask(self) -> None:
        """One question, to its end or until it is time for the next one."""
        gate, clock = self.tail.gate, self.tail.gate.clock
        place = Place(self.cluster.site, str(self.cluster.id))
        until = clock.monotonic() + _SPAN
        question = self._question()
        self.tail.window.join(self.cluster.id)
        async with Asker(gate.runtime.bus, clock).ask(
            place, question, seconds=_SPAN + _SPARE
        ) as answer:
            parts, first = aiter(answer), True
            while (part := await _next(parts)) is not None:
                self._hear(part, first=first)
                first = False
                await self.tail.room()
                if clock.monotonic() >= until:
                    return
        warnings: Sequence[str] = answer.trailer.get("warnings") or ()
        if warnings:
            self.tail.stands(Standing(self.cluster, None, "; ".join(warnings)))

    def _question(self) -> TailLogs:
        wanted, resume = self.tail.wanted, self._recent.resume
        self._room = self._most if resume else None
        self._own = self._told is None or (wanted.past and not self._followed)
        limit = min(wanted.limit, self._most) if self._own else self._most
        start = _EPOCH + timedelta(microseconds=resume // 1_000) if resume else wanted.start
        return TailLogs(query=wanted.query, start=start, limit=limit)

    def _hear(self, body: bytes, *, first: bool) -> None:
        tail, source = self.tail, self.cluster.id
        told, dropped = _read(body)
        self._tell(None, None)
        self._followed = True
        if told or not first:
            self._pause, self._most = _FIRST_PAUSE, MOST_LINES
        if dropped:
            tail.loki_dropped[source] += dropped
        lines = [line for stream in told for line in self._fresh(*stream)]
        if lines:
            tail.window.add(source, lines, tail.gate.clock.monotonic())
        elif not told and not first:
            # The first sign comes before the lines of the past.
            tail.window.beat(source)
        tail.wake()

    def _fresh(self, stream: dict[str, str], lines: _Texts) -> Iterator[tuple[int, int, _Line]]:
        now = int(self.tail.gate.clock.now().timestamp() * 1e9)
        labels = frozenset(stream.items())
        for ns, text in lines:
            is_fresh = self._recent.fresh(ns, (labels, text), now)
            self._count(is_fresh=is_fresh)
            if is_fresh:
                yield ns, len(text) + _OVERHEAD, _Line(self.cluster, stream, text)

    def _count(self, *, is_fresh: bool) -> None:
        """Asked again, a cluster first tells what is known; else something is missing."""
        if self._room is None:
            return
        self._room = self._room - 1 if is_fresh else None
        if self._room == 0:
            self._room = None
            self.tail.stands(Standing(self.cluster, None, _GAP))


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    """The next part of an answer; None after the last one."""
    try:
        async with asyncio.timeout(_SILENCE):
            return await anext(parts, None)
    except TimeoutError:
        raise Unanswered(Code.QUERY_TIMEOUT, _SILENT.format(_SILENCE)) from None


def _read(body: bytes) -> tuple[list[tuple[dict[str, str], _Texts]], int]:
    """The lines of a part by their streams, and how many Loki has dropped; all of it or nothing."""
    try:
        part = _PARTS.decode(body)
        streams = [
            (each.stream, [(nanoseconds(line.ns), line.text) for line in each.values])
            for each in part.streams or ()
        ]
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Unanswered(Code.UPSTREAM_FAILED, _BROKEN) from None
    return streams, len(part.dropped_entries or ())


def _entry(released: Released[_Line]) -> TailEntry:
    line, moment = released.line, rfc3339_ns(released.ns)
    cluster = line.cluster
    return TailEntry(cluster.id, cluster.name, moment, line.stream, line.text, late=released.late)
