"""From rows to anomalies that begin and end: no clock, no bus, the same for the same rows."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec

from contracts.anomalies import Anomaly, AnomalyDetected, AnomalyEnded, AnomalyType
from services.anomalies.detecting import BEGAN, Asked, Partition, Told, asked, explain, is_counter
from services.anomalies.detecting.state import REST
from services.anomalies.online.judging import Judgements
from services.anomalies.online.reading import Rows, Said, SeriesKey, Wanted

ANOMALIES = UUID("0f5d5a0e-6a0c-5c55-8f0e-3a8f3c0a7d11")
"""Namespace of the ids of anomalies: a part of every published id, so it never changes."""
VERSION = 1
"""Of snapshots."""
MOST_SERIES = 16_000
"""Of one partition: a snapshot holds no more."""
MOST_OPEN = 100
"""Anomalies at once of one watch, or of one metric of GPUs, in one cluster: if all of it behaves as
it never did, that is said by these."""
MOST_WAITING = 10_000
FORGOTTEN = 2 * 86_400.0
"""A series that is silent for so long is forgotten."""
_SWEEP = 600.0
_SILENT, _SILENT_ROWS = 3_600.0, 10.0
"""An anomaly ends if nothing has come of its series for so many seconds, and rows."""

Event = AnomalyDetected | AnomalyEnded
_Round = dict[str, tuple[float, float]]


class _Kept(msgspec.Struct):
    version: int
    families: list[tuple[Wanted, bytes]]
    open: dict[str, bytes]
    waiting: list[tuple[bool, bytes]]
    judged: bytes
    now: float
    swept: float


@dataclass
class Detection:
    """The detectors of a partition's series, and which anomalies last."""

    learning: float = 86_400.0
    """Seconds of a series' life in which nothing is told of it but a bound that is crossed."""
    waiting: deque[Event] = field(default_factory=deque[Event])
    """To be told, oldest first."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """What was not looked at or not told since the start, by the reason."""
    _families: dict[Wanted, Partition] = field(default_factory=dict[Wanted, Partition])
    """Series by how they were looked at first, so that those stand together that are looked at in
    the same way."""
    _home: dict[str, Partition] = field(default_factory=dict[str, Partition])
    _open: dict[str, Anomaly] = field(default_factory=dict[str, Anomaly])
    _alike: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    """How many last of one cluster, watch and metric."""
    _taken: list[Rows] = field(default_factory=list[Rows])
    _judged: Judgements = field(default_factory=Judgements)
    _now: float = 0.0
    _swept: float = 0.0

    def __len__(self) -> int:
        """How many series are looked at."""
        return len(self._home)

    def __iter__(self) -> Iterator[str]:
        """By `SeriesKey.text`."""
        return iter(self._home)

    def wanted(self, key: str) -> float:
        """So many times the strength is needed of this series that is needed of others."""
        return self._home[key].state(key).series.wanted

    @property
    def rows(self) -> int:
        """How many wait to be looked at."""
        return sum(len(each.rows) for each in self._taken)

    def take(self, message: Rows | Said) -> None:
        """The next message; rows are looked at by `advance`, as many as there are together."""
        self._now = max(self._now, message.logged_at)
        if isinstance(message, Rows):
            self._taken.append(message)
            return
        self.advance()
        factor = self._judged.take(message)
        if message.key in self._home:
            self._home[message.key].want(message.key, factor)

    def advance(self) -> None:
        """Look at all rows that were taken."""
        taken, self._taken = self._taken, []
        for rounds in _rounds(taken):
            for wanted, rows in rounds.items():
                self._round(wanted, rows)
        if self._now >= self._swept + _SWEEP:
            self._swept = self._now
            self._sweep()

    def dump(self) -> bytes:
        """All that is needed to go on; equal after `load`."""
        self.advance()
        kept = _Kept(
            VERSION,
            [(wanted, family.dump()) for wanted, family in self._families.items()],
            {key: anomaly.model_dump_json().encode() for key, anomaly in self._open.items()},
            [_packed(event) for event in self.waiting],
            self._judged.dump(),
            self._now,
            self._swept,
        )
        return msgspec.msgpack.encode(kept)

    @staticmethod
    def load(data: bytes) -> "Detection":
        """The inverse of `dump`; ValueError for what another version has dumped."""
        kept = msgspec.msgpack.decode(data, type=_Kept)
        if kept.version != VERSION:
            raise ValueError(f"a snapshot of version {kept.version}, not {VERSION}")
        made = Detection(waiting=deque(_unpacked(each) for each in kept.waiting))
        made._judged, made._now, made._swept = Judgements.load(kept.judged), kept.now, kept.swept
        made._open = {key: Anomaly.model_validate_json(told) for key, told in kept.open.items()}
        made._alike = Counter(SeriesKey.of(key)[:3] for key in made._open)
        for wanted, dumped in kept.families:
            family = made._families[wanted] = Partition.load(dumped)
            made._home |= dict.fromkeys(family, family)
        return made

    def _round(self, wanted: Wanted, rows: _Round) -> None:
        """At most one row of each series."""
        self._add(wanted, rows)
        by_home: dict[int, _Round] = {}
        for key, row in rows.items():
            home = self._home.get(key)
            if home is None:
                self.left_out["series beyond the limit"] += 1
            else:
                by_home.setdefault(id(home), {})[key] = row
        words = asked(*wanted[:2], above=wanted.above, below=wanted.below)
        for family in list(self._families.values()):
            for told in family.advance(by_home.get(id(family), {}), words):
                self._tell(told, words)

    def _add(self, wanted: Wanted, rows: _Round) -> None:
        """Series that are seen for the first time, as far as there is room."""
        new = [key for key in rows if key not in self._home][: MOST_SERIES - len(self._home)]
        if not new:
            return
        family = self._families.setdefault(wanted, Partition(MOST_SERIES))
        family.add({key: _is_counter(SeriesKey.of(key)) for key in new})
        self._home |= dict.fromkeys(new, family)

    def _tell(self, told: Told, words: Asked) -> None:
        if told.step.happens == BEGAN:
            self._begin(told, words)
        elif told.key in self._open:
            self._end(told.key, _calm_since(told))

    def _begin(self, told: Told, words: Asked) -> None:
        key, series = SeriesKey.of(told.key), told.state.series
        found = explain(key.metric_name, told.state, told.step, words)
        if found.anomaly_type is not AnomalyType.THRESHOLD_BREACH and (
            series.last - series.first < self.learning
        ):
            self.left_out["anomalies while a series is learnt"] += 1
            return
        if self._alike[key[:3]] >= MOST_OPEN:
            self.left_out["anomalies beyond the limit"] += 1
            return
        anomaly = Anomaly(
            id=uuid5(ANOMALIES, f"{told.key}@{told.step.since:.3f}"),
            cluster_id=UUID(key.cluster_id),
            watch_id=key.watch_id or None,
            metric_name=key.metric_name,
            labels=dict(key.labels),
            detected_at=_moment(told.step.since),
            **{each.name: getattr(found, each.name) for each in fields(found)},
        )
        self._open[told.key] = anomaly
        self._alike[key[:3]] += 1
        self._wait(AnomalyDetected(anomaly=anomaly))

    def _end(self, key: str, at: float) -> None:
        begun = self._open.pop(key)
        self._alike[SeriesKey.of(key)[:3]] -= 1
        ended_at = max(_moment(at), begun.detected_at)
        seconds = (ended_at - begun.detected_at).total_seconds()
        anomaly = begun.model_copy(update={"ended_at": ended_at})
        self._wait(AnomalyEnded(anomaly=anomaly, duration_seconds=seconds))

    def _wait(self, event: Event) -> None:
        self.waiting.append(event)
        if len(self.waiting) > MOST_WAITING:
            self.waiting.popleft()
            self.left_out["events beyond the limit"] += 1

    def _sweep(self) -> None:
        """End what nothing comes of any more, and forget what has been silent for long."""
        for key in list(self._open):
            series = self._home[key].state(key).series
            if self._now - series.last > max(_SILENT, _SILENT_ROWS * series.interval):
                self._end(key, series.last)
        for family in self._families.values():
            gone = family.silent_since(self._now - FORGOTTEN)
            family.remove(gone)
            self._judged.forget(gone)
            for key in gone:
                del self._home[key]


def _rounds(taken: Iterable[Rows]) -> list[dict[Wanted, _Round]]:
    """Rows such that each series has at most one in each round, in the order of its rows."""
    rounds: list[dict[Wanted, _Round]] = []
    seen: dict[str, int] = {}
    for message in taken:
        wanted = _of_gauges_only(message)
        for key, value in message.rows:
            number = seen[key] = seen.get(key, -1) + 1
            if number == len(rounds):
                rounds.append({})
            rounds[number].setdefault(wanted, {})[key] = message.at, value
    return rounds


def _of_gauges_only(message: Rows) -> Wanted:
    """Of a counter the rate is looked at, and nobody has said what bounds that has."""
    wanted = message.wanted
    bounded = wanted.above is not None or wanted.below is not None
    if bounded and message.rows and _is_counter(SeriesKey.of(message.rows[0][0])):
        return wanted._replace(above=None, below=None)
    return wanted


def _is_counter(key: SeriesKey) -> bool:
    return is_counter(dict(key.labels).get("__name__", key.metric_name))


def _calm_since(told: Told) -> float:
    """Unix time of the last row that was unusual; where it became usual, of that row."""
    series = told.state.series
    return series.last - (series.calm * series.interval if series.calm >= REST else 0.0)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _packed(event: Event) -> tuple[bool, bytes]:
    return isinstance(event, AnomalyEnded), event.model_dump_json().encode()


def _unpacked(packed: tuple[bool, bytes]) -> Event:
    ended, told = packed
    kind = AnomalyEnded if ended else AnomalyDetected
    return kind.model_validate_json(told)
