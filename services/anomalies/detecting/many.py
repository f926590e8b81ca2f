"""The detectors of many series, one row of each at a time, by the same kernels on arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.anomalies import DetectionType
from services.anomalies.detecting.arrays import Flag, Floats, any_of
from services.anomalies.detecting.asked import Asked
from services.anomalies.detecting.block import Block
from services.anomalies.detecting.kernels import habits, shapes, taking, telling
from services.anomalies.detecting.single import BOTH, Step
from services.anomalies.detecting.state import HABITS, ONE_SIDED, SHAPES
from services.anomalies.detecting.translating import for_arrays

IFS: Mapping[str, Any] = {
    "any_of": any_of,
    "where": np.where,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "logical_not": np.logical_not,
}
"""What the choices of a kernel become."""
_TAKING = for_arrays(taking, IFS)
_SHAPES = for_arrays(shapes, IFS)
_HABITS = for_arrays(habits, IFS)
_TELLING = for_arrays(telling, IFS)
_ONE_SIDED = np.array(ONE_SIDED)[:, None]

Places = NDArray[np.intp]


@dataclass(slots=True)
class Steps:
    """What a row of each series says: as ``single.Step``, (series) or (shapes, series)."""

    counts: Flag
    """Whether the row does; where not, the rest is zero and says nothing."""
    value: Floats
    onset: Floats
    episode: Floats
    statistical: Floats
    learnt: Floats
    strength: Floats
    happens: Floats
    since: Floats
    shapes: Floats
    shape_surprises: Floats
    features: Floats
    odds: Floats

    def of(self, at: int) -> Step | None:
        """What the row of one of the series says."""
        if not self.counts[at]:
            return None
        return Step(*(getattr(self, name)[..., at].tolist() for name in Step._fields))


def advance(block: Block, time: Floats, value: Floats, asked: Asked = BOTH) -> Steps:
    """Take a row of each series, as ``single.advance`` does."""
    with np.errstate(all="ignore"):
        counts: Flag = _TAKING["admit"](block.series, time, value)
        return _where(counts, block, time, value, partial(_admitted, asked))


def _admitted(asked: Asked, block: Block, time: Floats, value: Floats) -> Steps:
    s = block.series
    known: Flag = _TAKING["known"](s, value)
    # A state keeps no array that somebody else holds, for states are written to.
    looked: Floats = _TAKING["rate"](s, time.copy(), value.copy())
    return _where(known, block, time, looked, partial(_look, asked))


def _where(
    flag: Flag,
    block: Block,
    time: Floats,
    value: Floats,
    look: Callable[[Block, Floats, Floats], Steps],
) -> Steps:
    """Only those of the series; the states of the others stay as they are."""
    if flag.all():
        return look(block, time, value)
    some = np.flatnonzero(flag)
    if 2 * len(some) > block.size:
        return _all_but(flag, block, time, value, look)
    nothing = _nothing(block.size)
    if not len(some):
        return nothing
    part = block.take(some)
    steps = look(part, time[some], value[some])
    block.put(some, part)
    for each in fields(Steps):
        getattr(nothing, each.name)[..., some] = getattr(steps, each.name)
    return nothing


def _all_but(
    flag: Flag,
    block: Block,
    time: Floats,
    value: Floats,
    look: Callable[[Block, Floats, Floats], Steps],
) -> Steps:
    """It is cheaper to bring back the states of the few others than to copy those of the many."""
    others = np.flatnonzero(~flag)
    kept = block.take(others)
    steps = look(block, np.where(flag, time, 0.0), np.where(flag, value, 0.0))
    block.put(others, kept)
    for each in fields(Steps):
        values = np.array(getattr(steps, each.name))
        values[..., others] = 0
        setattr(steps, each.name, values)
    return steps


def _nothing(size: int) -> Steps:
    lengths = {"shapes": SHAPES, "shape_surprises": SHAPES, "features": HABITS, "odds": HABITS}
    values: dict[str, Floats] = {
        name: np.zeros((len(lengths[name]), size) if name in lengths else size)
        for name in Step._fields
    }
    return Steps(counts=np.zeros(size, np.bool_), **values)


def _look(asked: Asked, block: Block, time: Floats, value: Floats) -> Steps:
    s, q, h = block.series, block.quantiles, block.habits
    _SHAPES["take"](s, time.copy(), value)
    shaped = np.array(_SHAPES["shapes"](s, time, value.copy()))
    found = np.array(_HABITS["features"](s, time, value))
    if np.any(s.rows <= shapes.EARLY):
        _SHAPES["begin"](q, s.rows, shaped)
        _HABITS["begin"](h, s.rows, found)
    (far,) = _SHAPES["outside"]([q], [_ONE_SIDED], s.rows, [shaped])
    (odds,) = _HABITS["rarities"](s, [h], [found])
    far = np.broadcast_to(far, shaped.shape)
    odds = np.broadcast_to(odds, found.shape)
    if np.any(s.counted >= habits.LONGEST):
        _HABITS["fade"](s, h)
        _HABITS["faded"](s)
    doubts, more = _TELLING["doubt"](s)
    surprised = np.log10(odds.prod(axis=0))
    score = _HABITS["returned"](s, surprised, more)
    episode = _HABITS["episode"](s, surprised, score).copy()
    one, other = _TELLING["strengths"](s, far.max(axis=0), score, doubts)
    strength = _strength(s, one, other, asked.method)
    breach = _TELLING["crossed"](value, asked.above, asked.below)
    onset, happens, since = _TELLING["tell"](s, strength, asked.needed, breach)
    counts = np.ones(block.size, np.bool_)
    return Steps(
        counts,
        value,
        onset,
        episode,
        one,
        other,
        strength,
        happens,
        since,
        shaped,
        far,
        found,
        odds,
    )


def _strength(s: Any, one: Floats, other: Floats, method: DetectionType | None) -> Floats:
    if method is None:
        return _TELLING["both"](s, one, other)
    return other if method is DetectionType.ML_BASED else one
