"""What the kernels are made of, for the floats of one series; ``arrays`` has it for many."""

from collections.abc import MutableSequence
from math import asinh, frexp, log, log1p, log10, sqrt

__all__ = [
    "Flag",
    "Table",
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

Flag = bool
"""The outcome of a comparison."""

Table = MutableSequence[float]
"""Numbers of a series that are found by their place."""

whole = int


def push(ring: Table, value: float) -> None:
    """The newest value comes to the end, the oldest goes."""
    del ring[0]
    ring.append(value)


def fill(ring: Table, value: float, where: Flag) -> None:
    """All of it is the value."""
    if where:
        ring[:] = [value] * len(ring)


def total(ring: Table, start: int, end: int) -> float:
    """The sum of a part."""
    return sum(ring[start:end])


def lowest(ring: Table, start: int) -> float:
    """The smallest from a place on."""
    return min(ring[start:])


def highest(ring: Table, start: int) -> float:
    """The largest from a place on."""
    return max(ring[start:])


def count_up(counts: Table, side: int, places: int) -> None:
    """One more in each of the first places of a side; the place 0 is not used."""
    for place in range(side + 1, side + places + 1):
        counts[place] += 1


def halve(counts: Table, where: Flag) -> None:
    """Half of each count, rounded down."""
    if where:
        counts[:] = [count // 2 for count in counts]


def mark(table: Table, places: int, value: float) -> None:
    """The value in the places from 1 to ``places``."""
    for place in range(1, places + 1):
        table[place] = value
