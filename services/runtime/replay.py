"""History read again: the messages of a window of the log's time, in the log's order.

Pure data comes out and nothing goes in: what reads here cannot have an effect. Memory is bounded
by a few pages of each stream, however long the window is.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from types import TracebackType
from typing import Any

from contracts.catalog import CATALOG
from contracts.envelope import Event
from contracts.subjects import NO_CLUSTER
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.context import from_nanoseconds, log_time
from services.runtime.log import EventLog
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.timeline import EVERYTHING, first_at, whole_from

_PAGE = 1000
_BYTES = 3 * 1024 * 1024
"""Of one request: the largest message (2 MiB) has to fit in."""
_QUIET = 2.0
_MOST_FILTERS = 64
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the log: from ``start`` (inclusive) to ``end`` (exclusive).

    Without them from the first message on, and to the last one that is there when a replay begins:
    so far also does one reach that ends in the future.
    """

    start: datetime | None = None
    end: datetime | None = None
    after: int = 0
    """Only events behind this position."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a replay is going to read of the log of events."""

    first: int
    """Position of the first event of the window."""
    last: int
    """Position of the last one; less than ``first`` if there is none."""
    whole_from: datetime | None
    """Events of the window before this time may have aged out; None: nothing is missing."""


def event_filters(
    clusters: Iterable[str] = (), types: Iterable[type[Event]] = ()
) -> tuple[str, ...]:
    """Subjects of events of these clusters (``-`` for none) and types; empty means all.

    Wider than that where they would be too many: whoever reads looks at each event again.
    """
    places = sorted(set(clusters)) or ["*"]
    kinds = sorted(
        {f"{each.entity}.*.{each.names.token}{'.*' if each.aggregate else ''}" for each in types}
    )
    if len(places) * max(1, len(kinds)) > _MOST_FILTERS:
        kinds = []
    if len(places) > _MOST_FILTERS or (places == ["*"] and not kinds):
        return (EVERYTHING[streams.EVENTS],)
    filters = {f"evt.{place}.{kind}" for place, kind in product(places, kinds or [">"])}
    if not {NO_CLUSTER, "*"} & {*places}:
        # What is about several clusters is of none.
        filters.update(f"evt.{NO_CLUSTER}.{kind}" for kind in _spanning(kinds))
    return tuple(sorted(filters))


def _spanning(kinds: list[str]) -> list[str]:
    """Of these kinds those that may be about several clusters; of none, all there are."""
    if not kinds:
        return [f"{entity}.>" for entity in CATALOG.spanning]
    return [kind for kind in kinds if kind.partition(".")[0] in CATALOG.spanning]


