"""What a model is shown of series that may behave oddly: numbers, names and times, and few of them.

Pure. All of it is data, also the query: who shows it puts it behind a fence.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import fsum
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from contracts.analysis import DetectAnomalies
from contracts.anomalies import Anomaly
from contracts.envelope import rfc3339

if TYPE_CHECKING:
    from services.anomalies.on_demand.looking import Looked

_AROUND = 8
"""Rows before and after the beginning of a candidate that are shown."""
_LABELS, _LABEL, _QUERY = 16, 100, 500
"""Labels of a series, and characters of one and of the query: the rest is left out."""
_EVIDENCE = 3
_DAY, _HOUR = 86_400, 3_600
_SEASONAL = 0.5
"""Share of the variance that goes with the hour of the day, from which on there is a season."""
_WRITTEN = 1e12
"""Whole numbers below it are written as such."""
_FEW = 20
"""Values of which quantiles say nothing."""

Json = dict[str, Any]
Rows = tuple[Sequence[float], Sequence[float]]


def head(query: DetectAnomalies) -> Json:
    """What was asked."""
    metrics = query.metrics
    asked = {} if metrics is None else {"query": metrics.query[:_QUERY]}
    window = {"start": rfc3339(query.start), "end": rfc3339(query.end)}
    return asked | {"sensitivity": query.sensitivity.value, "window": window}


def series(looked: "Looked", seen: Rows, start: float) -> Json:
    """What a series is and how it is as a whole, without its candidates."""
    known, (times, values) = looked.series.known, seen
    labels = {name[:_LABEL]: known.labels[name][:_LABEL] for name in sorted(known.labels)[:_LABELS]}
    first = bisect_left(times, start)
    told: Json = {"metric": known.name, "labels": labels, "counter": looked.counter}
    told |= {"step_seconds": _short(median(b - a for a, b in pairwise(times)))} if times[1:] else {}
    told |= {"past": _summary(values[:first]), "window": _summary(values[first:])}
    usual = _by_hour(times, values)
    return told | ({} if usual is None else {"usual_by_hour_utc": usual})


def candidate(anomaly: Anomaly, seen: Rows) -> Json:
    """Where a series may behave oddly, as the detector has it."""
    at, (times, values) = anomaly.detected_at.timestamp(), seen
    place = bisect_left(times, at)
    near = slice(max(place - _AROUND, 0), place + _AROUND + 1)
    points = [
        (round(time - at), _short(value))
        for time, value in zip(times[near], values[near], strict=True)
    ]
    evidence = [
        [each.feature, _short(each.value), _short(each.usual_low), _short(each.usual_high)]
        for each in anomaly.evidence[:_EVIDENCE]
    ]
    return {
        "at": rfc3339(anomaly.detected_at),
        "until": None if anomaly.ended_at is None else rfc3339(anomaly.ended_at),
        "value": _short(anomaly.actual_value),
        "expected": None if anomaly.expected_value is None else _short(anomaly.expected_value),
        "looks_like": anomaly.anomaly_type.value,
        "severity": anomaly.severity.value,
        "confidence": _short(anomaly.confidence_score),
        "evidence": evidence,
        "points": points,
    }


def rows(looked: "Looked") -> Rows:
    """What was looked at: of a counter its rate, where it has one."""
    times, values = looked.series.times, looked.series.values
    if not looked.counter:
        return times, values
    rates = [
        (after, (high - low) / (after - before))
        for (before, low), (after, high) in pairwise(zip(times, values, strict=True))
        if high >= low
    ]
    return [time for time, _ in rates], [rate for _, rate in rates]


def _summary(values: Sequence[float]) -> Mapping[str, float]:
    if not values:
        return {"points": 0}
    told = {"points": len(values), "min": min(values), "median": median(values), "max": max(values)}
    if len(values) >= _FEW:
        cuts = quantiles(values, n=20)
        told |= {"p5": cuts[0], "p95": cuts[-1]}
    return {name: _short(value) for name, value in told.items()}


def _by_hour(times: Sequence[float], values: Sequence[float]) -> list[float | None] | None:
    """What is usual at each hour of the day, if that explains most; None if not, or not known."""
    if not times or times[-1] - times[0] < 2 * _DAY:
        return None
    of_hour: dict[int, list[float]] = {}
    for time, value in zip(times, values, strict=True):
        of_hour.setdefault(int(time % _DAY) // _HOUR, []).append(value)
    whole, within = _scatter(values), fsum(map(_scatter, of_hour.values()))
    if not whole or 1 - within / whole < _SEASONAL:
        return None
    return [_short(median(of_hour[hour])) if hour in of_hour else None for hour in range(24)]


def _scatter(values: Sequence[float]) -> float:
    """The sum of the squares of how far they are from their mean."""
    mean = fsum(values) / len(values)
    return fsum((value - mean) ** 2 for value in values)


def _short(value: float) -> float:
    """Four digits of it: more say nothing to a model, and take room."""
    told = float(f"{value:.4g}")
    return int(told) if told.is_integer() and abs(told) < _WRITTEN else told
