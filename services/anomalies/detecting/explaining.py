"""An anomaly in words and numbers: what it looks like, how sure it is, and what it rests on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log10
from statistics import median

from contracts.anomalies import AnomalyEvidence, AnomalySeverity, AnomalyType, DetectionType
from services.anomalies.detecting.asked import Asked
from services.anomalies.detecting.kernels import habits, shapes
from services.anomalies.detecting.single import State, Step
from services.anomalies.detecting.state import HABITS, RING, SHAPES, SIDE, Habit

MOST_EVIDENCE = 5
_NEARLY_ALWAYS = 0.01
"""Share of the rows that were outside on either side of what was nearly always so."""
_NATS = 2.302585092994046
_HIGH, _MEDIUM = 1.6, 1.15
"""Strength from which on an anomaly is of that severity."""
_MOVED = frozenset({"level 16 to 256", "season 64", "season 32", "shift"})
_WORDS = {
    "level 16 to 256": "the mean of 16 rows against that of 256",
    "season 4 to 64": "the mean of 4 rows against that of 64, the usual day taken off",
    "season 16": "the mean of 16 rows, the usual day taken off",
    "season 32": "the mean of 32 rows, the usual day taken off",
    "season 64": "the mean of 64 rows, the usual day taken off",
    "step 16": "how much it changes from row to row",
    "spread 32": "how widely 32 rows spread",
    "level": "the mean of 3 rows",
    "deviation": "the distance from the mean of 30 rows",
    "week": "the distance from the usual at this hour of the week",
    "shift": "the mean of 24 rows against the 24 before",
    "day": "the distance from the usual at this time of day",
    "low": "the lowest of 36 rows",
    "burst": "how far out the last dozen rows were",
    "high": "the highest of 36 rows",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What there is to say of an anomaly; fields as in ``contracts.anomalies.Anomaly``."""

    detection_type: DetectionType
    severity: AnomalySeverity
    confidence_score: float
    anomaly_type: AnomalyType
    expected_value: float | None
    actual_value: float
    deviation_percent: float | None
    explanation: str
    evidence: tuple[AnomalyEvidence, ...]


@dataclass(frozen=True, slots=True)
class _Range:
    """Between these it was nearly always."""

    low: float
    high: float


def explain(name: str, state: State, step: Step, asked: Asked) -> Finding:
    """What the row says at which an anomaly began; ``state`` is that after it."""
    usual = _usual(state.habits[0], state.series.counted)
    evidence = tuple(islice(_evidence(state, step), MOST_EVIDENCE))
    kind = _kind(state, step, asked, usual, evidence)
    expected = state.habits[0].centre if state.series.rows > 1 else None
    return Finding(
        detection_type=_method(state, step, asked),
        severity=_severity(step, kind),
        confidence_score=_confidence(step, asked, kind),
        anomaly_type=kind,
        expected_value=expected,
        actual_value=step.value,
        deviation_percent=_percent(step.value, expected),
        explanation=_words(name, state, step, asked, _Said(kind, usual, evidence)),
        evidence=evidence,
    )


def _method(state: State, step: Step, asked: Asked) -> DetectionType:
    if asked.method is not None:
        return asked.method
    if state.series.counter:
        return DetectionType.STATISTICAL
    return DetectionType.ML_BASED if step.learnt > step.statistical else DetectionType.STATISTICAL


def _severity(step: Step, kind: AnomalyType) -> AnomalySeverity:
    if step.strength >= _HIGH or kind is AnomalyType.THRESHOLD_BREACH:
        return AnomalySeverity.HIGH
    return AnomalySeverity.MEDIUM if step.strength >= _MEDIUM else AnomalySeverity.LOW


def _confidence(step: Step, asked: Asked, kind: AnomalyType) -> float:
    """How far beyond what MEDIUM needs: a half at it, three quarters at twice as much."""
    if kind is AnomalyType.THRESHOLD_BREACH:
        return 1.0
    strength = max(step.strength, 0.0)
    return 1.0 - 0.5 / strength if strength >= 1.0 else 0.5 * strength


def _percent(value: float, expected: float | None) -> float | None:
    """Null as well where the expected value is next to nothing, and the percentage nonsense."""
    if expected is None or abs(expected) <= 1e-6 * abs(value):
        return None
    return 100.0 * (value - expected) / abs(expected)