@dataclass
class _Source:
    """One stream of a replay: a page that was read, and the reader of what follows."""

    bus: Bus
    stream: str
    filters: tuple[str, ...]
    page: list[Delivery] = field(default_factory=list[Delivery], init=False)
    over: bool = field(default=False, init=False)
    first: int = field(default=1, init=False)
    last: int = field(default=0, init=False)
    _reader: PullReader | None = field(default=None, init=False)

    async def open(self, window: Window) -> dict[str, Any]:
        """Find the window's positions; what the server tells of the stream."""
        info = await self.bus.api(f"STREAM.INFO.{self.stream}")
        begin, end = int(info["state"]["first_seq"]), int(info["state"]["last_seq"])
        self.last = end
        if window.end is not None and window.end < log_time(info["ts"]):
            self.last = await first_at(self.bus, self.stream, window.end, begin, end) - 1
        self.first = begin
        if self.stream == streams.EVENTS:
            self.first = max(begin, window.after + 1)
        if window.start is not None:
            self.first = await first_at(self.bus, self.stream, window.start, self.first, self.last)
        await self.go_to(self.first)
        return info

    async def find(self, moment: datetime) -> int:
        """The position in the window at which a time begins."""
        return await first_at(self.bus, self.stream, moment, self.first, self.last)

    async def go_to(self, position: int) -> None:
        """Read from this position on."""
        await self.close()
        self.page, self.over = [], position > self.last
        consumer = Ordered(self.stream, self.filters)
        self._reader = PullReader(self.bus, consumer, start=max(position, 1), max_bytes=_BYTES)

    async def fill(self, most: int) -> None:
        """Have a page, unless nothing follows."""
        reader = self._reader
        while reader is not None and not self.page and not self.over:
            found = await reader.take(most, wait=_QUIET)
            if found:
                self._keep(found, reader.pending)
            else:
                # Nothing comes: ask anew how much there is, as some of it may have expired.
                await reader.open()
                self.over = reader.pending == 0

    def _keep(self, found: list[Delivery], pending: int) -> None:
        self.over = pending == 0 or found[-1].sequence >= self.last
        if found[-1].sequence > self.last:
            found = [each for each in found if each.sequence <= self.last]
        self.page = found

    async def begin(self) -> None:
        """Ask for the first page, and see whether there is anything at all."""
        if self._reader is not None and not self.over:
            await self._reader.open()
            self.over = self._reader.pending == 0

    def until(self, time_ns: int) -> list[Delivery]:
        """Take what is on the page up to this time."""
        cut = bisect_right(self.page, time_ns, key=lambda each: each.time_ns)
        taken, self.page = self.page[:cut], self.page[cut:]
        return taken

    async def close(self) -> None:
        """Read no more."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()


class Replay:
    """Reads a window, a page at a time. Not shared between tasks.

    Enter it with ``async with``; whoever leaves early leaves nothing behind.
    """

    def __init__(
        self,
        log: EventLog,
        window: Window,
        filters: tuple[str, ...] = (),
        telemetry: tuple[str, ...] = (),
    ) -> None:
        """``filters`` are subjects of events, none for all; ``telemetry`` those of TEL, if any."""
        self._log = log
        self._window = window
        self._events = _Source(log.bus, streams.EVENTS, filters)
        self._sources = [self._events]
        if telemetry:
            self._sources.append(_Source(log.bus, streams.TELEMETRY, telemetry))
        self.extent = Extent(1, 0, None)

    async def __aenter__(self) -> "Replay":
        """Find the window in the log; BusUnavailable while that cannot be done."""
        try:
            for source in self._sources:
                info = await source.open(self._window)
                if source is self._events:
                    self.extent = await self._extent(info)
                await source.begin()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the readers back."""
        await self._close()

    async def _close(self) -> None:
        for source in self._sources:
            await source.close()

    async def _extent(self, info: dict[str, Any]) -> Extent:
        first, last = self._events.first, self._events.last
        whole = await whole_from(self._log.bus, info, self._log.facts_age)
        start = self._window.start or _BEGINNING
        missing = whole is not None and start < whole
        return Extent(first, last, whole if missing else None)

    async def take(self, most: int = _PAGE) -> list[Delivery]:
        """The next messages, oldest first, at most ``most`` of each stream; none at the end.

        BusUnavailable while the bus is away; asked again, it goes on where it was.
        """
        for source in self._sources:
            await source.fill(most)
        there = [source for source in self._sources if source.page]
        if len(there) == 1:
            taken, there[0].page = there[0].page, []
            return taken
        if not there:
            return []
        # Up to where both are known, an event before the telemetry of the same moment.
        horizon = min(source.page[-1].time_ns for source in there)
        both = [each for source in there for each in source.until(horizon)]
        both.sort(key=lambda each: each.time_ns)
        return both

    async def seek(self, moment: datetime) -> None:
        """Go on at this time of the window, forth or back."""
        for source in self._sources:
            await source.go_to(await source.find(moment))
            await source.begin()

    @property
    def begins(self) -> datetime | None:
        """The time of what is taken next, if that has been read already."""
        times = [source.page[0].time_ns for source in self._sources if source.page]
        return from_nanoseconds(min(times)) if times else None
