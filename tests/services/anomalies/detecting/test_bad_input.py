"""What no series should be like is no anomaly, and breaks nothing."""

import math
import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings, strategies as st

from services.anomalies.detecting.block import Block
from services.anomalies.detecting.counters import is_counter
from services.anomalies.detecting.single import State, advance, fresh, scores
from tests.kit.measured import START

MINUTE = 60.0


def noise(rows: int, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(50, 5) for _ in range(rows)]


def detections(
    values: Iterable[float], state: State | None = None, every: float = MINUTE, start: float = START
) -> list[int]:
    """Rows at which something begins."""
    state = state or fresh()
    rows = ((start + every * at, value) for at, value in enumerate(values))
    return [at for at, (onset, _) in enumerate(scores(rows, state)) if onset >= 0.5]


@pytest.mark.parametrize(
    "values",
    [
        [],
        [5.0],
        [float(at) for at in range(10)],
        [math.nan] * 300,
        [math.inf, -math.inf] * 150,
        [5.0] * 3_000,
        [0.0] * 3_000,
        [0.1 + 0.2, 0.3] * 1_500,
        [1e200, -1e200] * 200,
    ],
    ids=["empty", "one", "ten", "nan", "inf", "constant", "zero", "rounding", "huge"],
)
def test_nothing_is_found_in(values: list[float]) -> None:
    assert detections(values) == []


def test_rows_that_do_not_count_change_nothing() -> None:
    clean, dirty = fresh(), fresh()
    for at, value in enumerate(noise(400)):
        when = START + MINUTE * at
        found = advance(dirty, when, value)
        assert found == advance(clean, when, value)
        for wrong in ((when, 1e6), (when - 3_600, 1e6), (when + 1, math.nan), (when + 1, 1e37)):
            assert advance(dirty, *wrong) is None
    assert dirty.series.ignored == 1_600
    dirty.series.ignored = 0
    assert dirty == clean


@settings(max_examples=25)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=300))
def test_scores_stay_in_their_bounds(values: list[float]) -> None:
    rows = ((START + MINUTE * at, value) for at, value in enumerate(values))
    for onset, episode in scores(rows, fresh()):
        assert 0.0 <= onset <= 1.0
        assert 0.0 <= episode <= 1.0


def counted(rows: int, resets: frozenset[int]) -> list[float]:
    rng, now, found = random.Random(2), 0.0, list[float]()
    for at in range(rows):
        now = 0.0 if at in resets else now + 60 * rng.uniform(90, 110)
        found.append(now)
    return found


def test_the_reset_of_a_counter_is_no_anomaly() -> None:
    resets = frozenset({900, 1_400, 2_500})
    assert detections(counted(3_000, resets), fresh(counter=True)) == []


def test_a_counter_that_runs_away_is_one() -> None:
    values = counted(3_000, frozenset())
    for at in range(2_600, 3_000):
        values[at] += (at - 2_599) * 60 * 500
    found = detections(values, fresh(counter=True))
    assert found
    assert 2_600 <= found[0] < 2_640


def test_a_counter_is_known_by_its_name() -> None:
    assert is_counter("http_requests_total")
    assert not is_counter("node_filesystem_free_bytes")


def test_no_storm_after_a_gap() -> None:
    state = fresh()
    assert detections(noise(2_000), state) == []
    later = START + MINUTE * 2_000 + 3 * 86_400
    assert detections(noise(2_000, seed=5), state, start=later) == []


def test_no_storm_after_a_restart() -> None:
    state = fresh()
    detections(noise(2_000), state)
    again = Block.load(Block.of([state]).dump()).state(0)
    assert detections(noise(2_000, seed=5), again, start=START + MINUTE * 2_000) == []


def test_a_long_series_takes_no_more_memory() -> None:
    short, long = fresh(), fresh()
    detections(noise(100), short)
    detections(noise(45_000), long, every=15.0)
    assert Block.of([long]).bytes == Block.of([short]).bytes
    assert len(long.series.ring) == len(short.series.ring)
    assert long.series.counted < 40_000


@pytest.mark.parametrize("seed", range(3))
def test_a_job_that_runs_daily_is_usual_after_three_days(seed: int) -> None:
    rng = random.Random(seed)
    day = [90.0 if 120 <= minute < 180 else 5.0 for minute in range(1_440)]
    values = [value + rng.gauss(0, 1) for _ in range(6) for value in day]
    midnight = START - START % 86_400
    assert [at for at in detections(values, start=midnight) if at >= 3 * 1_440] == []
