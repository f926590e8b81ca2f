"""Looks at series: the detectors from the first row to the last, piece by piece. Pure.

Whoever imports this has numpy loaded, so nobody does before there is a question.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from math import inf

from contracts.analysis import FEWEST_POINTS, MOST_SCORES
from contracts.anomalies import Anomaly
from services.anomalies.detecting import (
    BEGAN,
    NOTHING,
    Asked,
    Finding,
    Partition,
    State,
    Step,
    advance,
    explain,
    fresh,
    is_counter,
)
from services.anomalies.detecting.state import REST
from services.anomalies.on_demand.series import Series, Span
from services.runtime.ids import derived_id

TOGETHER = 48
"""Series from which on it is cheaper to take a row of each together than each alone."""
_BATCH = 2_048
"""Series of one partition."""
_PIECE = 200
"""Rows of one series that are one step of the work."""
_NOTED = 20
"""Rounds after which it is noted how far they are."""
_ENDED_SHARE = 4
_FINDING = tuple(each.name for each in fields(Finding))

Scores = tuple[tuple[float, float, float], ...]


@dataclass(slots=True)
class Looked:
    """A series, and what was found in it so far."""

    series: Series
    counter: bool
    anomalies: list[Anomaly] = field(default_factory=list[Anomaly])
    """That began in the window."""
    rows: int = 0
    """So many of its rows were looked at, or a few more."""
    open: bool = False
    """Whether the last of the anomalies has not ended."""
    lasting_since: datetime | None = None
    """When one began before the window that is not over when that begins."""
    scores: Scores = ()

    @property
    def whole(self) -> bool:
        """Whether all of its rows were looked at."""
        return self.rows == len(self.series.times)

    @property
    def too_few(self) -> bool:
        """Whether there is too little to look at."""
        return len(self.series.times) < FEWEST_POINTS


@dataclass
class Look:
    """A search in series, which goes on as long as `steps` is asked for more."""

    series: Sequence[Series]
    span: Span
    asked: Asked
    together: int = TOGETHER
    found: list[Looked] = field(init=False)

    def __post_init__(self) -> None:
        self.found = [
            Looked(each, each.known.named and is_counter(each.known.name)) for each in self.series
        ]

    def steps(self) -> Iterator[None]:
        """The work, in steps of some milliseconds."""
        for counter in (False, True):
            worth = [each for each in self.found if each.counter is counter and not each.too_few]
            # Those of about the same length together.
            worth.sort(key=lambda each: -len(each.series.times))
            for start in range(0, len(worth), _BATCH):
                members = worth[start : start + _BATCH]
                yield from _Batch(self, self.words(counter=counter), members).steps()

    def words(self, *, counter: bool) -> Asked:
        """How such series are looked at: the bounds are of values, and of a counter the rate is."""
        return replace(self.asked, above=inf, below=-inf) if counter else self.asked

    def scores(self, most: int) -> Iterator[None]:
        """The scores of those with the surest anomalies, in steps."""
        for each in ranked(self.found)[:most]:
            if each.anomalies and each.whole:
                yield from _scores(each, self)


def ranked(found: Sequence[Looked]) -> list[Looked]:
    """Those with the surest anomalies first."""
    return sorted(found, key=lambda each: -max((sureness(it) for it in each.anomalies), default=0))


def sureness(anomaly: Anomaly) -> float:
    """By which anomalies are compared."""
    return anomaly.confidence_score


@dataclass
class _Batch:
    """Some series: in rounds, a row of each, while they are many, then each alone."""

    look: Look
    asked: Asked
    members: list[Looked]
    """The longest one first."""
    states: dict[int, State] = field(default_factory=dict[int, State])

    def steps(self) -> Iterator[None]:
        rounds = 0
        if len(self.members) >= self.look.together:
            # When the last of so many has ended, there are too few for rounds.
            rounds = len(self.members[self.look.together - 1].series.times)
            yield from self._rounds(rounds)
        for place, each in enumerate(self.members):
            if not each.whole:
                state = self.states.get(place) or fresh(counter=each.counter)
                yield from _alone(each, state, self.look)

    def _rounds(self, rounds: int) -> Iterator[None]:
        partition = Partition()
        partition.add({str(place): each.counter for place, each in enumerate(self.members)})
        there, kept = len(self.members), len(self.members)
        for row in range(rounds):
            if row % _NOTED == 0:
                self._note(row)
            while len(self.members[there - 1].series.times) <= row:
                there -= 1
            if (kept - there) * _ENDED_SHARE > kept:
                partition.remove([str(place) for place in range(there, kept)])
                kept = there
            self._round(partition, there, row)
            yield
        self._note(rounds)
        for place, each in enumerate(self.members[:there]):
            if not each.whole:
                self.states[place] = partition.state(str(place))

    def _note(self, rows: int) -> None:
        for each in self.members:
            each.rows = min(rows, len(each.series.times))

    def _round(self, partition: Partition, there: int, row: int) -> None:
        rows = {
            str(place): (each.series.times[row], each.series.values[row])
            for place, each in enumerate(self.members[:there])
        }
        for told in partition.advance(rows, self.asked):
            _take(self.members[int(told.key)], told.state, told.step, self.look)


def _alone(each: Looked, state: State, look: Look) -> Iterator[None]:
    times, values = each.series.times, each.series.values
    asked = look.words(counter=each.counter)
    for row in range(each.rows, len(times)):
        step = advance(state, times[row], values[row], asked)
        if step is not None and step.happens != NOTHING:
            _take(each, state, step, look)
        each.rows = row + 1
        if row % _PIECE == 0:
            yield


def _take(each: Looked, state: State, step: Step, look: Look) -> None:
    """An anomaly has begun or ended with a row."""
    if step.happens == BEGAN:
        if each.open:
            _end(each, _moment(step.since))
        each.open = step.since >= look.span.start
        if each.open:
            each.anomalies.append(_anomaly(each, state, step, look.words(counter=each.counter)))
        else:
            each.lasting_since = _moment(step.since)
        return
    calm_since = _calm_since(state)
    if each.open:
        _end(each, _moment(calm_since))
    elif calm_since < look.span.start:
        each.lasting_since = None


def _end(each: Looked, at: datetime) -> None:
    """The one that is open: all is as before, or the breach of a bound takes its place."""
    begun = each.anomalies[-1]
    ended = begun.model_copy(update={"ended_at": max(at, begun.detected_at)})
    each.anomalies[-1] = ended
    each.open = False


def _anomaly(each: Looked, state: State, step: Step, asked: Asked) -> Anomaly:
    known, began = each.series.known, _moment(step.since)
    found = explain(known.name, state, step, asked)
    return Anomaly(
        id=derived_id("anomaly", known.cluster_id, *known.order, began.isoformat()),
        cluster_id=known.cluster_id,
        metric_name=known.name,
        labels=dict(known.labels),
        detected_at=began,
        **{name: getattr(found, name) for name in _FINDING},
    )


def _scores(each: Looked, look: Look) -> Iterator[None]:
    """Looked at once more, alone: keeping the scores of all rows of all series would take more."""
    times, values = each.series.times, each.series.values
    first = sum(time < look.span.start for time in times)
    width = -(-(len(times) - first) // MOST_SCORES)
    state, asked = fresh(counter=each.counter), look.words(counter=each.counter)
    onset = episode = 0.0
    told: list[tuple[float, float, float]] = []
    for row in range(len(times)):
        step = advance(state, times[row], values[row], asked)
        onset, episode = (0.0, episode) if step is None else (step.onset, step.episode)
        if row >= first and (row - first) % width == 0:
            told.append((times[row], round(onset, 3), round(episode, 3)))
        elif row >= first:
            time, high, higher = told[-1]
            told[-1] = time, max(high, round(onset, 3)), max(higher, round(episode, 3))
        if row % _PIECE == 0:
            yield
    each.scores = tuple(told)


def _calm_since(state: State) -> float:
    """Unix time of the last row that was unusual; where it became usual, of that row."""
    s = state.series
    return s.last - (s.calm * s.interval if s.calm >= REST else 0.0)


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)
