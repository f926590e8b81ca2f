"""Which anomalies begin and end in telemetry, in whatever portions it comes."""

import random
from datetime import timedelta
from itertools import islice

import pytest

from contracts.anomalies import (
    AnomalyDetected,
    AnomalyEnded,
    AnomalyType,
    Verdict,
    WatchedSeries,
)
from services.anomalies.online import detection as online
from services.anomalies.online.detection import Detection
from services.anomalies.online.detector import Told
from services.anomalies.online.reading import Rows, Said
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.samples import CLUSTER_ID
from tests.services.anomalies.online.rows import (
    EVERY,
    history,
    moment,
    quiet,
    said,
    stored,
    told,
    update,
)

PODS = ("a", "b", "c")
STRANGE = 250
LONG = 390
SPIKE = {at: {"b": 400.0} for at in range(STRANGE, STRANGE + 5)}


def knowing(**changes: float) -> Detection:
    """One that tells from the start."""
    return Detection(learning=changes.get("learning", 0.0))


def begun(events: list[Told]) -> list[AnomalyDetected]:
    return [each for each in events if isinstance(each, AnomalyDetected)]


def ended(events: list[Told]) -> list[AnomalyEnded]:
    return [each for each in events if isinstance(each, AnomalyEnded)]


def test_what_is_unusual_begins_and_ends_once_and_says_of_which_series() -> None:
    events = told(knowing(), history(PODS, LONG, SPIKE))
    begin, end = events
    assert isinstance(begin, AnomalyDetected)
    assert isinstance(end, AnomalyEnded)
    found = begin.anomaly
    assert (found.cluster_id, found.watch_id, found.metric_name, found.labels) == (
        CLUSTER_ID, "queue", "queue_length", {"pod": "b"},
    )  # fmt: skip
    assert found.detected_at.timestamp() == moment(STRANGE)
    assert found.anomaly_type is AnomalyType.SPIKE
    assert "400" in found.explanation
    assert found.evidence
    assert end.anomaly.id == found.id
    assert end.anomaly.ended_at is not None
    lasted = end.anomaly.ended_at - found.detected_at
    assert timedelta(0) < lasted < timedelta(seconds=60 * EVERY)
    assert end.duration_seconds == lasted.total_seconds()


@pytest.mark.parametrize("together", [7, 100, 10_000])
def test_it_does_not_matter_how_many_messages_are_looked_at_together(together: int) -> None:
    alone = told(knowing(), history(PODS, LONG, SPIKE))
    assert told(knowing(), history(PODS, LONG, SPIKE), together) == alone


def test_after_a_snapshot_at_any_moment_all_goes_on_as_if_there_had_been_none() -> None:
    whole = told(knowing(), history(PODS, LONG, SPIKE))
    rng = random.Random(4)
    messages = list(history(PODS, LONG, SPIKE))
    for cut in (0, STRANGE, STRANGE + 1, *rng.sample(range(LONG), 2)):
        first = knowing()
        for message in messages[:cut]:
            first.take(message)
        again = Detection.load(first.dump())
        again.learning = 0.0
        assert told(again, messages[cut:]) == whole
        assert len(again) == len(PODS)


def test_what_is_taken_again_gives_the_same_ids() -> None:
    first, again = (told(knowing(), history(PODS, LONG, SPIKE)) for _ in range(2))
    assert [each.anomaly.id for each in first] == [each.anomaly.id for each in again]


def test_a_series_is_only_learnt_at_first_but_a_bound_counts_from_the_start() -> None:
    learning = knowing(learning=86_400.0)
    assert told(learning, history(PODS, LONG, SPIKE)) == []
    assert learning.left_out["anomalies while a series is learnt"] == 1
    late = {at + 1_500: row for at, row in SPIKE.items()}
    assert len(begun(told(knowing(learning=86_400.0), history(PODS, 1_950, late)))) == 1
    bounded = (stored(update(at, quiet(PODS, at), above=40.0), moment(at)) for at in range(60))
    kinds = {each.anomaly.anomaly_type for each in told(knowing(learning=86_400.0), bounded)}
    assert kinds == {AnomalyType.THRESHOLD_BREACH}


def test_bounds_are_not_those_of_a_counters_rate() -> None:
    def counted(at: int) -> Rows | Said:
        changes = {"metric": "jobs_total", "above": 10.0}
        return stored(update(at, {"a": 30.0 * at}, **changes), moment(at))

    assert told(knowing(), map(counted, range(300))) == []