def _kind(
    state: State,
    step: Step,
    asked: Asked,
    usual: _Range,
    evidence: Sequence[AnomalyEvidence],
) -> AnomalyType:
    if step.value > asked.above or step.value < asked.below:
        return AnomalyType.THRESHOLD_BREACH
    # Not the mean: one row that is far out moves that, and no level has changed.
    recent = median(list(state.series.ring)[RING // 2 :])
    if recent > usual.high or recent < usual.low:
        return AnomalyType.TREND_CHANGE
    if step.value > usual.high:
        return AnomalyType.SPIKE
    if step.value < usual.low:
        return AnomalyType.DROP
    moved = bool(evidence) and evidence[0].feature in _MOVED
    return AnomalyType.TREND_CHANGE if moved else AnomalyType.PATTERN_BREAK


@dataclass(frozen=True, slots=True)
class _Said:
    kind: AnomalyType
    usual: _Range
    evidence: Sequence[AnomalyEvidence]


def _words(name: str, state: State, step: Step, asked: Asked, said: _Said) -> str:
    value, usual = step.value, said.usual
    since = f"(since {_age(state.series.last - state.series.first)})"
    if said.kind is AnomalyType.THRESHOLD_BREACH:
        over = value > asked.above
        bound = asked.above if over else asked.below
        return f"{name} {value:.4g} is {'above' if over else 'below'} its bound {bound:.4g}"
    low, high = f"{usual.low:.4g}", f"{usual.high:.4g}"
    if value > usual.high or value < usual.low:
        far = value - usual.high if value > usual.high else usual.low - value
        side = "above" if value > usual.high else "below"
        return (
            f"{name} {value:.4g} is {far:.4g} {side} the {low} to {high} in which it was nearly"
            f" always {since}"
        )
    if not said.evidence:
        return f"{name} {value:.4g} is within its usual {low} to {high} {since}"
    first = said.evidence[0]
    return (
        f"{name} {value:.4g} is within its usual {low} to {high}, but"
        f" {_WORDS[first.feature]} is {first.value:.4g} where {first.usual_low:.4g} to"
        f" {first.usual_high:.4g} was usual {since}"
    )


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _evidence(state: State, step: Step) -> Iterator[AnomalyEvidence]:
    """The features that say something, the most surprising one first."""
    found = [*_of_shapes(state, step), *_of_habits(state, step)]
    yield from sorted(found, key=lambda each: -each.surprise)


def _of_shapes(state: State, step: Step) -> Iterable[AnomalyEvidence]:
    for name, value, nats, q in zip(
        SHAPES, step.shapes, step.shape_surprises, state.quantiles, strict=True
    ):
        if nats > shapes.AT_QUANTILE:
            yield AnomalyEvidence(
                feature=name,
                value=value,
                usual_low=q.low,
                usual_high=q.high,
                surprise=nats / _NATS,
            )


def _of_habits(state: State, step: Step) -> Iterable[AnomalyEvidence]:
    counted = state.series.counted
    few = min(habits.RARE * counted, habits.FEW) / max(counted, 1.0)
    for name, value, odds, h in zip(HABITS, step.features, step.odds, state.habits, strict=True):
        if odds > 1.0:
            usual = _usual(h, counted)
            yield AnomalyEvidence(
                feature=name,
                value=value,
                usual_low=usual.low,
                usual_high=usual.high,
                surprise=log10(odds / few),
            )


def _usual(h: Habit, counted: float) -> _Range:
    return _Range(
        h.centre - h.spread * _reach(h, SIDE, counted),
        h.centre + h.spread * _reach(h, 0, counted),
    )


def _reach(h: Habit, side: int, counted: float) -> float:
    """How many spreads out so few rows were on a side; places are as in ``habits``."""
    few = _NEARLY_ALWAYS * counted
    at = next((place for place in range(1, SIDE) if h.counts[side + place] <= few), SIDE - 1)
    octave, third = divmod(at - 1, int(habits.PER_OCTAVE))
    return habits.NEAREST * 2.0**octave * (1.0 + third / habits.PER_OCTAVE)
