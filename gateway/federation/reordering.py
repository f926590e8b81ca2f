"""Puts lines of several sources that arrive side by side into one order of time: pure.

A line is held until no source can be expected to bring an older one, but never for longer than a
moment: one that is slow does not hold up the others, and what it brings then is marked as late.
When many are held they need not wait at all; only when nobody takes them are the oldest dropped.
"""

import heapq
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

OVERLAP = 2_000_000_000
"""Nanoseconds before the newest line from which a source is asked again: its own streams are not
quite in step."""
_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long lines are held, and how many."""

    wait: float = 1.0
    """Seconds after which a line goes out, whatever the others do."""
    settle: float = 0.2
    """Seconds that every line is held: what belongs together arrives in pieces."""
    lines: int = 10_000
    size: int = 4 * 1024 * 1024
    """As `Reordering.add` is told it, of all lines together."""


@dataclass(frozen=True, slots=True)
class Released(Generic[T]):
    """A line whose turn it is."""

    ns: int
    line: T
    late: bool
    """It is older than one that went out before it."""


@dataclass(slots=True)
class _Source:
    newest: int = _NOTHING
    """Nanoseconds of its newest line."""
    beat: int = _NOTHING
    """The number of the last line of all that had come when it said that it has nothing more."""


_Held = tuple[int, int, float, int, T]
"""Nanoseconds, number in the order of arrival, when it arrived, size, line."""


@dataclass
class Reordering(Generic[T]):
    """Lines between their arrival and their turn; what does not fit is dropped, oldest first."""

    bounds: Bounds = field(default_factory=Bounds)
    dropped: int = 0
    """For whoever tells of it, who sets it back."""
    _sources: dict[Hashable, _Source] = field(default_factory=dict[Hashable, _Source])
    _heap: list[_Held[T]] = field(default_factory=list[_Held[T]])
    _arrivals: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    """When something arrived, and the nanoseconds of the newest of it."""
    _ripe: int = _NOTHING
    """Lines up to here have waited long enough, or are older than one that has."""
    _number: int = 0
    _size: int = 0
    _last: int = _NOTHING

    @property
    def held(self) -> int:
        """Lines that wait for their turn."""
        return len(self._heap)

    @property
    def full(self) -> bool:
        """Half of the room is taken: time to take lines, and to bring none for a moment."""
        return len(self._heap) > self.bounds.lines // 2 or self._size > self.bounds.size // 2

    def join(self, source: Hashable) -> None:
        """Others wait for this source from now on; anew, if it was there."""
        self._sources[source] = _Source()

    def leave(self, source: Hashable) -> None:
        """Nobody waits for this source; what it has brought stays."""
        self._sources.pop(source, None)

    def beat(self, source: Hashable) -> None:
        """The source has nothing more now: lines that are held need not wait for it."""
        if source in self._sources:
            self._sources[source].beat = self._number

    def add(self, source: Hashable, lines: Iterable[tuple[int, int, T]], now: float) -> None:
        """Lines have arrived at ``now`` (seconds): nanoseconds, size and the line itself."""
        newest = _NOTHING
        for ns, size, line in lines:
            self._number += 1
            heapq.heappush(self._heap, (ns, self._number, now, size, line))
            self._size += size
            newest = max(newest, ns)
        if newest == _NOTHING:
            return
        if source in self._sources:
            found = self._sources[source]
            found.newest = max(found.newest, newest)
        self._arrivals.append((now, newest))
        self._ripen(now)
        self._shrink()

    def take(self, now: float, *, lines: int = 500, size: int = 64 * 1024) -> list[Released[T]]:
        """Lines whose turn it is at ``now``, in order; no more than so many at once."""
        self._ripen(now)
        taken: list[Released[T]] = []
        room = size
        while len(taken) < lines and room > 0 and self._is_due(now):
            held = self._pop()
            room -= held[3]
            taken.append(Released(held[0], held[4], held[0] < self._last))
            self._last = max(self._last, held[0])
        if not self._heap or self._heap[0][0] > self._ripe:
            self._ripe = _NOTHING
        return taken

    def due(self, now: float) -> float | None:
        """Seconds until it is the turn of the next line as things stand; None if none is held."""
        if not self._heap:
            return None
        head = self._heap[0]
        if head[0] <= self._ripe or self.full:
            return 0.0
        waits = [arrived + self.bounds.wait for arrived, _ in list(self._arrivals)[:1]]
        if self._all_are_past(head):
            waits.append(head[2] + self.bounds.settle)
        return max(min(waits, default=now) - now, 0.0)

    def _is_due(self, now: float) -> bool:
        if not self._heap:
            return False
        head = self._heap[0]
        if head[0] <= self._ripe or self.full:
            return True
        return now >= head[2] + self.bounds.settle and self._all_are_past(head)

    def _all_are_past(self, held: _Held[T]) -> bool:
        """No source is known to lag behind this line."""
        ns, number = held[:2]
        return all(each.newest >= ns or each.beat >= number for each in self._sources.values())

    def _ripen(self, now: float) -> None:
        """What has waited long enough goes out, and with it what is older."""
        while self._arrivals and now >= self._arrivals[0][0] + self.bounds.wait:
            self._ripe = max(self._ripe, self._arrivals.popleft()[1])

    def _shrink(self) -> None:
        while len(self._heap) > self.bounds.lines or self._size > self.bounds.size:
            self._pop()
            self.dropped += 1

    def _pop(self) -> _Held[T]:
        held = heapq.heappop(self._heap)
        self._size -= held[3]
        return held


class Recent:
    """The lines of a source's last moments, so that none is told twice when it is asked again."""

    def __init__(self, most: int = 5_000) -> None:
        self.newest = 0
        """Nanoseconds of the newest line, but no later than when it came."""
        self._most = most
        self._lines: OrderedDict[int, int] = OrderedDict()

    def fresh(self, ns: int, line: Hashable, now: int) -> bool:
        """True if a line has not come yet; ``now`` are nanoseconds, from now on it has.

        A burst of more lines than are kept may be told in part again.
        """
        key = hash((ns, line))
        if key in self._lines:
            return False
        self._lines[key] = ns
        # A line of the future must not make the source begin there when it is asked again.
        self.newest = max(self.newest, min(ns, now))
        self._forget()
        return True

    def _forget(self) -> None:
        """What is older than where the source is asked again from does not come again."""
        while len(self._lines) > self._most or next(iter(self._lines.values())) < self.resume:
            self._lines.popitem(last=False)

    @property
    def resume(self) -> int:
        """From which nanosecond on to ask again, 0 if nothing has come."""
        return max(self.newest - OVERLAP, 0)
