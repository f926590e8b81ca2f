"""Which new error traces of a cluster are told, and from when on to look for them: pure.

The rate is limited by what one look may tell. It is shared out: first among services, then among
the operations of a service, so that one that fails all the time does not hide the others.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

MOST = 10
"""Traces that one look tells of a cluster."""
EACH = 2
"""And of one operation."""
OVERLAP = timedelta(seconds=120)
"""A trace may become searchable so long after it began; so looks overlap."""
FURTHEST = timedelta(minutes=10)
"""How far back to look after an outage, or if this process has not looked at the cluster yet."""
_RIPENS = timedelta(seconds=60)
"""A trace as young as this may still get its root; the next look sees it again."""
_MOST_IDS = 200_000


@dataclass(frozen=True, slots=True)
class ErrorTrace:
    """A trace with an error, as a search tells it."""

    trace_id: str
    """32 hexadecimal digits."""
    service: str | None
    """Of the root; None while that is not there."""
    operation: str | None
    started_at: datetime
    duration_ms: int
    span_count: int | None = None
    error_count: int | None = None

    @property
    def kind(self) -> tuple[str, str]:
        """Traces of one kind are alike."""
        return self.service or "", self.operation or ""


@dataclass(frozen=True, slots=True)
class Picked:
    """A trace that is told."""

    trace: ErrorTrace
    similar: int
    """Traces of its kind that are left out; with the newest of those that are told."""


def pick(found: Iterable[ErrorTrace], most: int = MOST, each: int = EACH) -> list[Picked]:
    """What is told of new traces: at most so many, and at most so many of each kind."""
    whole = sorted(found, key=_newest)
    taken = _by_turns(list(_of_services(whole, each)))[:most]
    left_out = Counter(trace.kind for trace in whole) - Counter(trace.kind for trace in taken)
    return [Picked(trace, left_out.pop(trace.kind, 0)) for trace in taken]


def ripe(found: Iterable[ErrorTrace], now: datetime) -> list[ErrorTrace]:
    """Those that are to be told now; the others may still get their root."""
    return [trace for trace in found if trace.service or now - trace.started_at >= _RIPENS]


def _of_services(traces: list[ErrorTrace], each: int) -> Iterator[list[ErrorTrace]]:
    """The traces of each service that may be told, in turn of its operations."""
    for _, alike in groupby(sorted(traces, key=_service), _service):
        kinds = groupby(sorted(alike, key=lambda trace: trace.kind), lambda trace: trace.kind)
        yield _by_turns([sorted(of, key=_newest)[:each] for _, of in kinds])


def _by_turns(rows: list[list[ErrorTrace]]) -> list[ErrorTrace]:
    """The first of each row, then the second of each; of one turn the newest first."""
    turns = [(turn, trace) for row in rows for turn, trace in enumerate(row)]
    return [trace for _, trace in sorted(turns, key=lambda each: (each[0], _newest(each[1])))]


def _newest(trace: ErrorTrace) -> tuple[float, str]:
    return -trace.started_at.timestamp(), trace.trace_id


def _service(trace: ErrorTrace) -> str:
    return trace.service or ""


@dataclass(frozen=True, slots=True)
class Look:
    """What this process has seen of a cluster."""

    at: datetime | None = None
    """When it looked last and had an answer."""
    seen: frozenset[str] = frozenset()
    """The traces that it then found, told or left out."""
    failing: bool = False
    """There was no answer since."""

    def since(self, now: datetime) -> datetime:
        """From when on to look."""
        furthest = now - FURTHEST
        return furthest if self.at is None else max(min(self.at, now) - OVERLAP, furthest)


class Looks:
    """Those of one process; the longest unused are forgotten beyond the bound.

    What is told is in the log; this saves asking it. Of traces that were left out nothing else
    knows: one of them may be told later, by another process or after this was forgotten.
    """

    def __init__(self, most_ids: int = _MOST_IDS) -> None:
        self._most, self._size = most_ids, 0
        self._kept: OrderedDict[UUID, Look] = OrderedDict()

    def of(self, cluster_id: UUID) -> Look:
        """The last one at a cluster."""
        return self._kept.get(cluster_id, Look())

    def put(self, cluster_id: UUID, look: Look) -> None:
        """There was one."""
        self.forget(cluster_id)
        self._kept[cluster_id] = look
        self._size += _size(look)
        while self._size > self._most:
            self._size -= _size(self._kept.popitem(last=False)[1])

    def forget(self, cluster_id: UUID) -> None:
        """The cluster is looked at no more."""
        before = self._kept.pop(cluster_id, None)
        if before is not None:
            self._size -= _size(before)


def _size(look: Look) -> int:
    return len(look.seen) + 1
