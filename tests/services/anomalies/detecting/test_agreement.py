"""One series alone and many side by side are told the same, whatever comes."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from services.anomalies.detecting import many
from services.anomalies.detecting.asked import Asked
from services.anomalies.detecting.block import BYTES, Block, UnreadableStates
from services.anomalies.detecting.single import State, Step, advance, fresh
from tests.kit.measured import START, fleet, times

ANYTHING = st.one_of(
    st.floats(-1e3, 1e3),
    st.integers(-3, 3).map(float),
    st.sampled_from([0.0, -0.0, 1e-300, 1e35, -1e35, 1e200, float("nan"), float("inf")]),
)
SECONDS = st.sampled_from([0.0, 1.0, 15.0, 15.0, 300.0, 3_600.0, 90_000.0, -60.0])


def same(one: Step | None, other: Step | None) -> None:
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        for name in Step._fields:
            assert getattr(one, name) == pytest.approx(
                getattr(other, name), rel=1e-9, abs=1e-9, nan_ok=True
            ), name


def together(states: list[State], time: np.ndarray, values: np.ndarray, asked: Asked) -> Block:
    block = Block.of(states)
    for when, row in zip(time, values, strict=True):
        steps = many.advance(block, when.copy(), row.copy(), asked)
        for at, state in enumerate(states):
            same(advance(state, float(when[at]), float(row[at]), asked), steps.of(at))
    return block


@settings(max_examples=20)
@given(
    rows=st.lists(st.tuples(*[st.tuples(SECONDS, ANYTHING)] * 3), min_size=1, max_size=40),
    bound=st.sampled_from([float("inf"), 2.0]),
)
def test_whatever_comes(rows: list[tuple[tuple[float, float], ...]], bound: float) -> None:
    time = START + np.cumsum([[gap for gap, _ in row] for row in rows], axis=0)
    values = np.array([[value for _, value in row] for row in rows])
    states = [fresh(), fresh(counter=True), fresh()]
    together(states, time, values, Asked(above=bound))


@settings(max_examples=6)
@given(st.integers(0, 1_000))
def test_series_that_have_been_known_for_long(seed: int) -> None:
    rows, rng = 260, np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-3, 6, 4)
    values = rng.normal(size=(rows, 4)) * scale
    values[:, 1] = np.round(values[:, 1] / scale[1])
    values[:, 2] = np.cumsum(values[:, 2])
    values[rng.random((rows, 4)) < 0.02] = np.nan
    values[200:, 3] += 20 * scale[3]
    time = START + 300.0 * np.arange(rows)[:, None] * np.ones(4)
    together([fresh() for _ in range(4)], time, values, Asked())


def test_history_fades_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    time = START + 15.0 * np.arange(300)[:, None] * np.ones(2)
    states = [fresh(), fresh()]
    for state, counted in zip(states, (39_900.0, 100.0), strict=True):
        state.series.counted = counted
    block = together(states, time, rng.normal(size=(300, 2)), Asked())
    assert block.series.counted.tolist() == [20_200.0, 400.0]


@settings(max_examples=15)
@given(cut=st.integers(1, 299), kind=st.sampled_from([0, 1, 4, 6]))
def test_a_restart_anywhere_changes_nothing(cut: int, kind: int) -> None:
    values = list(fleet(300, 1, seed=kind).values())[kind].tolist()
    time = times(300).tolist()
    unbroken, before = fresh(counter=kind == 4), fresh(counter=kind == 4)
    for when, value in zip(time[:cut], values[:cut], strict=True):
        advance(unbroken, when, value)
        advance(before, when, value)
    after = Block.load(Block.of([before]).dump()).state(0)
    for when, value in zip(time[cut:], values[cut:], strict=True):
        assert advance(after, when, value) == advance(unbroken, when, value)


def test_states_of_another_version_are_not_read() -> None:
    dumped = Block(2).dump()
    assert len(dumped) == Block.dumped_bytes(2)
    assert BYTES < 4_096
    for wrong in (b"", dumped[:-1], dumped + b"x", b"another" + dumped[7:]):
        with pytest.raises(UnreadableStates):
            Block.load(wrong)
