"""The detector of one series, row by row."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import log10, prod
from typing import NamedTuple

from contracts.anomalies import DetectionType
from services.anomalies.detecting.asked import Asked
from services.anomalies.detecting.kernels import habits, shapes, taking, telling
from services.anomalies.detecting.state import (
    HABITS,
    ONE_SIDED,
    SHAPES,
    Habit,
    Quantiles,
    Series,
)

BOTH = Asked()


@dataclass(slots=True)
class State:
    """All that is kept of a series."""

    series: Series = field(default_factory=Series)
    quantiles: list[Quantiles] = field(default_factory=lambda: [Quantiles() for _ in SHAPES])
    habits: list[Habit] = field(default_factory=lambda: [Habit() for _ in HABITS])


class Step(NamedTuple):
    """What one row says."""

    value: float
    """What was looked at: of a counter, its rate."""
    onset: float
    """0 to 1; from 0.5 on something begins here."""
    episode: float
    """0 to 1: how much of an anomaly goes on."""
    statistical: float
    """Strength of STATISTICAL; 1 is what MEDIUM needs."""
    learnt: float
    """Strength of ML_BASED."""
    strength: float
    """Of what was asked for."""
    happens: float
    """``telling.NOTHING``, ``BEGAN`` or ``ENDED``."""
    since: float
    """Unix time at which the anomaly began that began, goes on or ended here."""
    shapes: Sequence[float]
    shape_surprises: Sequence[float]
    """Nats, in the order of SHAPES."""
    features: Sequence[float]
    odds: Sequence[float]
    """How much rarer than few it was, in the order of HABITS; 1: not at all."""


_Numbers = Sequence[float]
_Said = tuple[
    float, float, float, float, float, float, float, float, _Numbers, _Numbers, _Numbers, _Numbers
]
"""The fields of a Step, which take longer to be named than to be found."""


def fresh(*, counter: bool = False) -> State:
    """Of a series that nothing is known of."""
    state = State()
    state.series.counter = float(counter)
    return state


def advance(state: State, time: float, value: float, asked: Asked = BOTH) -> Step | None:
    """Take one row; None: it does not count, or of a counter nothing is known.

    ``time`` is Unix time in seconds.
    """
    said = _advance(state, time, value, asked)
    return None if said is None else Step._make(said)


def scores(rows: Iterable[tuple[float, float]], state: State) -> Iterator[tuple[float, float]]:
    """Onset and episode score of each row; one that does not count says nothing new."""
    for time, value in rows:
        said = _advance(state, time, value, BOTH)
        yield (0.0, state.series.episode) if said is None else said[1:3]


def _advance(state: State, time: float, value: float, asked: Asked) -> _Said | None:
    s = state.series
    if not taking.admit(s, time, value):
        return None
    known = not s.counter or taking.known(s, value)
    value = taking.rate(s, time, value)
    return _look(state, time, value, asked) if known else None


def _look(state: State, time: float, value: float, asked: Asked) -> _Said:
    s = state.series
    shapes.take(s, time, value)
    shaped = shapes.shapes(s, time, value)
    found = habits.features(s, time, value)
    if s.rows <= shapes.EARLY:
        _begin(state, shaped, found)
    far = shapes.outside(state.quantiles, ONE_SIDED, s.rows, shaped)
    odds = habits.rarities(s, state.habits, found)
    if s.counted >= habits.LONGEST:
        for h in state.habits:
            habits.fade(s, h)
        habits.faded(s)
    doubts, more = telling.doubt(s)
    surprised = log10(prod(odds))
    score = habits.returned(s, surprised, more)
    episode = habits.episode(s, surprised, score)
    one, other = telling.strengths(s, max(far), score, doubts)
    method = asked.method
    strength = (
        telling.both(s, one, other)
        if method is None
        else other
        if method is DetectionType.ML_BASED
        else one
    )
    breach = telling.crossed(value, asked.above, asked.below)
    onset, happens, since = telling.tell(s, strength, asked.needed, breach)
    return value, onset, episode, one, other, strength, happens, since, shaped, far, found, odds


def _begin(state: State, shaped: Sequence[float], found: Sequence[float]) -> None:
    rows = state.series.rows
    for q, shape in zip(state.quantiles, shaped, strict=True):
        shapes.begin(q, rows, shape)
    for h, feature in zip(state.habits, found, strict=True):
        habits.begin(h, rows, feature)