def test_a_query_whose_text_ends_as_a_counters_name_does_is_none() -> None:
    changes = {"metric": "errors_total / jobs_total", "above": 0.5}
    values = (0.1, 0.1, 0.9)
    rows = (
        stored(update(at, {"a": each}, **changes), moment(at)) for at, each in enumerate(values)
    )
    (begin,) = told(knowing(learning=86_400.0), rows)
    assert begin.anomaly.anomaly_type is AnomalyType.THRESHOLD_BREACH


def test_a_watch_of_counters_and_others_bounds_the_others() -> None:
    def both(at: int) -> Rows | Said:
        series = [({"__name__": "jobs_total"}, 30.0 * at), ({"__name__": "queue"}, 20.0)]
        told_of = tuple(WatchedSeries(labels=labels, value=value) for labels, value in series)
        return stored(update(at, {}, series=told_of, above=10.0), moment(at))

    events = told(knowing(learning=86_400.0), map(both, range(100)))
    assert [each.anomaly.labels["__name__"] for each in events] == ["queue"]


def test_a_bound_that_is_crossed_while_a_series_is_learnt_is_told_whatever_else_goes_on() -> None:
    def bounded(at: int) -> Rows | Said:
        value = 400.0 if at >= STRANGE + 20 else 150.0
        strange = {"b": value} if at >= STRANGE else {}
        return stored(update(at, quiet(PODS, at) | strange, above=300.0), moment(at))

    (begin,) = told(knowing(learning=86_400.0), map(bounded, range(STRANGE + 30)))
    assert begin.anomaly.detected_at.timestamp() == moment(STRANGE + 20)


def test_a_bound_that_is_crossed_takes_the_place_of_what_was_unusual() -> None:
    def bounded(at: int) -> Rows | Said:
        value = 400.0 if at >= STRANGE + 20 else 150.0
        strange = {"b": value} if at >= STRANGE else {}
        return stored(update(at, quiet(PODS, at) | strange, above=300.0), moment(at))

    first, end, crossed = told(knowing(), map(bounded, range(STRANGE + 30)))
    assert (type(first), type(end)) == (AnomalyDetected, AnomalyEnded)
    assert first.anomaly.id == end.anomaly.id != crossed.anomaly.id
    assert crossed.anomaly.anomaly_type is AnomalyType.THRESHOLD_BREACH
    assert end.anomaly.ended_at == crossed.anomaly.detected_at


def test_the_sensitivity_of_the_watch_decides() -> None:
    def run(sensitivity: str) -> int:
        messages = (
            stored(update(at, quiet(PODS, at) | bump.get(at, {}), sensitivity=sensitivity),
                   moment(at))
            for at in range(LONG)
        )  # fmt: skip
        return len(begun(told(knowing(), messages)))

    bump = {STRANGE: {"b": 66.0}}
    assert run("LOW") <= run("MEDIUM") <= run("EXTREME")
    assert run("LOW") < run("EXTREME")


def test_another_sensitivity_forgets_nothing_that_was_learnt() -> None:
    made = knowing()
    told(made, history(PODS, STRANGE, {}))
    more = (
        stored(update(at, quiet(PODS, at) | SPIKE.get(at, {}), sensitivity="HIGH"), moment(at))
        for at in range(STRANGE, LONG)
    )
    assert len(begun(told(made, more))) >= 1
    assert len(made) == len(PODS)


def test_what_people_call_noise_takes_more_from_then_on() -> None:
    def is_told(height: float, *verdicts: Verdict) -> bool:
        made = Detection.load(learnt)
        made.learning = 0.0
        told(made, [said(first, verdict, 1, moment(1_000)) for verdict in verdicts])
        strange = [update(at, quiet(PODS, at) | {"b": height}) for at in range(1_000, 1_005)]
        rows = (stored(each, each.sampled_at.timestamp()) for each in strange)
        return bool(begun(told(made, rows)))

    made = knowing()
    bump = {at: {"b": 110.0} for at in range(700, 705)}
    (first, *_) = begun(told(made, history(PODS, 1_000, bump)))
    learnt = made.dump()
    lowest = next(height for number in range(100) if is_told(height := 60 * 1.1**number))
    assert not is_told(lowest, Verdict.NOISE)
    assert is_told(lowest, Verdict.USEFUL)
    assert is_told(1e9, Verdict.NOISE)


def test_the_last_word_counts_in_whatever_order_words_come() -> None:
    made = knowing()
    (first, *_) = begun(told(made, history(PODS, LONG, SPIKE)))
    late = moment(LONG)
    told(made, [said(first, Verdict.USEFUL, 9, late), said(first, Verdict.NOISE, 4, late)])
    (key,) = (key for key in made if '"b"' in key)
    assert made.wanted(key) == pytest.approx(1 / 1.15)
    told(made, [said(first, Verdict.NOISE, 10, late)])
    assert made.wanted(key) == pytest.approx(1.15)


