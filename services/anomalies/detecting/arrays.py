"""What the kernels are made of, for the arrays of many series: the words of ``floats``.

A number of a series is a line of an array; its last axis is the series. Functions work in place
where those of ``floats`` do.
"""

from typing import Any

import numpy as np
from numpy import (
    arcsinh as asinh,
    frexp,
    log,
    log1p,
    log10,
    sqrt,
)
from numpy.typing import NDArray

from services.anomalies.detecting.state import SIDE

__all__ = [
    "ByRow",
    "Flag",
    "Floats",
    "Table",
    "any_of",
    "asinh",
    "count_up",
    "fill",
    "frexp",
    "halve",
    "highest",
    "log",
    "log1p",
    "log10",
    "lowest",
    "mark",
    "push",
    "sqrt",
    "total",
    "whole",
]

Floats = NDArray[np.float64]
Flag = NDArray[np.bool_]
Places = NDArray[np.int64]

_STEPS = np.zeros((2 * SIDE, 2 * SIDE), np.uint16)
for _place in range(2 * SIDE):
    _STEPS[_place, _place // SIDE * SIDE + 1 : _place + 1] = 1


class Table:
    """A table of each series, (places, series): what is found by place is found for each."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values
        self._flat = values.reshape(-1)
        self._series: Places = np.arange(int(values.shape[-1]))

    def _at(self, place: Places | int) -> Places:
        return place * len(self._series) + self._series

    def __getitem__(self, place: Places | int) -> Floats:
        return self._flat.take(self._at(place)).astype(np.float64, copy=False)

    def __setitem__(self, place: Places | int, value: Floats | float) -> None:
        self._flat[self._at(place)] = value


class ByRow:
    """Tables of several features of each series, (features, series, places)."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values
        self._flat = values.reshape(-1)
        features, series, places = (int(each) for each in values.shape)
        first: Places = np.arange(features * series) * places
        self._first: Places = first.reshape(features, series)

    def __getitem__(self, place: Places | int) -> Floats:
        return self._flat.take(self._first + place).astype(np.float64)


def any_of(flag: Flag | bool) -> bool:  # noqa: FBT001
    """Whether it is so for any of the series."""
    return bool(np.any(flag))


def whole(value: Floats) -> Places:
    """Without what is behind the point."""
    return np.asarray(value).astype(np.int64)


def push(ring: Table, value: Floats) -> None:
    """The newest value comes to the end, the oldest goes."""
    ring.values[:-1] = ring.values[1:]
    ring.values[-1] = value


def fill(ring: Table, value: Floats, where: Flag) -> None:
    """All of it is the value."""
    np.copyto(ring.values, value, where=where)


def total(ring: Table, start: int, end: int) -> Floats:
    """The sum of a part."""
    part = ring.values[start:end]
    # Of a single series numpy would add in another order than of several, and than floats are.
    return part.sum(axis=0) if part.shape[-1] > 1 else np.add.accumulate(part)[-1]


def lowest(ring: Table, start: int) -> Floats:
    """The smallest from a place on."""
    return ring.values[start:].min(axis=0)


def highest(ring: Table, start: int) -> Floats:
    """The largest from a place on."""
    return ring.values[start:].max(axis=0)


def count_up(counts: ByRow, side: Places, places: Places) -> None:
    """One more in each of the first places of a side; the place 0 is not used."""
    counts.values += _STEPS.take(side + places, axis=0)


def halve(counts: ByRow, where: Flag) -> None:
    """Half of each count, rounded down."""
    counts.values[:, where] >>= 1


def mark(table: Table, places: Places, value: Floats) -> None:
    """The value in the places from 1 to ``places``."""
    for series in np.flatnonzero(places):
        table.values[1 : places[series] + 1, series] = value[series]
