"""The newest measurement of each entity, for live clients: newest wins, the rest is counted.

One reader a process. As for events a client is a cursor: what was measured after its position is
found from the newest backwards, so that a client costs one number, however slow it is.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.catalog import MEASURED
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.frames import Frame, Malformed, Names, Passes, measured_frame
from services.runtime.logging import logger
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.signals import Pulse, Signal
from services.runtime.slices import Shared, Slice

_BATCH = 500
_PAUSE = 0.25
_MOST, _MOST_BYTES = 20_000, 32 * 1024 * 1024
_PAGE, _PAGE_BYTES = 500, 256 * 1024
_REMEMBERED = 64
"""Earlier measurements of an entity that can be counted: those of the longest wait, and more."""
_Key = tuple[str, str, str]


@dataclass(slots=True, eq=False)
class _Entity:
    """The newest that is known of an entity."""

    frame: Frame
    history: deque[int]
    """Sequences of its last measurements."""


@dataclass(slots=True, eq=False)
class Watch:
    """How far a client has been told of telemetry."""

    joined: int
    """What came until then was before its time: only the newest of it is sent."""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Measures:
    """What a client is told next."""

    newest: Slice
    conflated: dict[str, int]
    """By type, what was left out."""


@dataclass
class TelemetryTail:
    """Follows telemetry for everybody in this process."""

    bus: Bus
    names: Names
    pace: float = 0.1
    """Seconds between two tellings while measurements come."""
    most: int = _MOST
    """Entities whose newest is kept; those that were silent for longest make room."""
    error: str | None = field(default=None, init=False)
    """Why it stands still, if it does."""
    last: int = field(default=0, init=False)
    """Position in the telemetry stream."""

    def __post_init__(self) -> None:
        self.beats = Signal()
        """Rings at most once in `pace`."""
        self._pulse = Pulse(self.pace, self._beat)
        self._newest: OrderedDict[_Key, _Entity] = OrderedDict()
        self._bytes = 0
        self._shared = Shared()

    async def run(self, stopping: asyncio.Event) -> None:
        """Follow until told to stop; goes on by itself when the bus was away."""
        filters = tuple(f"tel.{kind}.>" for kind in MEASURED)
        reader = PullReader(self.bus, Ordered(streams.TELEMETRY, filters, newest=True))
        try:
            while not stopping.is_set():
                try:
                    self._publish(await reader.take(_BATCH, wait=0.5))
                    self.error = None
                except (BusUnavailable, JetStreamRefused) as error:
                    self.error = str(error)
                    await asyncio.sleep(_PAUSE)
        finally:
            self._pulse.stop()
            await reader.close()

    def _publish(self, deliveries: Iterable[Delivery]) -> None:
        before = self.last
        for delivery in deliveries:
            try:
                self.keep(measured_frame(delivery, self.names))
            except Malformed as error:
                logger("tail").error("malformed_measure", reason=str(error))
        if self.last > before:
            self._pulse.news()

    def keep(self, frame: Frame) -> None:
        """Take in the next measurement."""
        self.last = frame.sequence
        entity = self._newest.pop(_key(frame), None)
        if entity is None:
            entity = _Entity(frame, deque(maxlen=_REMEMBERED))
        else:
            self._bytes -= len(entity.frame.text)
        entity.frame = frame
        entity.history.append(frame.sequence)
        self._newest[_key(frame)] = entity
        self._bytes += len(frame.text)
        metrics.TAIL_EVENTS.labels(frame.event_type).inc()
        while len(self._newest) > self.most or self._bytes > _MOST_BYTES:
            _, silent = self._newest.popitem(last=False)
            self._bytes -= len(silent.frame.text)

    def _beat(self) -> None:
        self._shared.forget()
        self.beats.ring()

    def watch(self) -> Watch:
        """Begin: first comes the newest of each entity, however old."""
        return Watch(joined=self.last)

    def after(self, watch: Watch, passes: Passes) -> Measures | None:
        """The newest of what was measured since, some of it where it is much; None for nothing.

        Moves the watch.
        """
        if watch.position >= self.last:
            return None
        key = (passes, watch.position, watch.joined, self.last)
        newest = self._shared.find(key)
        if newest is None:
            newest = self._shared.keep(key, self._slice(passes, watch.position))
        counted = self._conflated(newest.frames, max(watch.position, watch.joined))
        watch.position = newest.reached
        return Measures(newest, counted)

    def _slice(self, passes: Passes, position: int) -> Slice:
        later: list[Frame] = []
        for entity in reversed(self._newest.values()):
            if entity.frame.sequence <= position:
                break
            if passes.accepts(entity.frame):
                later.append(entity.frame)
        page, size = list[Frame](), 0
        while later and len(page) < _PAGE and size < _PAGE_BYTES:
            page.append(later.pop())
            size += len(page[-1].text)
        return Slice(page, page[-1].sequence if later else self.last, telemetry=True)

    def _conflated(self, frames: Iterable[Frame], position: int) -> dict[str, int]:
        found: Counter[str] = Counter()
        for frame in frames:
            entity = self._newest.get(_key(frame))
            if entity is not None and len(entity.history) > 1:
                newer = [each for each in entity.history if position < each < frame.sequence]
                found[frame.event_type] += len(newer)
        return {name: count for name, count in found.items() if count}


def _key(frame: Frame) -> _Key:
    return (frame.event_type, frame.cluster, frame.entity)
