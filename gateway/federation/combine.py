"""The clusters' answers put together: side by side as they came, or series by series into one.

Combining works as Prometheus' own aggregation ``without (cluster)``: samples of the same labels at
the same time become one. Where any of them is NaN, so is the sum and the average; the largest and
the smallest are those of the numbers, and NaN only where there is no number. Sums are rounded once.
"""

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec import Raw

from gateway.federation.across import CLUSTER, Across

PIECE = 256 * 1024
"""Bytes of a piece of JSON that is written at once."""
_ALONE = b'[{"metric":{},"values":[', b"]}]"
_NOTHING = Raw(b"")


class Aggregation(StrEnum):
    """What becomes of the clusters' series."""

    MERGE = "MERGE"
    SUM = "SUM"
    AVG = "AVG"
    MAX = "MAX"
    MIN = "MIN"


class _Series(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []
    histogram: Raw = _NOTHING
    histograms: Raw = _NOTHING


class _Untouched(msgspec.Struct):
    metric: Raw
    value: Raw = _NOTHING
    histogram: Raw = _NOTHING


Column: TypeAlias = "tuple[array[float], array[float]]"
"""Times and values of one cluster's series."""


@dataclass(slots=True)
class _Line:
    metric: dict[str, str]
    columns: list[Column] = field(default_factory=list[Column])


_ANSWER = msgspec.json.Decoder(list[_Series])
_VECTOR = msgspec.json.Decoder(list[_Untouched])
_SAMPLE = msgspec.json.Decoder(tuple[float, str])


class Combination:
    """Series of several clusters becoming one; a body may be forgotten once it was added."""

    def __init__(self, how: Aggregation) -> None:
        self._fold = _FOLDS[how]
        self._lines: dict[tuple[tuple[str, str], ...], _Line] = {}
        self._times: dict[bytes, array[float]] = {}
        self.left_out = 0
        """Series with native histograms, which are not combined."""

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, kind: str, body: bytes) -> None:
        """One cluster's ``data.result``; msgspec's DecodeError or ValueError if it is none."""
        if kind == "scalar":
            self._add([({}, _column([_SAMPLE.decode(body)]))])
            return
        answer = _ANSWER.decode(body)
        histograms = sum(_is_histogram(each) for each in answer)
        # All of it is read before any of it counts.
        self._add([(each.metric, _column(_samples(each))) for each in answer])
        self.left_out += histograms

    def _add(self, read: Iterable[tuple[dict[str, str], Column]]) -> None:
        for metric, (own_times, values) in read:
            if not values:
                continue
            metric.pop(CLUSTER, None)
            line = self._lines.setdefault(tuple(sorted(metric.items())), _Line(metric))
            # Most series have the same times: they are kept once.
            times = self._times.setdefault(own_times.tobytes(), own_times)
            line.columns.append((times, values))

    def pieces(self) -> Iterator[bytes]:
        """The combined series as a JSON array, in pieces, sorted by labels; empties this."""
        waiting: list[str] = ["["]
        size = 0
        for number, key in enumerate(sorted(self._lines)):
            text = ("," if number else "") + _written(self._lines.pop(key), self._fold)
            waiting.append(text)
            size += len(text)
            if size >= PIECE:
                yield "".join(waiting).encode()
                waiting, size = [], 0
        yield "".join([*waiting, "]"]).encode()


def respelled(kind: str, parts: Sequence[bytes]) -> tuple[bytes, ...]:
    """One cluster's answer as ``data``: each series with its ``values``; samples stay as they are.

    A matrix is that already, and goes on untouched. msgspec's DecodeError if it is no answer.
    """
    match kind:
        case "matrix":
            return tuple(parts)
        case "scalar" | "string":
            return _ALONE[0], *parts, _ALONE[1]
        case _:
            series = _VECTOR.decode(b"".join(parts))
            return tuple(_joined(map(_as_values, series)))


def doubt(how: Aggregation, across: Across, why: str) -> str | None:
    """What is to be said of combined values that are not what the fleet's own would be."""
    exact = {
        Aggregation.SUM: {Across.SUM, Across.COUNT_SUM},
        Aggregation.MAX: {Across.MAX},
        Aggregation.MIN: {Across.MIN},
    }
    beside = across is Across.CONCATENATE or how is Aggregation.MERGE
    if beside or across in exact.get(how, set()):
        return None
    told = why if across is Across.NOT_EXACT else f"the query is an aggregation itself ({why})"
    return f"{how} of each cluster's value, not weighed: {told}"


def text_of(value: float) -> str:
    """A value as Prometheus writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text.removesuffix(".0")


def _is_histogram(series: _Series) -> bool:
    return bool(bytes(series.histogram) or bytes(series.histograms))


def _samples(series: _Series) -> Sequence[tuple[float, str]]:
    return series.values if series.value is None else [series.value]


def _column(samples: Sequence[tuple[float, str]]) -> Column:
    times = array("d", [time for time, _ in samples])
    return times, array("d", [float(text) for _, text in samples])


def _written(line: _Line, fold: Callable[[Sequence[float]], float]) -> str:
    metric = msgspec.json.encode(line.metric).decode()
    samples = (f'[{_time(at)},"{text_of(value)}"]' for at, value in _folded(line.columns, fold))
    return f'{{"metric":{metric},"values":[{",".join(samples)}]}}'


def _folded(
    columns: Sequence[Column], fold: Callable[[Sequence[float]], float]
) -> Iterable[tuple[float, float]]:
    times = columns[0][0]
    if all(each is times for each, _ in columns):
        rows = zip(*(values for _, values in columns), strict=True)
        return zip(times, map(fold, rows), strict=True)
    at: dict[float, list[float]] = {}
    for each, values in columns:
        for time, value in zip(each, values, strict=True):
            at.setdefault(time, []).append(value)
    return ((time, fold(at[time])) for time in sorted(at))


def _time(at: float) -> str:
    return str(int(at)) if at.is_integer() else repr(at)


def _sum(values: Sequence[float]) -> float:
    try:
        return math.fsum(values)
    except (ValueError, OverflowError):  # Both infinities; or more than a float holds on the way.
        return sum(values)


def _average(values: Sequence[float]) -> float:
    total = _sum(values)
    if math.isinf(total) and all(map(math.isfinite, values)):
        return _sum([value / len(values) for value in values])
    return total / len(values)


def _largest(values: Sequence[float]) -> float:
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def _smallest(values: Sequence[float]) -> float:
    return min((value for value in values if not math.isnan(value)), default=math.nan)


_FOLDS: dict[Aggregation, Callable[[Sequence[float]], float]] = {
    Aggregation.SUM: _sum,
    Aggregation.AVG: _average,
    Aggregation.MAX: _largest,
    Aggregation.MIN: _smallest,
}


def _as_values(series: _Untouched) -> bytes:
    told = [b'{"metric":', bytes(series.metric)]
    value, histogram = bytes(series.value), bytes(series.histogram)
    if value or not histogram:
        told += [b',"values":[', value, b"]"]
    if histogram:
        told += [b',"histograms":[', histogram, b"]"]
    return b"".join([*told, b"}"])


def _joined(series: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size, before = 0, b"["
    for each in series:
        waiting += [before, each]
        size, before = size + len(each), b","
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join([*waiting, before if before == b"[" else b"", b"]"])
