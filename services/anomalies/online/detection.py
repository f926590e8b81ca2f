"""From rows to anomalies that begin and end: no clock, no bus, the same for the same rows."""

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec

from contracts.anomalies import Anomaly, AnomalyDetected, AnomalyEnded, AnomalyType
from services.anomalies.detecting import BEGAN, Asked, Partition, Told, asked, explain, is_counter
from services.anomalies.detecting.block import BYTES
from services.anomalies.detecting.state import REST
from services.anomalies.online.judging import Judgements
from services.anomalies.online.reading import Rows, Said, SeriesKey, Wanted

ANOMALIES = UUID("0f5d5a0e-6a0c-5c55-8f0e-3a8f3c0a7d11")
"""Namespace of the ids of anomalies: a part of every published id, so it never changes."""
VERSION = 2
"""Of snapshots."""
MOST_SERIES = 14_000
"""Of one partition."""
MOST_BYTES = 56 * 1024 * 1024
"""Of their states and keys: a snapshot has 64 MiB, and holds what lasts and waits as well."""
MOST_OPEN = 100
"""Anomalies at once of one watch, or of one metric of GPUs, in one cluster: if all of it behaves as
it never did, that is said by these."""
MOST_WAITING = 10_000
FORGOTTEN = 2 * 86_400.0
"""A series that is silent for so long is forgotten."""
AHEAD = 300.0
"""Seconds by which the time of a row may be later than the moment at which it was stored."""
_SWEEP = 600.0
_SILENT, _SILENT_ROWS = 3_600.0, 10.0
"""An anomaly ends if nothing has come of its series for so many seconds, and rows. Told by when
rows were stored, not by their own times: those of a site that was cut off come late."""
_NUMBER = 12
"""Bytes of a number and what is around it, in a snapshot."""
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")

Event = AnomalyDetected | AnomalyEnded


@dataclass(slots=True)
class _Round:
    """At most one row of each series, and when it was stored."""

    rows: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    logged_at: dict[str, float] = field(default_factory=dict[str, float])


