"""The states of many series side by side: an array for each number, as the kernels take them."""

import dataclasses
from array import array
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.anomalies.detecting.arrays import ByRow, Table
from services.anomalies.detecting.single import State
from services.anomalies.detecting.state import HABITS, SHAPES, Habit, Quantiles, Series

VERSION = 1
"""Of what ``dump`` writes; states of another version are not read, they are learnt anew."""
_MAGIC = b"aiops anomaly states"
_HEAD = np.dtype([("magic", "S20"), ("version", "<u4"), ("series", "<u4")])

Array = NDArray[Any]
_Part = tuple[str, type[Series] | type[Quantiles] | type[Habit], tuple[int, ...]]
_PARTS: Sequence[_Part] = (
    ("series", Series, ()),
    ("quantiles", Quantiles, (len(SHAPES),)),
    ("habits", Habit, (len(HABITS),)),
)


class UnreadableStates(ValueError):
    """What was dumped is of another version, or cut off: its series are learnt anew."""


class Block:
    """Attributes of ``series``, ``quantiles`` and ``habits`` are as in ``state``, but arrays.

    The shape of a number is (series), of a table (places, series); those of the quantiles and
    habits are (shapes or features, series), and of their tables (features, series, places).
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.series = SimpleNamespace()
        self.quantiles = SimpleNamespace()
        self.habits = SimpleNamespace()
        for part, kind, before in _PARTS:
            for each in dataclasses.fields(kind):
                self._set(part, each.name, _empty(each, before, size))

    @classmethod
    def of(cls, states: Sequence[State]) -> "Block":
        """From the states of single series."""
        block = cls(len(states))
        for part, name, values in block._arrays():
            by_row = _is_by_row(part, name)
            for at, state in enumerate(states):
                found = [getattr(one, name) for one in _owners(state, part)]
                found = found[0] if part == "series" else found
                values[(slice(None), at) if by_row else (..., at)] = found
        return block

    def state(self, at: int) -> State:
        """The state of one of the series, alone."""
        state = State()
        for part, name, values in self._arrays():
            found = (values[:, at] if _is_by_row(part, name) else values[..., at]).tolist()
            found = [found] if part == "series" else found
            for one, value in zip(_owners(state, part), found, strict=True):
                _put(one, name, value)
        return state

    def take(self, places: NDArray[np.intp]) -> "Block":
        """Some of the series, copied."""
        some = Block(0)
        some.size = len(places)
        for part, name, values in self._arrays():
            axis = 1 if _is_by_row(part, name) else -1
            some._set(part, name, values.take(places, axis=axis))
        return some

    def put(self, places: NDArray[np.intp], some: "Block") -> None:
        """Write back what ``take`` gave."""
        for (part, name, values), (_, _, new) in zip(self._arrays(), some._arrays(), strict=True):
            if _is_by_row(part, name):
                values[:, places] = new
            else:
                values[..., places] = new

    def joined(self, other: "Block") -> "Block":
        """The series of both, those of the other one behind."""
        both = Block(0)
        both.size = self.size + other.size
        for (part, name, values), (_, _, new) in zip(self._arrays(), other._arrays(), strict=True):
            axis = 1 if _is_by_row(part, name) else -1
            both._set(part, name, np.concatenate((values, new), axis=axis))
        return both

    def dump(self) -> bytes:
        """All of it, for ``load``."""
        head = np.array((_MAGIC, VERSION, self.size), _HEAD)
        return b"".join((head.tobytes(), *(values.tobytes() for *_, values in self._arrays())))

    @classmethod
    def load(cls, dumped: bytes) -> "Block":
        """What was dumped."""
        if len(dumped) < _HEAD.itemsize:
            raise UnreadableStates("the anomaly states are cut off")
        head = np.frombuffer(dumped, _HEAD, 1)
        if head["magic"][0] != _MAGIC or head["version"][0] != VERSION:
            raise UnreadableStates("these are no anomaly states of this version")
        size, at = int(head["series"][0]), _HEAD.itemsize
        if len(dumped) != cls.dumped_bytes(size):
            raise UnreadableStates("the anomaly states are cut off")
        block = cls(size)
        for part, name, values in list(block._arrays()):
            found = np.frombuffer(dumped, values.dtype, values.size, at).reshape(values.shape)
            block._set(part, name, found.copy())
            at += values.nbytes
        return block

    @staticmethod
    def dumped_bytes(size: int) -> int:
        """Of what ``dump`` writes for so many series."""
        return _HEAD.itemsize + size * BYTES

    @property
    def bytes(self) -> int:
        """Size of all states."""
        return sum(values.nbytes for *_, values in self._arrays())

    def _arrays(self) -> Iterator[tuple[str, str, Array]]:
        for part, kind, _ in _PARTS:
            for each in dataclasses.fields(kind):
                held = getattr(getattr(self, part), each.name)
                values: Array = held.values if isinstance(held, Table | ByRow) else held
                yield part, each.name, values

    def _set(self, part: str, name: str, values: Array) -> None:
        each = _FIELDS[part, name]
        held = Table(values) if "length" in each.metadata else values
        held = ByRow(values) if each.metadata.get("by_row") else held
        setattr(getattr(self, part), name, held)


_FIELDS = {(part, each.name): each for part, kind, _ in _PARTS for each in dataclasses.fields(kind)}


def _dtype(each: "dataclasses.Field[Any]") -> type[np.generic]:
    return each.metadata.get("dtype", np.float64)


def _is_by_row(part: str, name: str) -> bool:
    return bool(_FIELDS[part, name].metadata.get("by_row"))


def _empty(each: "dataclasses.Field[Any]", before: tuple[int, ...], size: int) -> Array:
    length = each.metadata.get("length")
    if length is None:
        return np.full((*before, size), each.default, np.float64)
    shape = (*before, size, length) if each.metadata["by_row"] else (*before, length, size)
    return np.zeros(shape, _dtype(each))


def _owners(state: State, part: str) -> Sequence[Series] | Sequence[Quantiles] | Sequence[Habit]:
    return [state.series] if part == "series" else getattr(state, part)


def _put(owner: Any, name: str, value: Any) -> None:
    table = getattr(owner, name)
    if isinstance(table, float):
        setattr(owner, name, value)
    else:
        table[:] = array("f", value) if isinstance(table, array) else value


BYTES = Block(1).bytes
"""Of the state of one series."""
