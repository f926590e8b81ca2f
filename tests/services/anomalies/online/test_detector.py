"""Telemetry on the bus becomes anomalies in the log, each once, whoever looks at it."""

import asyncio
import subprocess
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice

import pytest

from contracts.anomalies import Anomaly, AnomalyFeedbackGiven, MetricUpdate, Verdict
from services.anomalies.online.detection import Detection
from services.anomalies.online.detector import Detector, Told, hear_feedback
from services.anomalies.online.reading import Rows, Said, SeriesKey
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.log import NOTHING, EventLog
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.anomaly_builders import feedback_given
from tests.kit.leases import process
from tests.kit.runtime import eventually, running, store_each
from tests.kit.samples import CLUSTER_ID
from tests.kit.tree import ROOT
from tests.runtime.followers.kit import crash
from tests.services.anomalies.online.program import host
from tests.services.anomalies.online.rows import quiet, stored, told, update

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

PODS = ("a", "b", "c")
STRANGE, LONG = 250, 360


def _updates() -> list[MetricUpdate]:
    """Three hours that end now, in which one pod was strange for a while and another one later.

    It was so less than an hour ago: a series of which nothing came for so long has fallen silent.
    """
    strange = {
        **{at: {"b": 400.0} for at in range(STRANGE, STRANGE + 5)},
        **{at: {"c": 900.0} for at in range(STRANGE + 40, STRANGE + 44)},
    }
    now = SystemClock().now()
    return [
        update(
            at,
            {**quiet(PODS, at), **strange.get(at, {})},
            sampled_at=now - timedelta(seconds=30 * (LONG - at)),
        )
        for at in range(LONG)
    ]


def _expected(updates: Iterable[MetricUpdate]) -> list[Told]:
    messages = (stored(each, each.sampled_at.timestamp()) for each in updates)
    return told(Detection(learning=0.0), messages)


async def _measure(bus: Bus, updates: Iterable[MetricUpdate]) -> None:
    for each in updates:
        subject = f"tel.metric.{CLUSTER_ID}.{each.watch_id}"
        await bus.publish(subject, each.model_dump_json().encode())


async def _told(log: EventLog, count: int) -> list[Told]:
    """All that is in the log of anomalies, once it is so much."""
    found = list[Told]()

    async def enough() -> bool:
        query = {"seq": 1, "batch": 1000, "next_by_subj": "evt.*.anomaly.>"}
        entries = await log.bus.get_many(streams.EVENTS, query)
        events = [log.catalog.decode(each.headers["ce-type"], each.data) for each in entries]
        found[:] = [each for each in events if isinstance(each, Told)]
        return len(found) >= count

    await eventually(enough)
    return found


def _sorted(events: Sequence[Told]) -> list[str]:
    return sorted(each.model_dump_json() for each in events)


async def test_what_is_measured_becomes_anomalies_in_the_log(
    log: EventLog, bus_settings: Settings
) -> None:
    updates = _updates()
    expected = _expected(updates)
    assert len(expected) >= 3
    async with running(host(log, bus_settings).run):
        await _measure(log.bus, updates)
        events = await _told(log, len(expected))
    assert _sorted(events) == _sorted(expected)


async def test_after_a_crash_nothing_is_told_twice_or_otherwise(
    log: EventLog, bus: Bus, bus_settings: Settings
) -> None:
    """It dies once an anomaly has begun, mostly before the snapshot that knows of it."""
    updates = _updates()
    expected = _expected(updates)
    messages = iter(updates)
    for count in (1, 2):
        frail = await process(bus)
        dying = asyncio.create_task(
            host(EventLog(frail, log.facts_age), bus_settings).run(asyncio.Event())
        )
        await _measure(bus, islice(messages, STRANGE + 20 if count == 1 else 40))
        await _told(log, count)
        await crash(frail, dying)
    async with running(host(log, bus_settings).run):
        await _measure(bus, messages)
        await _told(log, len(expected))
    async with running(host(log, bus_settings).run):
        await _measure(bus, [])
    assert _sorted(await _told(log, len(expected))) == _sorted(expected)


