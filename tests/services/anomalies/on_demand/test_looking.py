"""What is found in series, whichever way their rows are taken."""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.analysis import (
    MOST_SCORES,
    AnomaliesFound,
    DetectAnomalies,
    SearchedSeries,
    SearchLimit,
)
from contracts.anomalies import AnomalyType, DetectionType, Sensitivity
from services.anomalies.detecting import Asked, asked
from services.anomalies.on_demand import telling
from services.anomalies.on_demand.looking import TOGETHER, Look
from services.anomalies.on_demand.series import Known, LeftOut, Series, Span, series
from services.anomalies.on_demand.sources import Gathered

CLUSTER = UUID(int=1)
BEGIN, EVERY = 1_767_225_600.0, 60.0
ROWS = 900
SPAN = Span(BEGIN, BEGIN + EVERY * 600, BEGIN + EVERY * ROWS)
QUERY = DetectAnomalies(
    start=datetime.fromtimestamp(SPAN.start, UTC),
    end=datetime.fromtimestamp(SPAN.end, UTC),
    learn_from=datetime.fromtimestamp(SPAN.learn_from, UTC),
)
MEDIUM = asked(Sensitivity.MEDIUM)

Value = Callable[[int], float]


def made(values: Iterable[float], name: str = "load", **labels: str) -> Series:
    rows = [(BEGIN + EVERY * at, value) for at, value in enumerate(values)]
    return series(Known(CLUSTER, name, labels), rows, SPAN)


def noise(rows: int = ROWS, seed: int = 0, spike: int | None = None) -> list[float]:
    rng = random.Random(seed)
    found = [rng.gauss(50, 2) for _ in range(rows)]
    if spike is not None:
        found[spike] = 500.0
    return found


def looked(*found: Series, how: Asked = MEDIUM, together: int = TOGETHER) -> AnomaliesFound:
    look = Look(found, SPAN, how, together)
    for _ in look.steps():
        pass
    for _ in look.scores(50):
        pass
    return telling.told(QUERY, Gathered(1), look.found, LeftOut())


def only(*found: Series, how: Asked = MEDIUM) -> SearchedSeries:
    answer = looked(*found, how=how)
    assert len(answer.series) == 1
    return answer.series[0]


def test_a_spike_is_found_and_ends() -> None:
    told = only(made(noise(spike=700), pod="a"))
    (anomaly,) = told.anomalies
    assert (anomaly.metric_name, anomaly.labels, anomaly.watch_id) == ("load", {"pod": "a"}, None)
    assert anomaly.anomaly_type is AnomalyType.SPIKE
    assert anomaly.actual_value == 500.0
    assert anomaly.detected_at.timestamp() == BEGIN + EVERY * 700
    assert anomaly.ended_at is not None
    assert anomaly.detected_at <= anomaly.ended_at < QUERY.end
    assert (told.points, told.past, told.too_few, told.warming) == (300, 600, False, False)


def test_its_scores_show_where() -> None:
    told = only(made(noise(spike=700)))
    assert 250 <= len(told.scores) <= MOST_SCORES
    assert told.scores[0][0] >= SPAN.start
    high = max(told.scores, key=lambda each: each[1])
    assert high[0] == BEGIN + EVERY * 700
    assert high[1] >= 0.5


def test_long_scores_are_made_coarse() -> None:
    span = Span(BEGIN, BEGIN, BEGIN + EVERY * 5_000)
    rows = [(BEGIN + EVERY * at, value) for at, value in enumerate(noise(5_000, spike=4_003))]
    look = Look([series(Known(CLUSTER, "load", {}), rows, span)], span, MEDIUM)
    list(look.steps())
    list(look.scores(1))
    scores = look.found[0].scores
    assert len(scores) == MOST_SCORES
    assert max(scores, key=lambda each: each[1])[0] == BEGIN + EVERY * 4_000


@pytest.mark.parametrize("together", [1, TOGETHER])
def test_a_bound_that_is_crossed_while_something_is_unusual_is_an_anomaly_of_its_own(
    together: int,
) -> None:
    values = noise()
    values[700:704] = [150.0, 150.0, 500.0, 500.0]
    answer = looked(made(values), how=asked(Sensitivity.MEDIUM, above=400.0), together=together)
    strange, crossed = answer.series[0].anomalies
    assert crossed.anomaly_type is AnomalyType.THRESHOLD_BREACH
    assert crossed.detected_at.timestamp() == BEGIN + EVERY * 702
    assert strange.detected_at.timestamp() == BEGIN + EVERY * 700
    assert strange.ended_at == crossed.detected_at


def test_what_began_before_the_window_is_not_told() -> None:
    told = only(made(noise(spike=550)))
    assert (told.anomalies, told.lasting_since) == ((), None)


def test_but_it_is_said_that_it_lasts_into_the_window() -> None:
    high = [*noise(550), *(value + 100 for value in noise(ROWS - 550))]
    told = only(made(high), how=asked(Sensitivity.MEDIUM, above=120))
    assert told.anomalies == ()
    assert told.lasting_since is not None
    assert told.lasting_since.timestamp() == BEGIN + EVERY * 550


def test_the_same_anomaly_has_the_same_id() -> None:
    ids = {only(made(noise(spike=700), pod=pod)).anomalies[0].id for pod in ("a", "a", "b")}
    assert len(ids) == 2
    (low,) = only(made(noise(spike=700), pod="a"), how=asked(Sensitivity.LOW)).anomalies
    assert low.id in ids