def test_gpus_are_looked_at_without_a_watch() -> None:
    def sample(at: int) -> Rows | Said:
        heat = random.Random(at).gauss(60, 0.5) + (30 if at >= STRANGE else 0)
        one = gpu(temperature_celsius=heat, processes=(), utilization_gpu_percent=None)
        told_at = gpu_update().sampled_at + timedelta(seconds=15 * at)
        message = gpu_update(gpus=(one,), sampled_at=told_at)
        return stored(message, told_at.timestamp(), "gpu")

    (first, *_) = begun(told(knowing(), map(sample, range(STRANGE + 60))))
    anomaly = first.anomaly
    assert (anomaly.watch_id, anomaly.metric_name) == (None, "gpu_temperature_celsius")
    assert anomaly.labels == {
        "node": gpu_update().node_name, "gpu_uuid": gpu().uuid, "gpu": str(gpu().index),
    }  # fmt: skip


def test_an_anomaly_of_a_series_that_falls_silent_ends_with_its_last_row() -> None:
    made = knowing()
    told(made, islice(history(PODS, LONG, SPIKE), STRANGE + 3))
    others = (
        stored(update(at, quiet("ac", at)), moment(at)) for at in range(STRANGE + 3, STRANGE + 120)
    )
    (end,) = ended(told(made, others))
    assert end.anomaly.ended_at is not None
    assert end.anomaly.ended_at.timestamp() == moment(STRANGE + 2)


def test_series_that_are_silent_for_days_are_forgotten() -> None:
    made = knowing()
    told(made, history(PODS, 50, {}))
    later = int(online.FORGOTTEN / EVERY) + 60
    told(made, [stored(update(later, quiet("a", later)), moment(later))])
    assert len(made) == 1
    assert len(Detection.load(made.dump())) == 1


def test_a_storm_of_anomalies_of_one_watch_is_told_by_some_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(online, "MOST_OPEN", 5)
    pods = [f"p{number}" for number in range(20)]
    everywhere = {at: dict.fromkeys(pods, 400.0) for at in SPIKE}
    made = knowing()
    events = told(made, history(pods, LONG, everywhere))
    assert (len(begun(events)), len(ended(events))) == (5, 5)
    assert made.left_out["anomalies beyond the limit"] == 15


def test_series_beyond_the_limit_are_told_and_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(online, "MOST_SERIES", 2)
    made = knowing()
    told(made, history(PODS, 10, {}))
    assert len(made) == 2
    assert made.left_out == {"series beyond the limit": 10}


def test_series_are_no_more_than_a_snapshot_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "MOST_BYTES", 10_000)
    made = knowing()
    told(made, history(PODS, 10, {}))
    assert len(made) == 2
    assert len(made.dump()) < 10_000
    later = int(online.FORGOTTEN / EVERY) + 60
    told(made, [stored(update(later, quiet("c", later)), moment(later))])
    again = Detection.load(made.dump())
    told(again, [stored(update(later + at, quiet("acd", later + at)), moment(later + at))
                 for at in (15, 16)])  # fmt: skip
    assert len(again) == 2


def test_what_is_said_of_a_series_that_is_not_looked_at_is_not_kept() -> None:
    made = knowing()
    (first, *_) = begun(told(made, history(PODS, LONG, SPIKE)))
    empty = knowing()
    told(empty, [stored(update(LONG, {}), moment(LONG))])
    before = empty.dump()
    told(empty, [said(first, Verdict.NOISE, 1, moment(LONG))])
    assert empty.dump() == before


def test_rows_without_number_backwards_or_from_the_future_change_nothing() -> None:
    strange = [
        stored(update(300, dict.fromkeys(PODS)), moment(300)),
        stored(update(20, dict.fromkeys(PODS, 900.0)), moment(300)),
        stored(update(301, {"a": 1e300}), moment(301)),
        # Its clock is an hour ahead of that of the log.
        stored(update(360, dict.fromkeys(PODS, 900.0)), moment(300)),
        stored(update(299, dict.fromkeys(PODS, 900.0)), moment(301)),
        stored(update(302, {}), moment(302)),
    ]
    messages = list(history(PODS, LONG, {}))
    made = knowing()
    assert told(made, [*messages[:300], *strange, *messages[302:]]) == []
    assert len(made) == len(PODS)
    assert made.left_out == {"rows from the future": len(PODS)}


def test_a_gap_of_hours_is_no_anomaly() -> None:
    messages = list(history(PODS, 900, {}))
    assert told(knowing(), [*messages[:400], *messages[700:]]) == []