async def test_an_anomaly_ends_when_the_telemetry_does(
    log: EventLog, bus_settings: Settings
) -> None:
    def taken() -> list[Rows | Said]:
        return [stored(each, each.sampled_at.timestamp()) for each in updates]

    updates = [update(at, {"a": 9.0}, above=1.0) for at in range(3)]
    last = updates[-1].sampled_at
    detector, store = Detector(), _store(log, bus_settings)
    for seconds in (0, 60, 4_000):
        if not seconds:
            await detector.take(taken(), store)
        for _ in range(4):
            await detector.act(last + timedelta(seconds=seconds), store)
        events = await _told(log, 1)
        assert len(events) == (2 if seconds > 3_600 else 1)
    assert events[-1].anomaly.ended_at == last


async def test_who_is_behind_takes_nothing_for_silent(
    log: EventLog, bus_settings: Settings
) -> None:
    first, later = update(0, {"a": 9.0}, above=1.0), update(300, {}, watch_id="other")
    detector, store = Detector(), _store(log, bus_settings)
    for each in (first, first):
        await detector.take([stored(each, each.sampled_at.timestamp())], store)
        await detector.act(later.sampled_at, store)
    assert len(await _told(log, 1)) == 1


@contextmanager
def _detector_process(settings: Settings) -> Generator["subprocess.Popen[bytes]"]:
    program = [sys.executable, "-m", "tests.services.anomalies.online.program", settings.nats.url]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL) as detecting:
        try:
            yield detecting
        finally:
            detecting.kill()


async def test_a_killed_process_is_replaced_by_one_that_knows_the_same(
    log: EventLog, bus_settings: Settings
) -> None:
    updates = _updates()
    expected = _expected(updates)
    with _detector_process(bus_settings) as first:
        await _measure(log.bus, updates[: STRANGE + 2])
        await _told(log, 1)
        first.kill()
        async with running(host(log, bus_settings).run):
            await _measure(log.bus, updates[STRANGE + 2 :])
            assert _sorted(await _told(log, len(expected))) == _sorted(expected)


async def test_what_people_say_reaches_the_detector_of_its_series(
    log: EventLog, bus_settings: Settings
) -> None:
    updates = _updates()
    async with running(host(log, bus_settings).run):
        await _measure(log.bus, updates)
        (first, *_) = await _told(log, 1)
        given = _judged(first.anomaly, Verdict.NOISE)
        await store_each(log, [(given, NOTHING)])
        entry = await log.head(given.key)
        assert entry is not None
        for _ in range(2):  # It may come twice.
            await hear_feedback(entry, _store(log, bus_settings))
        learnt = {"a": 1.0, "b": 1.15, "c": 1.0}

        async def is_learnt() -> bool:
            return await _wanted(log.bus) == learnt

        await eventually(is_learnt)


def _judged(anomaly: Anomaly, verdict: Verdict) -> AnomalyFeedbackGiven:
    return feedback_given(
        cluster_id=anomaly.cluster_id,
        watch_id=anomaly.watch_id,
        metric_name=anomaly.metric_name,
        labels=anomaly.labels,
        anomaly_id=anomaly.id,
        verdict=verdict,
    )


def _store(log: EventLog, settings: Settings) -> Store:
    return Store(log, builders.context(), SystemClock().now(), settings)


async def _wanted(bus: Bus) -> dict[str, float]:
    """By pod, how much more than of others it takes, as the last snapshots have it."""
    kept = await bus.get_last(streams.SNAPSHOTS, ["snap.anomalies_detector.*.0"])
    found = (Detection.load(each.data) for each in kept if each.data)
    return {
        dict(SeriesKey.of(key).labels)["pod"]: round(detection.wanted(key), 9)
        for detection in found
        for key in detection
    }