def test_nothing_found_is_an_answer() -> None:
    answer = looked(made([5.0] * ROWS), made([], "none"), made([float("nan")] * 50, "nan"))
    assert (answer.anomalies, answer.truncated, answer.left_out) == (0, False, ())
    told = {each.metric_name: each for each in answer.series}
    assert [told[name].too_few for name in ("load", "none", "nan")] == [False, True, True]
    assert (told["nan"].points, told["nan"].ignored, told["nan"].first_at) == (0, 50, None)
    assert told["none"].scores == ()


@pytest.mark.parametrize(("rows", "few"), [(9, True), (10, False)])
def test_ten_points_are_enough_to_look(rows: int, *, few: bool) -> None:
    rows_of = [(SPAN.start + EVERY * at, 1.0) for at in range(rows)]
    told = only(series(Known(CLUSTER, "load", {}), rows_of, SPAN))
    assert (told.points, told.too_few, told.warming, told.past) == (rows, few, True, 0)


def test_a_bound_is_told_with_ten_points_but_what_is_usual_is_not_known() -> None:
    rows = [(SPAN.start + EVERY * at, 95.0 if at == 59 else 1.0) for at in range(80)]
    told = only(
        series(Known(CLUSTER, "load", {}), rows, SPAN), how=asked(Sensitivity.LOW, above=90)
    )
    assert [each.anomaly_type for each in told.anomalies] == [AnomalyType.THRESHOLD_BREACH]
    assert told.warming


def test_gaps_and_rows_that_do_not_count_change_nothing_else() -> None:
    whole = [(BEGIN + EVERY * at, value) for at, value in enumerate(noise(spike=700))]
    odd = [(time, bad) for time, _ in whole[::7] for bad in (float("inf"), float("nan"))]
    doubled = sorted([*whole, *odd, *whole[::5]], key=lambda row: row[0])
    gap = [row for at, row in enumerate(doubled) if not 300 < at < 400]
    known = Known(CLUSTER, "load", {})
    one, other = only(series(known, whole, SPAN)), only(series(known, doubled, SPAN))
    assert one.anomalies[0].detected_at == other.anomalies[0].detected_at
    assert other.ignored > 200
    assert len(only(series(known, gap, SPAN)).anomalies) == 1


def test_a_counter_that_is_reset_is_no_anomaly() -> None:
    rng, total = random.Random(3), 0.0
    values: list[float] = []
    for at in range(ROWS):
        total = 0.0 if at in (300, 750) else total + rng.uniform(90, 110)
        values.append(total)
    told = only(made(values, "requests_total"))
    assert (told.counter, told.anomalies) == (True, ())
    values = [value + (50_000 if at >= 800 else 0) for at, value in enumerate(values)]
    (anomaly,) = only(
        made(values, "requests_total"), how=asked(Sensitivity.MEDIUM, above=1.0)
    ).anomalies
    assert anomaly.detected_at.timestamp() == BEGIN + EVERY * 800
    assert anomaly.actual_value == pytest.approx(50_000 / EVERY, rel=0.1)


def test_a_query_that_ends_like_a_counter_is_none() -> None:
    rows = [(BEGIN + EVERY * at, value) for at, value in enumerate(noise())]
    known = Known(CLUSTER, "a + b_total", {}, named=False)
    assert not only(series(known, rows, SPAN)).counter


@pytest.mark.parametrize("method", [None, DetectionType.ML_BASED])
def test_rows_together_find_what_rows_alone_do(method: DetectionType | None) -> None:
    rng = random.Random(7)
    many: list[Series] = []
    for number in range(26):
        rows = rng.choice([700, 700, 660, 640, 120, rng.randrange(5, 700)])
        spike = rng.choice([None, rows - 1, rng.randrange(rows // 2, rows)])
        name = rng.choice(["load", "load", "hits_total"])
        values = noise(rows, number, spike)
        if name == "hits_total":
            values = [sum(values[: at + 1]) for at in range(rows)]
        many.append(made(values, name, number=str(number)))
    how = asked(Sensitivity.EXTREME, method, above=450)
    alone, together = looked(*many, how=how, together=10**9), looked(*many, how=how, together=2)
    assert alone.anomalies >= 5
    assert [strip(each) for each in alone.series] == [strip(each) for each in together.series]


def strip(told: SearchedSeries) -> object:
    """Without the digits in which logarithms of numpy and of the C library differ."""
    found = [
        (it.id, it.anomaly_type, it.detected_at, it.ended_at, round(it.confidence_score, 9))
        for it in told.anomalies
    ]
    return told.model_copy(update={"anomalies": ()}), found


@pytest.mark.parametrize("together", [2, 10**9])
def test_what_was_not_looked_at_to_its_end_is_told(together: int) -> None:
    series_of = [made(noise(spike=700), pod=str(pod)) for pod in range(3)]
    look = Look(series_of, SPAN, MEDIUM, together)
    for _ in look.steps():
        if look.found[0].rows > 800:
            break
    answer = telling.told(QUERY, Gathered(1), look.found, LeftOut({SearchLimit.SERIES: 7}))
    there = 1 if together > 3 else 3
    assert len(answer.series) == there
    assert answer.series[0].looked_until is not None
    assert answer.series[0].anomalies
    left_out = {each.limit: each.series for each in answer.left_out}
    assert left_out.get(SearchLimit.TIME, 0) == 3 - there
    assert left_out[SearchLimit.SERIES] == 7
    assert answer.truncated


def test_of_very_many_anomalies_the_surest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MOST_ANOMALIES", 2)
    answer = looked(*(made(noise(seed=pod, spike=700 + pod), pod=str(pod)) for pod in range(4)))
    told = sum(len(each.anomalies) for each in answer.series)
    assert answer.anomalies - answer.anomalies_left_out == told == 2
    assert answer.truncated
    assert answer.series[0].anomalies