class _Kept(msgspec.Struct):
    version: int
    families: list[tuple[Wanted, bytes]]
    heard: list[float]
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
    found_at: dict[UUID, float] | None = None
    """By anomaly: when the row was stored by which it was found. None: nobody wants to know."""
    _families: dict[Wanted, Partition] = field(default_factory=dict[Wanted, Partition])
    """Series by how they were looked at first, so that those stand together that are looked at in
    the same way."""
    _home: dict[str, Partition] = field(default_factory=dict[str, Partition])
    _heard: dict[str, float] = field(default_factory=dict[str, float])
    """When the last row of each series was stored."""
    _bytes: int = 0
    """Of all series, in a snapshot."""
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
            self._take_rows(message)
            return
        self.advance()
        if message.key in self._home:
            self._home[message.key].want(message.key, self._judged.take(message))

    def _take_rows(self, message: Rows) -> None:
        if message.at > message.logged_at + AHEAD:
            # The next rows would be before these, and count for nothing until they are past.
            self.left_out["rows from the future"] += len(message.rows)
        else:
            self._taken.append(message)

    def advance(self) -> None:
        """Look at all rows that were taken."""
        taken, self._taken = self._taken, []
        for rounds in _rounds(taken):
            for wanted, rows in rounds.items():
                self._round(wanted, rows)
        if self._now >= self._swept + _SWEEP:
            self._swept = self._now
            self._forget(self._now - FORGOTTEN)
            self.end_silent(self._now)

    def end_silent(self, now: float) -> None:
        """End the anomalies of whose series nothing has come for long, at this Unix time."""
        for key in list(self._open):
            if self._is_silent(key, now):
                self._fall_silent(key)

    def dump(self) -> bytes:
        """All that is needed to go on; equal after `load`."""
        self.advance()
        kept = _Kept(
            VERSION,
            [(wanted, family.dump()) for wanted, family in self._families.items()],
            [self._heard[key] for family in self._families.values() for key in family],
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
        made._heard = dict(zip(made._home, kept.heard, strict=True))
        made._bytes = sum(map(_size, made._home))
        return made

    def _round(self, wanted: Wanted, taken: _Round) -> None:
        self._add(wanted, taken.rows)
        by_home: dict[int, dict[str, tuple[float, float]]] = {}
        for key, row in taken.rows.items():
            home = self._home.get(key)
            if home is None:
                self.left_out["series beyond the limit"] += 1
                del taken.logged_at[key]
                continue
            by_home.setdefault(id(home), {})[key] = row
        self._hear(taken)
        words = asked(*wanted[:2], above=wanted.above, below=wanted.below)
        for family in list(self._families.values()):
            for told in family.advance(by_home.get(id(family), {}), words):
                self._tell(told, words)

    def _add(self, wanted: Wanted, rows: Mapping[str, object]) -> None:
        """Series that are seen for the first time, as far as there is room."""
        new = list(self._fitting(key for key in rows if key not in self._home))
        if not new:
            return
        family = self._families.setdefault(wanted, Partition(MOST_SERIES))
        family.add({key: _is_counter(key) for key in new})
        self._home |= dict.fromkeys(new, family)
        self._heard |= dict.fromkeys(new, self._now)

    def _fitting(self, new: Iterable[str]) -> Iterator[str]:
        for number, key in enumerate(new, start=len(self._home)):
            size = _size(key)
            if number >= MOST_SERIES or self._bytes + size > MOST_BYTES:
                return
            self._bytes += size
            yield key

    def _hear(self, taken: _Round) -> None:
        """Something comes of these series; what lasted before a silence does not go on."""
        for key in sorted(self._open.keys() & taken.logged_at.keys()):
            if taken.rows[key][0] <= self._home[key].last(key):
                del taken.logged_at[key]  # The row does not count.
            elif self._is_silent(key, taken.logged_at[key]):
                self._fall_silent(key)
        self._heard |= taken.logged_at

    def _is_silent(self, key: str, now: float) -> bool:
        silent = now - self._heard[key]
        if silent <= _SILENT:
            return False
        return silent > _SILENT_ROWS * self._home[key].state(key).series.interval

    def _fall_silent(self, key: str) -> None:
        self._end(key, self._home[key].last(key))
        self._home[key].end(key)

    def _tell(self, told: Told, words: Asked) -> None:
        if told.step.happens == BEGAN:
            self._begin(told, words)
        elif told.key in self._open:
            self._end(told.key, _calm_since(told))

    def _begin(self, told: Told, words: Asked) -> None:
        if told.key in self._open:  # A bound is crossed as well.
            self._end(told.key, told.step.since)
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
        if self.found_at is not None:
            self.found_at[anomaly.id] = self._heard[told.key]
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

    def _forget(self, before: float) -> None:
        """The series that have been silent since then, and what lasts of them."""
        gone = [key for key, heard in self._heard.items() if heard < before]
        for key in gone:
            if key in self._open:
                self._fall_silent(key)
        for family in self._families.values():
            family.remove(gone)
        self._families = {wanted: each for wanted, each in self._families.items() if len(each)}
        self._judged.forget(gone)
        for key in gone:
            del self._home[key], self._heard[key]
            self._bytes -= _size(key)


def _rounds(taken: Iterable[Rows]) -> list[dict[Wanted, _Round]]:
    """Rows such that each series has at most one in each round, in the order of its rows."""
    rounds: list[dict[Wanted, _Round]] = []
    seen: dict[str, int] = {}
    for message in taken:
        bounded, unbounded = message.wanted, message.wanted._replace(above=None, below=None)
        has_bounds = bounded != unbounded
        for key, value in message.rows:
            number = seen[key] = seen.get(key, -1) + 1
            if number == len(rounds):
                rounds.append({})
            # Of a counter the rate is looked at, and nobody has said what bounds that has.
            wanted = unbounded if has_bounds and _is_counter(key) else bounded
            members = rounds[number].get(wanted)
            if members is None:
                members = rounds[number][wanted] = _Round()
            members.rows[key] = message.at, value
            members.logged_at[key] = message.logged_at
    return rounds


def _is_counter(text: str) -> bool:
    """By its name; the text of a query is none, however it ends."""
    key = SeriesKey.of(text)
    name = dict(key.labels).get("__name__", key.metric_name)
    return _NAME.fullmatch(name) is not None and is_counter(name)


def _size(key: str) -> int:
    """Bytes of a series in a snapshot."""
    return BYTES + len(json.dumps(key)) + _NUMBER


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
