"""When a series is silent, and when its telemetry is only late."""

from collections.abc import Iterable, Mapping
from itertools import islice

from contracts.anomalies import AnomalyDetected, AnomalyEnded
from services.anomalies.online.detection import Detection
from services.anomalies.online.detector import Told
from services.anomalies.online.reading import Rows, Said
from tests.services.anomalies.online.rows import (
    EVERY,
    history,
    moment,
    quiet,
    stored,
    told,
    update,
)

PODS = ("a", "b", "c")
STRANGE = 250
HOUR, DAY = 3_600.0, 86_400.0
LASTING = {at: {"b": 400.0} for at in range(STRANGE, STRANGE + 40)}


def summary(events: Iterable[Told]) -> list[tuple[str, float]]:
    """What began and ended when, as rows."""
    found = list[tuple[str, float]]()
    for each in events:
        anomaly = each.anomaly
        at = anomaly.ended_at if isinstance(each, AnomalyEnded) else anomaly.detected_at
        assert at is not None
        found.append((type(each).__name__, (at.timestamp() - moment(0)) / EVERY))
    return found


def late(rows: Mapping[int, float]) -> list[Rows | Said]:
    """A pod's rows, and when each was stored."""
    return [
        stored(update(at, {**quiet(PODS, at), **LASTING.get(at, {})}), logged_at)
        for at, logged_at in rows.items()
    ]


def strange() -> tuple[Detection, list[Told]]:
    """One of whose series something lasts."""
    made = Detection(learning=0.0)
    return made, told(made, islice(history(PODS, STRANGE + 40, LASTING), STRANGE + 3))


def test_an_anomaly_ends_even_if_nothing_comes_any_more_of_anything() -> None:
    made, events = strange()
    last = moment(STRANGE + 2)
    made.end_silent(last + HOUR - 60)
    assert not made.waiting
    made.end_silent(last + HOUR + 60)
    assert summary([*events, *made.waiting]) == [
        ("AnomalyDetected", STRANGE), ("AnomalyEnded", STRANGE + 2),
    ]  # fmt: skip


def test_a_bound_that_is_still_crossed_after_hours_of_silence_is_told_once_more() -> None:
    crossed = [STRANGE, STRANGE + 1, STRANGE + 180, STRANGE + 181]
    rows = (stored(update(at, {"a": 9.0}, above=1.0), moment(at)) for at in crossed)
    assert summary(told(Detection(), rows)) == [
        ("AnomalyDetected", STRANGE),
        ("AnomalyEnded", STRANGE + 1),
        ("AnomalyDetected", STRANGE + 180),
    ]


def test_whether_it_was_silent_does_not_depend_on_how_much_is_looked_at_together() -> None:
    """Whoever goes on after a crash takes more at once than who was there all the time."""
    gap = range(STRANGE + 3, STRANGE + 200)
    messages = [
        message for at, message in enumerate(history(PODS, STRANGE + 300, LASTING)) if at not in gap
    ]
    one, other = Detection(learning=0.0), Detection(learning=0.0)
    found = [told(each, messages, together) for each, together in ((one, 1), (other, 10_000))]
    assert summary(found[0]) == summary(found[1])
    assert len(found[0]) == 2


def test_telemetry_that_comes_hours_late_is_not_silent() -> None:
    """A site was cut off: what it has kept comes at once, and more after it."""
    made, _ = strange()
    back = moment(STRANGE + 3) + 0.9 * HOUR
    rows = {at: back + at / 100 for at in range(STRANGE + 3, STRANGE + 40)}
    assert told(made, late(rows)) == []
    made.end_silent(back + 60)
    assert not made.waiting


def test_a_site_that_was_away_for_days_does_not_forget_what_it_has_learnt() -> None:
    made = Detection(learning=0.0)
    delay = 3 * DAY
    told(made, late({at: moment(at) + delay for at in range(60)}), together=20)
    assert len(made) == len(PODS)


def test_a_series_that_comes_once_a_day_is_forgotten_with_its_anomaly() -> None:
    made = Detection(learning=DAY)
    daily = int(DAY / EVERY)
    rows = [update(at * daily, {"a": 9.0}, above=1.0) for at in range(3)]
    others = [update(at * 60, {"b": 0.0}, watch_id="other") for at in range(72, 200)]
    events = told(made, [stored(each, each.sampled_at.timestamp()) for each in (*rows, *others)])
    assert [type(each) for each in events] == [AnomalyDetected, AnomalyEnded] * 2
    assert [key for key in made if '"a"' in key] == []


def test_what_is_known_of_silence_is_in_the_snapshot() -> None:
    made, _ = strange()
    again = Detection.load(made.dump())
    again.end_silent(moment(STRANGE + 2) + HOUR - 60)
    assert not again.waiting
    again.end_silent(moment(STRANGE + 2) + HOUR + 60)
    assert len(again.waiting) == 1


def test_rows_that_do_not_count_are_as_good_as_none() -> None:
    """A clock was set back: what comes is before what is known."""
    made, _ = strange()
    last = moment(STRANGE + 2)
    (end,) = told(made, late({at: last + EVERY * at for at in range(1, 80)}))
    assert summary([end]) == [("AnomalyEnded", STRANGE + 2)]
