"""What is found, what it looks like, how it is told, and when it ends."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from contracts.anomalies import AnomalyType, DetectionType, Sensitivity
from services.anomalies.detecting.asked import NEEDED, Asked, asked
from services.anomalies.detecting.explaining import Finding, explain
from services.anomalies.detecting.kernels import telling
from services.anomalies.detecting.single import State, Step, advance, fresh
from tests.kit.measured import START

EVERY = 300.0
KNOWN = 2_000
"""Rows of noise before anything happens: a week."""
Shape = Callable[[int, float], float]
"""From how many rows after KNOWN, and what the value was."""


def play(
    shape: Shape, rows: int = 400, wanted: Asked | None = None
) -> list[tuple[int, Step, State]]:
    """What begins and ends, by the rows since KNOWN, with the state at that time."""
    rng, state, found = random.Random(7), fresh(), list[tuple[int, Step, State]]()
    for at in range(KNOWN + rows):
        value = rng.gauss(50, 2)
        value = shape(at - KNOWN, value) if at >= KNOWN else value
        step = advance(state, START + EVERY * at, value, wanted or Asked())
        if step is not None and step.happens:
            found.append((at - KNOWN, step, state))
            if step.happens == telling.BEGAN and at >= KNOWN:
                return found
    return found


def first(shape: Shape, wanted: Asked | None = None) -> tuple[int, Finding]:
    wanted = wanted or Asked()
    at, step, state = play(shape, wanted=wanted)[-1]
    assert step.happens == telling.BEGAN
    return at, explain("GPU temperature", state, step, wanted)


def spike(at: int, value: float) -> float:
    return value + 60 if at == 10 else value


def drop(at: int, value: float) -> float:
    return value - 45 if at == 10 else value


def shift(at: int, value: float) -> float:
    return value + 6 if at >= 10 else value


def restless(at: int, value: float) -> float:
    return 50 + (value - 50) * (2.2 if at >= 10 else 1)


def frozen(at: int, value: float) -> float:
    return 50 + 0.9 * (-1) ** at if at >= 10 else value


@pytest.mark.parametrize(
    ("shape", "within", "kinds"),
    [
        (spike, 3, {AnomalyType.SPIKE}),
        (drop, 3, {AnomalyType.DROP}),
        (shift, 30, {AnomalyType.TREND_CHANGE, AnomalyType.SPIKE}),
        (restless, 60, {AnomalyType.PATTERN_BREAK, AnomalyType.SPIKE, AnomalyType.DROP}),
    ],
)
def test_it_is_found_and_named(shape: Shape, within: int, kinds: set[AnomalyType]) -> None:
    at, finding = first(shape)
    assert 10 <= at < 10 + within
    assert finding.anomaly_type in kinds


def test_it_is_explained_with_numbers() -> None:
    _, finding = first(spike)
    assert finding.explanation.startswith("GPU temperature 1")
    assert "above the" in finding.explanation
    assert "in which it was nearly always (since 7 d)" in finding.explanation
    assert finding.expected_value == pytest.approx(50, abs=1)
    assert finding.deviation_percent == pytest.approx(120, abs=15)
    assert 0.5 <= finding.confidence_score <= 1
    assert finding.evidence
    surprises = [each.surprise for each in finding.evidence]
    assert surprises == sorted(surprises, reverse=True)
    for each in finding.evidence:
        assert each.usual_low <= each.usual_high
        assert not each.usual_low <= each.value <= each.usual_high


def test_a_bound_is_told_whatever_was_usual() -> None:
    wanted = asked(Sensitivity.LOW, above=55.0)
    rows = [(at, step) for at, step, _ in play(lambda _, value: value, wanted=wanted)]
    assert rows[0][1].value > 55
    state, step = fresh(), None
    step = advance(state, START, 60.0, wanted)
    assert step is not None
    assert step.happens == telling.BEGAN
    finding = explain("queue", state, step, wanted)
    assert finding.anomaly_type is AnomalyType.THRESHOLD_BREACH
    assert finding.explanation == "queue 60 is above its bound 55"


def run(values: list[float], wanted: Asked | None = None) -> list[tuple[int, float, float]]:
    state, found = fresh(), list[tuple[int, float, float]]()
    for at, value in enumerate(values):
        step = advance(state, START + EVERY * at, value, wanted or Asked())
        if step is not None and step.happens:
            found.append((at, step.happens, step.since))
    return found


def base(rows: int) -> list[float]:
    rng = random.Random(7)
    return [rng.gauss(50, 2) for _ in range(rows)]


def breaches(values: list[float]) -> list[int]:
    """At which rows it is told that a bound of 100 was crossed."""
    wanted, state, found = asked(Sensitivity.MEDIUM, above=100.0), fresh(), list[int]()
    for at, value in enumerate(values):
        step = advance(state, START + EVERY * at, value, wanted)
        if step is not None and step.happens == telling.BEGAN and step.value > wanted.above:
            found.append(at)
    return found


@pytest.mark.parametrize("unusual", [3, 100, 2_000])
def test_a_bound_is_told_as_well_while_something_else_is_unusual(unusual: int) -> None:
    """Whether that goes on, has ended, or has become usual."""
    values = [*base(KNOWN), *(value + 30 for value in base(unusual)), *[130.0] * 5, *base(60)]
    assert breaches(values) == [KNOWN + unusual]


@pytest.mark.parametrize("calm", [50, 51, 80])
def test_a_bound_that_is_crossed_once_more_after_the_end_is_told_once_more(calm: int) -> None:
    assert breaches([50.0, 130.0, *[50.0] * calm, 130.0, 131.0]) == [1, calm + 2]


def test_an_anomaly_ends_when_all_is_as_before() -> None:
    values = base(KNOWN + 500)
    for at in range(KNOWN, KNOWN + 20):
        values[at] += 30
    began, ended = [each for each in run(values) if each[0] >= KNOWN][:2]
    assert (began[1], ended[1]) == (telling.BEGAN, telling.ENDED)
    assert began[2] == ended[2] == START + EVERY * began[0]
    assert KNOWN + 70 <= ended[0] < KNOWN + 400


def test_what_stays_becomes_usual() -> None:
    values = base(KNOWN + 2_000)
    for at in range(KNOWN, len(values)):
        values[at] += 30
    found = [each for each in run(values) if each[0] >= KNOWN]
    assert [each[1] for each in found] == [telling.BEGAN, telling.ENDED]
    assert found[1][0] - found[0][0] <= 500


@given(strength=st.floats(0.05, 5))
def test_more_sensitive_finds_no_less(strength: float) -> None:
    onsets: list[float] = []
    for sensitivity in Sensitivity:
        state = fresh().series
        state.rows = 1_000.0
        onsets.append(telling.tell(state, strength, NEEDED[sensitivity], False)[0])
    assert onsets == sorted(onsets)


@given(one=st.floats(0.01, 10), other=st.floats(0.01, 10))
def test_the_onset_score_rises_with_the_strength(one: float, other: float) -> None:
    low, high = sorted((one, other))
    scored = [telling.tell(fresh().series, each, 1.0, False)[0] for each in (low, high)]
    assert scored == sorted(scored)
    assert [each >= 0.5 for each in scored] == [low >= 1, high >= 1]


def test_after_a_detection_it_rests() -> None:
    state = fresh().series
    scored = [telling.tell(state, each, 1.0, False)[0] for each in (2.0, 2.0, *[0.1] * 50, 2.0)]
    assert [at for at, each in enumerate(scored) if each >= 0.5] == [0]
    assert telling.tell(state, 0.1, 1.0, False)[0] < 0.5
    for _ in range(50):
        telling.tell(state, 0.1, 1.0, False)
    assert telling.tell(state, 2.0, 1.0, False)[0] >= 0.5


@pytest.mark.parametrize("method", [DetectionType.STATISTICAL, DetectionType.ML_BASED])
def test_each_method_finds_a_spike_alone(method: DetectionType) -> None:
    at, finding = first(spike, Asked(method=method))
    assert 10 <= at < 13
    assert finding.detection_type is method


def test_people_can_want_more_of_a_series() -> None:
    state = fresh().series
    state.wanted = 2.0
    assert telling.tell(state, 1.5, 1.0, False)[0] < 0.5
