"""Series to look at, and how many of them: pure."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.analysis import MOST_ROWS, DetectAnomalies, SearchLimit

MOST_SERIES = 5_000
MOST_POINTS = 2_000_000
_MOST_LABELS = 64
_LONGEST_LABELS = 8_192
"""Characters of all of a series' labels."""
_REACH = 1e36
"""As the detectors have it: a value beyond it is no measurement."""

LeftOut = Counter[SearchLimit]
Order = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Span:
    """Which time is looked at, in Unix seconds."""

    learn_from: float
    start: float
    """Anomalies that begin here or later are told."""
    end: float
    """Inclusive."""

    @classmethod
    def of(cls, query: DetectAnomalies) -> "Span":
        """That of a question."""
        return cls(query.learn_from.timestamp(), query.start.timestamp(), query.end.timestamp())


@dataclass(frozen=True, slots=True)
class Known:
    """What a series is known by."""

    cluster_id: UUID
    name: str
    labels: Mapping[str, str]
    named: bool = True
    """Whether its name is that of a metric."""

    @property
    def order(self) -> Order:
        """In its cluster."""
        return self.name, tuple(sorted(self.labels.items()))


@dataclass(frozen=True, slots=True)
class Series:
    """Rows of one series, of which each counts: numbers at times that only grow."""

    known: Known
    times: "array[float]" = field(repr=False)
    """Unix seconds."""
    values: "array[float]" = field(repr=False)
    ignored: int = 0
    """Rows that were there, and do not count."""
    cut: int = 0
    """The oldest ones, which were too many."""


def series(known: Known, rows: Iterable[tuple[float, float]], span: Span) -> Series:
    """The rows that count, the latest `MOST_ROWS` of them.

    The same rows are passed over by the detectors; what is out of the span nobody has asked for.
    """
    times, values, ignored = array("d"), array("d"), 0
    last = float("-inf")
    for time, value in rows:
        if last < time and span.learn_from <= time <= span.end and -_REACH < value < _REACH:
            times.append(time)
            values.append(value)
            last = time
        else:
            ignored += 1
    cut = max(len(times) - MOST_ROWS, 0)
    return Series(known, times[cut:], values[cut:], ignored, cut)


def is_told(labels: Mapping[str, str]) -> bool:
    """Whether a series' labels are few and short enough to be told."""
    size = sum(len(name) + len(value) for name, value in labels.items())
    return len(labels) <= _MOST_LABELS and size <= _LONGEST_LABELS


@dataclass
class Selection:
    """As many series as fit: of each cluster the first, then of each the second, and so on.

    It does not depend on which cluster answers first. Much more than fits is not kept meanwhile.
    """

    most_series: int = MOST_SERIES
    most_points: int = MOST_POINTS
    left_out: LeftOut = field(default_factory=Counter[SearchLimit])
    _kept: dict[UUID, list[Series]] = field(default_factory=dict[UUID, list[Series]])
    _series: int = 0
    _points: int = 0

    def add(self, cluster_id: UUID, found: Sequence[Series]) -> None:
        """All series of a cluster; of several with the same labels the first one is taken."""
        unique: dict[Order, Series] = {}
        for each in found:
            unique.setdefault(each.known.order, each)
        self._leave_out(SearchLimit.LABELS, len(found) - len(unique))
        self._kept[cluster_id] = [unique[order] for order in sorted(unique)]
        self._series += len(unique)
        self._points += sum(len(each.times) for each in unique.values())
        if self._series > 2 * self.most_series or self._points > 2 * self.most_points:
            self._trim()

    def chosen(self) -> list[Series]:
        """Those that fit, by their clusters."""
        self._trim()
        return [each for cluster in sorted(self._kept) for each in self._kept[cluster]]

    def _trim(self) -> None:
        kept: dict[UUID, list[Series]] = {cluster: [] for cluster in self._kept}
        limit: SearchLimit | None = None
        self._series = self._points = 0
        for each in self._in_turn():
            limit = limit or self._limit(len(each.times))
            if limit is not None:
                self._leave_out(limit, 1)
                continue
            kept[each.known.cluster_id].append(each)
            self._series += 1
            self._points += len(each.times)
        self._kept = kept

    def _limit(self, points: int) -> SearchLimit | None:
        """Why another series with so many rows does not fit."""
        if self._series >= self.most_series:
            return SearchLimit.SERIES
        return SearchLimit.POINTS if self._points + points > self.most_points else None

    def _in_turn(self) -> Iterator[Series]:
        clusters = [self._kept[cluster] for cluster in sorted(self._kept)]
        for place in range(max(map(len, clusters), default=0)):
            yield from (found[place] for found in clusters if place < len(found))

    def _leave_out(self, limit: SearchLimit, count: int) -> None:
        if count:
            self.left_out[limit] += count
