"""Measurements on the live stream: newest wins, what was left out is counted, events come first."""

import json
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import ClusterHealthChecked
from services.runtime.bus import Bus
from services.runtime.frames import EVERYTHING, Filter, measured_frame
from services.runtime.log import EventLog
from services.runtime.pull import Delivery
from services.runtime.telemetry_tail import Measures, TelemetryTail
from tests.kit import builders
from tests.kit.live import CLUSTER_NAMES, Client, Frame, Stream, alerts, serving
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

TYPE = "CLUSTER_HEALTH_CHECKED"
HERE, THERE = builders.CLUSTER_ID, builders.OTHER_CLUSTER_ID


def checked(cluster: UUID, score: int) -> bytes:
    message: dict[str, Any] = {
        "cluster_id": cluster,
        "checked_at": builders.at(),
        "answered": True,
        "state": "ONLINE",
        "health_score": score,
        "checks": [],
    }
    return ClusterHealthChecked.model_validate(message).model_dump_json().encode()


async def measure(bus: Bus, cluster: UUID, score: int) -> None:
    await bus.publish(f"tel.health.{cluster}.-", checked(cluster, score))


async def measured(client: Client, count: int) -> list[tuple[str, int]]:
    """The next measurements: of which cluster, and the score."""
    found: list[Frame] = []
    while len(found) < count:
        frame = await client.next()
        found += [frame] if frame["type"] == "event" else frame.get("events", [])
    assert all(each["sequence"] is None and each["event_type"] == TYPE for each in found)
    return [(each["cluster_id"], each["payload"]["health_score"]) for each in found]


async def test_first_comes_the_newest_of_each_then_what_is_measured(log: EventLog) -> None:
    for score in range(5):
        await measure(log.bus, HERE, score)
    await measure(log.bus, THERE, 50)
    async with serving(log, telemetry=True) as stream:
        await until(lambda: _last(stream) > 0)
        async with stream.client() as client:
            await client.subscribe(event_types=[TYPE])
            assert await measured(client, 2) == [(str(HERE), 4), (str(THERE), 50)]
            await measure(log.bus, HERE, 77)
            assert await measured(client, 1) == [(str(HERE), 77)]
            told = client.events[-1]
            assert (told["cluster_name"], told["source"]) == ("edge-berlin-1", "/services/clusters")
            assert told["payload"] == json.loads(checked(HERE, 77))
            await client.quiet()


async def test_only_those_who_want_it_are_told(log: EventLog) -> None:
    await measure(log.bus, HERE, 1)
    async with serving(log, telemetry=True) as stream:
        await until(lambda: _last(stream) > 0)
        async with stream.client() as all_types, stream.client() as alerts_only:
            await alerts_only.subscribe(event_types=["ALERT_FIRED"])
            await alerts_only.find("caught_up")
            await all_types.subscribe(cluster_filter=[str(THERE)])
            await all_types.find("caught_up")
            await measure(log.bus, HERE, 2)
            await measure(log.bus, THERE, 3)
            assert await measured(all_types, 1) == [(str(THERE), 3)]
            await alerts_only.quiet()


async def test_telemetry_is_no_part_of_the_position(log: EventLog) -> None:
    async with serving(log, telemetry=True) as stream, stream.client() as client:
        await client.subscribe()
        await client.find("caught_up")
        await stream.fire(*alerts(1))
        for score in range(9):
            await measure(log.bus, HERE, score)
        while [each["sequence"] for each in client.events].count(None) < 1:
            await client.next()
        await stream.live.shutdown()
        _, frames = await client.closed()
        assert frames[-1]["resume_sequence"] == 1


def delivery(sequence: int, cluster: UUID) -> Delivery:
    subject = f"tel.health.{cluster}.-"
    return Delivery(
        subject, {}, checked(cluster, sequence % 100), "", sequence, "", 0, 1, 10**18, 0
    )


def keep(tail: TelemetryTail, *measures: tuple[UUID, int]) -> None:
    """Take in measurements: of which cluster, and the position."""
    for cluster, sequence in measures:
        tail.keep(measured_frame(delivery(sequence, cluster), CLUSTER_NAMES.get))


@pytest.fixture
def tail(bus: Bus) -> TelemetryTail:
    return TelemetryTail(bus, CLUSTER_NAMES.get)


def positions(told: Measures) -> list[int]:
    return [frame.sequence for frame in told.newest.frames]


async def test_what_a_slow_client_has_missed_is_counted(tail: TelemetryTail) -> None:
    keep(tail, (HERE, 1), (HERE, 2), (THERE, 3))
    watch = tail.watch()
    first = tail.after(watch, EVERYTHING)
    assert first is not None
    assert (positions(first), first.conflated) == ([2, 3], {})
    keep(tail, (HERE, 4), (THERE, 5), (HERE, 6), (HERE, 7))
    then = tail.after(watch, EVERYTHING)
    assert then is not None
    assert (positions(then), then.conflated) == ([5, 7], {TYPE: 2})
    assert tail.after(watch, EVERYTHING) is None


async def test_what_a_filter_keeps_out_is_not_counted(tail: TelemetryTail) -> None:
    watch = tail.watch()
    keep(tail, (HERE, 1), (HERE, 2), (THERE, 3))
    told = tail.after(watch, Filter(clusters=frozenset({str(THERE)})))
    assert told is not None
    assert (positions(told), told.conflated) == ([3], {})


async def test_a_namespace_is_no_matter_of_telemetry(tail: TelemetryTail) -> None:
    watch = tail.watch()
    keep(tail, (HERE, 1))
    told = tail.after(watch, Filter(namespaces=frozenset({"ran"})))
    assert told is not None
    assert positions(told) == []


async def test_memory_is_bounded_and_the_longest_silent_make_room(bus: Bus) -> None:
    tail = TelemetryTail(bus, CLUSTER_NAMES.get, most=3)
    clusters = [UUID(int=number) for number in range(1, 6)]
    keep(tail, *((cluster, number) for number, cluster in enumerate(clusters, 1)))
    keep(tail, (clusters[2], 6))
    told = tail.after(tail.watch(), EVERYTHING)
    assert told is not None
    assert positions(told) == [4, 5, 6]


async def test_much_is_told_in_parts(bus: Bus) -> None:
    tail = TelemetryTail(bus, CLUSTER_NAMES.get)
    keep(tail, *((UUID(int=number), number) for number in range(1, 1_201)))
    watch, parts = tail.watch(), list[list[int]]()
    while (told := tail.after(watch, EVERYTHING)) is not None:
        parts.append(positions(told))
        if len(parts) == 1:
            keep(tail, (UUID(int=1_000), 2_000))
    assert max(map(len, parts)) <= 500
    assert [each for part in parts for each in part] == [
        *(number for number in range(1, 1_201) if number != 1_000),
        2_000,
    ]


async def test_what_is_no_measurement_is_passed_over(log: EventLog) -> None:
    await log.bus.publish(f"tel.health.{HERE}.-", b"{nonsense")
    await measure(log.bus, THERE, 9)
    async with serving(log, telemetry=True) as stream, stream.client() as client:
        await client.subscribe(event_types=[TYPE])
        assert await measured(client, 1) == [(str(THERE), 9)]


def _last(stream: Stream) -> int:
    assert stream.live.telemetry is not None
    return stream.live.telemetry.last
