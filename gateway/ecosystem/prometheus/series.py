"""Series of several clusters as those of one: labelled, and added up where that is exact."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, Raw, UnsetType

from gateway.ecosystem.prometheus.selection import CLUSTER
from gateway.federation.combine import text_of
from gateway.federation.promql import Across

Sample = tuple[int | float, str]
Combine = Callable[[Sequence[float]], float]


class Series(msgspec.Struct):
    """One series of an answer; its samples pass through as they are."""

    metric: dict[str, str]
    value: Raw | UnsetType = UNSET
    values: Raw | UnsetType = UNSET
    histogram: Raw | UnsetType = UNSET
    histograms: Raw | UnsetType = UNSET


class NotNumbers(Exception):
    """Native histograms of several clusters would have to be added up."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a cluster has found."""

    cluster: str
    series: Sequence[Series]


def labelled(metric: Mapping[str, str], cluster: str) -> dict[str, str]:
    """The labels of a series as the fleet knows it."""
    return {**exported(metric), CLUSTER: cluster}


def exported(metric: Mapping[str, str]) -> Mapping[str, str]:
    """Its labels, with ``cluster`` out of the way."""
    if CLUSTER not in metric:
        return metric
    name = f"exported_{CLUSTER}"
    while name in metric:
        name = f"exported_{name}"
    return {name if key == CLUSTER else key: value for key, value in metric.items()}


def side_by_side(answers: Iterable[Found], *, keeps_cluster: bool = True) -> list[Series]:
    """All series, each of its cluster."""
    told: list[Series] = []
    for answer in answers:
        for each in answer.series:
            metric = exported(each.metric)
            each.metric = {**metric, CLUSTER: answer.cluster} if keeps_cluster else dict(metric)
            told.append(each)
    return told


def added_up(answers: Iterable[Found], how: Across) -> list[Series]:
    """Series with the same labels become one; those that are alone stay as they are.

    NotNumbers where only Prometheus itself could do that.
    """
    groups: dict[frozenset[tuple[str, str]], list[Series]] = {}
    for answer in answers:
        for each in answer.series:
            groups.setdefault(frozenset(each.metric.items()), []).append(each)
    return [_one(group, _COMBINED[how]) for group in groups.values()]


def _one(group: Sequence[Series], combine: Combine) -> Series:
    first = group[0]
    metric = dict(exported(first.metric))
    if len(group) == 1:
        return Series(metric, first.value, first.values, first.histogram, first.histograms)
    if any(each.histogram is not UNSET or each.histograms is not UNSET for each in group):
        raise NotNumbers
    told = [(moment, text_of(combine(row))) for moment, row in _rows(list(map(_samples, group)))]
    if isinstance(first.value, Raw):
        return Series(metric, value=Raw(msgspec.json.encode(told[-1])))
    return Series(metric, values=Raw(msgspec.json.encode(told)))


def _rows(columns: Sequence[Sequence[Sample]]) -> Iterable[tuple[int | float, Sequence[float]]]:
    """The values of each time, in the order of times."""
    times = [moment for moment, _ in columns[0]]
    if all([moment for moment, _ in each] == times for each in columns[1:]):
        values = ([float(text) for _, text in each] for each in columns)
        return zip(times, zip(*values, strict=True), strict=True)
    rows: dict[int | float, list[float]] = {}
    for each in columns:
        for moment, text in each:
            rows.setdefault(moment, []).append(float(text))
    return sorted(rows.items())


def _samples(each: Series) -> list[Sample]:
    if isinstance(each.value, Raw):
        return [msgspec.json.decode(each.value, type=Sample)]
    if isinstance(each.values, Raw):
        return msgspec.json.decode(each.values, type=list[Sample])
    return []


def total(values: Sequence[float]) -> float:
    """The sum, rounded once; infinities as in IEEE 754."""
    try:
        return math.fsum(values)
    except (ValueError, OverflowError):  # Both infinities; or more than a float holds on the way.
        return sum(values)


def _greatest(values: Sequence[float]) -> float:
    """As Prometheus: NaN only where there is nothing else."""
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def _least(values: Sequence[float]) -> float:
    return min((value for value in values if not math.isnan(value)), default=math.nan)


_COMBINED: dict[Across, Combine] = {
    Across.SUM: total,
    Across.COUNT_SUM: total,
    Across.MIN: _least,
    Across.MAX: _greatest,
}
ADDED_UP = frozenset(_COMBINED)
