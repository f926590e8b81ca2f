"""The detectors of up to MOST series by their keys, in blocks that fit a processor's cache."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from contracts.refusals import Code, Refused
from services.anomalies.detecting.asked import Asked
from services.anomalies.detecting.block import Block
from services.anomalies.detecting.kernels.telling import NOTHING
from services.anomalies.detecting.many import advance
from services.anomalies.detecting.single import BOTH, State, Step

MOST = 50_000
"""Series of one partition; about 3.9 KB each."""
BLOCK = 2_048
"""Series of one block."""
_HEAD = 8


@dataclass(frozen=True, slots=True)
class Told:
    """An anomaly of a series began or ended with this row."""

    key: str
    step: Step
    state: State
    """After the row; a copy."""


@dataclass(slots=True)
class _Part:
    keys: list[str]
    block: Block
    places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.places = {key: at for at, key in enumerate(self.keys)}


class Partition:
    """States of series; rows go in, what begins or ends comes out."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._parts: list[_Part] = []
        self._of: dict[str, _Part] = {}

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, key: object) -> bool:
        return key in self._of

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def last(self, key: str) -> float:
        """Unix time of the last row of a series; what is not later does not count."""
        part = self._of[key]
        return float(part.block.series.raw_time[part.places[key]])

    def add(self, counters: Mapping[str, bool]) -> None:
        """Series that are not known yet, by key, with whether each is a counter.

        LIMIT_REACHED if there were more than ``most``; none of them is taken then.
        """
        new = [key for key in counters if key not in self._of]
        if len(self._of) + len(new) > self.most:
            said = f"{len(self._of) + len(new)} series: at most {self.most} are watched together"
            raise Refused(Code.LIMIT_REACHED, said)
        while new:
            room = BLOCK - len(self._parts[-1].keys) if self._parts else 0
            taken, new = new[: room or BLOCK], new[room or BLOCK :]
            block = Block(len(taken))
            block.series.counter[:] = [float(counters[key]) for key in taken]
            if room:
                last = self._parts.pop()
                self._put(_Part([*last.keys, *taken], last.block.joined(block)))
            else:
                self._put(_Part(taken, block))

    def remove(self, keys: Sequence[str]) -> None:
        """Forget series; unknown ones are none."""
        gone = {key for key in keys if key in self._of}
        touched = {id(self._of[key]) for key in gone}
        parts, self._parts = self._parts, []
        for part in parts:
            if id(part) not in touched:
                self._parts.append(part)
                continue
            left = [at for at, key in enumerate(part.keys) if key not in gone]
            if left:
                kept = part.block.take(np.array(left, np.intp))
                self._put(_Part([part.keys[at] for at in left], kept))
        for key in gone:
            del self._of[key]

    def state(self, key: str) -> State:
        """A copy of the state of a series."""
        part = self._of[key]
        return part.block.state(part.places[key])

    def want(self, key: str, factor: float) -> None:
        """From now on an anomaly of this series takes so many times what others need."""
        part = self._of[key]
        part.block.series.wanted[part.places[key]] = factor

    def end(self, key: str) -> None:
        """The anomaly of this series is over; nothing is told of it any more."""
        part = self._of[key]
        part.block.series.began_row[part.places[key]] = 0.0

    def advance(self, rows: Mapping[str, tuple[float, float]], asked: Asked = BOTH) -> list[Told]:
        """At most one row (Unix time, value) of each series; of the others nothing changes.

        KeyError for a series that was not added.
        """
        by_part: dict[int, list[str]] = {}
        for key in rows:
            by_part.setdefault(id(self._of[key]), []).append(key)
        told: list[Told] = []
        for part in self._parts:
            keys = by_part.get(id(part))
            if keys:
                told += _advance(part, keys, rows, asked)
        return told

    def dump(self) -> bytes:
        """All keys and states."""
        keys = json.dumps([part.keys for part in self._parts]).encode()
        blocks = [part.block.dump() for part in self._parts]
        return b"".join((len(keys).to_bytes(_HEAD, "little"), keys, *blocks))

    @classmethod
    def load(cls, dumped: bytes, most: int = MOST) -> "Partition":
        """What was dumped; UnreadableStates if it is of another version, or cut off."""
        partition = cls(most)
        at = _HEAD + int.from_bytes(dumped[:_HEAD], "little")
        for keys in json.loads(dumped[_HEAD:at]):
            size = Block.dumped_bytes(len(keys))
            partition._put(_Part(keys, Block.load(dumped[at : at + size])))
            at += size
        return partition

    def _put(self, part: _Part) -> None:
        self._parts.append(part)
        self._of.update(dict.fromkeys(part.keys, part))


def _advance(
    part: _Part, keys: list[str], rows: Mapping[str, tuple[float, float]], asked: Asked
) -> list[Told]:
    whole = len(keys) == len(part.keys)
    keys = part.keys if whole else keys
    times, values = np.array([rows[key] for key in keys], np.float64).T.copy()
    places = np.array([part.places[key] for key in keys], np.intp)
    block = part.block if whole else part.block.take(places)
    steps = advance(block, times, values, asked)
    if not whole:
        part.block.put(places, block)
    found: list[Told] = []
    for at in np.flatnonzero(steps.happens != NOTHING).tolist():
        step = steps.of(at)
        if step is not None:
            found.append(Told(keys[at], step, block.state(at)))
    return found
