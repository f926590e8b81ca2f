"""What a Prometheus has answered, as series of a watch: pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import msgspec

from contracts.anomalies import MOST_SERIES, Breach, MetricUpdate, Watch, WatchedSeries
from contracts.refusals import Refused
from services.runtime.promql import parsing

LARGEST = 512 * 1024
"""Bytes of one message."""
_AIM = 256 * 1024
"""What parts are made for, as series are not spread evenly."""
_MOST_LABELS = 64
_LONGEST_LABELS = 8_192
"""Characters of all of a series' labels."""
_NAME = "__name__"
_NUL = "\0"

Labels = tuple[tuple[str, str], ...]
"""Sorted: what a series is known by."""


class _Sample(msgspec.Struct, frozen=True):
    metric: dict[str, str]
    value: tuple[float, str] | None = None
    """None for a histogram."""


_VECTOR = msgspec.json.Decoder(list[_Sample])
_SCALAR = msgspec.json.Decoder(tuple[float, str])


@dataclass(frozen=True, slots=True)
class Found:
    """The series of an answer, by their labels."""

    values: Mapping[Labels, float | None]
    left_out: int = 0


class Unreadable(ValueError):
    """An answer that is none to this question; its text says why."""


@lru_cache(maxsize=1_024)
def metric_of(query: str) -> tuple[str, bool]:
    """What the series of a query are called, and whether that is the name of each.

    By the query alone, so that a series is called the same whichever others there are.
    """
    try:
        name = parsing.selected(query)
    except Refused:
        name = None
    text = " ".join(query.replace(_NUL, " ").split())
    return (name[:200], True) if name else (text[:200] or "-", False)


def found(kind: str, data: bytes | memoryview, *, named: bool) -> Found:
    """The first `MOST_SERIES` series by their labels; without their name where all have it.

    Unreadable for what is no answer to a question about a moment.
    """
    try:
        match kind:
            case "vector":
                samples = _VECTOR.decode(data)
            case "scalar":
                samples = [_Sample({}, _SCALAR.decode(data))]
            case _:
                raise Unreadable(f"it is a {kind or 'nothing'}, which has no value at a moment")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable("it cannot be read") from None
    values = dict(_kept(samples, named=named))
    chosen = sorted(values)[:MOST_SERIES]
    return Found({labels: values[labels] for labels in chosen}, len(samples) - len(chosen))


def _kept(samples: Sequence[_Sample], *, named: bool) -> Iterator[tuple[Labels, float | None]]:
    # Backwards, so that of those with the same labels the first one stays.
    for sample in reversed(samples):
        labels = tuple(sorted(_cleaned(sample.metric, named=named)))
        size = sum(len(name) + len(value) for name, value in labels)
        if sample.value is None or len(labels) > _MOST_LABELS or size > _LONGEST_LABELS:
            continue
        yield labels, _number(sample.value[1])


def _cleaned(metric: Mapping[str, str], *, named: bool) -> Iterator[tuple[str, str]]:
    for name, value in metric.items():
        if not (named and name == _NAME):
            # No database keeps a text with a NUL.
            yield name.replace(_NUL, ""), value.replace(_NUL, "")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def series(
    watch: Watch, answer: Found, before: Mapping[Labels, float | None]
) -> tuple[WatchedSeries, ...]:
    """They, compared with the evaluation before and with the bounds of their watch."""
    return tuple(
        _compared(watch, labels, value, before.get(labels))
        for labels, value in answer.values.items()
    )


def _compared(
    watch: Watch, labels: Labels, value: float | None, previous: float | None
) -> WatchedSeries:
    return WatchedSeries(
        labels=dict(labels),
        value=value,
        previous_value=previous,
        change_percent=_change(value, previous),
        threshold_breached=_breach(watch, value),
    )


def _change(value: float | None, previous: float | None) -> float | None:
    if value is None or not previous:
        return None
    change = (value - previous) / abs(previous) * 100
    return change if math.isfinite(change) else None


def _breach(watch: Watch, value: float | None) -> Breach | None:
    if value is None:
        return None
    if watch.above is not None and value > watch.above:
        return Breach.ABOVE
    if watch.below is not None and value < watch.below:
        return Breach.BELOW
    return None


def in_parts(update: MetricUpdate, parts: int | None = None) -> list[MetricUpdate]:
    """An update in messages that are not too large: one, or as few as it takes.

    With ``parts`` just so many, as an earlier try has begun with. Which part a series is in depends
    on its labels and on how many there are, so that what is found then completes what was stored.
    """
    if parts is not None:
        return list(_divided(update, parts))
    size = len(update.model_dump_json())
    number = 1 if size <= LARGEST else math.ceil(size / _AIM)
    while number > 1:
        divided = list(_divided(update, number))
        if all(len(each.model_dump_json()) <= LARGEST for each in divided):
            return divided
        number += 1
    return [update]


def _divided(update: MetricUpdate, number: int) -> Iterable[MetricUpdate]:
    places: list[list[WatchedSeries]] = [[] for _ in range(number)]
    for each in update.series:
        labels = "\0".join(f"{name}\0{value}" for name, value in each.labels.items())
        places[crc32(labels.encode("utf-8", "surrogatepass")) % number].append(each)
    for place, members in enumerate(places, start=1):
        changes = {"series": tuple(members), "part": place, "parts": number}
        yield update.model_copy(update=changes)
