"""Samples become telemetry and events: each once, whoever takes them and wherever it dies."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from contracts.gpu import Gpu, GpuDisappeared, GpuReappeared, GpuThresholdCrossed, GpuUpdate
from contracts.refusals import Code, Refused
from services.gpu import handlers, telling
from services.gpu.sampling import Asking, Sampler
from services.gpu.schedule import SAMPLE
from services.runtime import streams
from services.runtime.bus import BusUnavailable
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.runtime import eventually, letters, running
from tests.services.gpu.sampled_hub import (
    FIRST,
    Hub,
    another_process,
    sampling_hub,
    temperatures,
    two,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture
async def hub(
    log: EventLog, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Hub]:
    async with sampling_hub(log, bus_settings, monkeypatch) as made:
        yield made


async def test_each_node_of_a_cluster_is_stored_as_one_message(hub: Hub) -> None:
    hub.fake.nodes["node-2.example.com"] = two()
    await hub.sample()
    first, second = await hub.samples()
    assert [first.node_name, second.node_name] == ["node-1", "node-2.example.com"]
    assert (first.interval_seconds, first.gpus, first.absent) == (15, two(), ())
    assert await hub.events() == []
    subject = f"tel.gpu.{hub.cluster_id}.node-2=2Eexample=2Ecom"
    assert await hub.collector.log.bus.get(streams.TELEMETRY, {"last_by_subj": subject})


async def test_what_was_due_and_comes_again_is_stored_and_told_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fake.nodes["node-1"] = two(temperature_celsius=90.0, xid=0)
    await hub.sample()
    hub.later()
    command_id = new_id()
    for celsius in (91.0, 50.0, 40.0):
        hub.fake.nodes["node-1"] = two(temperature_celsius=celsius, xid=79)
        await hub.sample(command_id)
        another_process(hub, monkeypatch)
    assert temperatures(await hub.samples()) == [90.0, 91.0]
    assert await hub.names() == ["threshold_crossed", "xid_error"]


async def test_a_worker_that_dies_between_storing_and_telling_leaves_that_to_the_next(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_id, whole = new_id(), telling.decide
    hub.fake.nodes["node-1"] = two(xid=31)
    await hub.sample()
    hub.later()
    hub.fake.nodes["node-1"] = two(xid=0)
    await hub.sample()
    hub.later()

    def dies(*_: Any) -> Any:
        raise asyncio.CancelledError

    monkeypatch.setattr(telling, "decide", dies)
    hub.fake.nodes["node-1"] = two(xid=31, temperature_celsius=99.0)
    with pytest.raises(asyncio.CancelledError):
        await hub.sample(command_id)
    monkeypatch.setattr(telling, "decide", whole)
    another_process(hub, monkeypatch)
    hub.fake.nodes["node-1"] = two()
    await hub.sample(command_id)
    # Decided is on what was stored, not on what is found now.
    assert await hub.names() == ["xid_error", "threshold_crossed", "xid_error"]
    assert len(await hub.samples()) == 3


async def test_a_worker_that_dies_at_it_is_followed_by_another(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = hub.collector.settings.workers.model_copy(update={"ack_wait": 0.5})
    hub.collector.settings = hub.collector.settings.model_copy(update={"workers": quick})
    hub.fake.nodes["node-1"] = two(temperature_celsius=99.0)
    reached, whole = asyncio.Event(), telling.decide

    def dies(*_: Any) -> Any:
        reached.set()
        raise asyncio.CancelledError

    monkeypatch.setattr(telling, "decide", dies)
    async with running(hub.worker().run):
        await hub.collector.log.bus.publish(f"due.{SAMPLE}.{hub.cluster_id}", b"")
        await reached.wait()
    monkeypatch.setattr(telling, "decide", whole)
    async with running(hub.worker().run):
        await eventually(hub.events)
    assert await hub.names() == ["threshold_crossed"]
    assert len(await hub.samples()) == 1


async def test_thresholds_are_told_when_they_are_crossed(hub: Hub) -> None:
    for celsius in (84.0, 85.0, 99.0, 82.0, None, 79.0, 90.0):
        hub.fake.nodes["node-1"] = two(temperature_celsius=celsius)
        await hub.sample()
        hub.later()
    told = [each for each in await hub.events() if isinstance(each, GpuThresholdCrossed)]
    assert [(each.crossing.value, each.value) for each in told] == [
        ("RAISED", 85.0),
        ("CLEARED", 79.0),
        ("RAISED", 90.0),
    ]
    assert {each.gpu_uuid for each in told} == {FIRST}


async def test_a_gpu_that_is_gone_and_back_is_told(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.sample()
    seen_at = (await hub.samples())[-1].sampled_at
    for gpus in ((two()[1],), (two()[1],), (two()[1],), two()):
        hub.later()
        # Whoever is there takes the next one.
        another_process(hub, monkeypatch)
        hub.fake.nodes["node-1"] = gpus
        await hub.sample()
    gone, back = await hub.events()
    assert isinstance(gone, GpuDisappeared)
    assert isinstance(back, GpuReappeared)
    assert (gone.gpu_uuid, gone.last_seen_at) == (FIRST, seen_at)
    assert seen_at + timedelta(seconds=29) < back.lost_at < seen_at + timedelta(seconds=31)


async def test_a_node_without_an_answer_or_with_an_error_says_nothing_of_its_gpus(hub: Hub) -> None:
    await hub.sample()
    for _ in range(3):
        hub.later()
        hub.fake.nodes = {"node-2": ()}
        await hub.sample()
        hub.later()
        hub.fake.nodes = {"node-1": ()}
        await hub.sample()
    last = (await hub.samples())[-1]
    assert (last.error, [each.samples for each in last.absent]) == ("driver mismatch", [0, 0])
    assert await hub.events() == []


async def test_workers_that_race_make_one_chain_and_tell_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.sample()
    hub.later()
    hub.fake.nodes["node-1"] = two(temperature_celsius=99.0, memory_used_mb=81_559, xid=48)
    same = new_id()
    await asyncio.gather(*(hub.sample(same) for _ in range(4)), *(hub.sample() for _ in range(2)))
    assert await hub.names() == ["threshold_crossed", "threshold_crossed", "xid_error"]
    standing = (await hub.events())[-1].standing
    assert ([each.value for each in standing.raised], standing.xid) == (
        ["TEMPERATURE", "MEMORY_USED"],
        48,
    )
    # Of the same message one sample is stored.
    assert 2 <= len(await hub.samples()) <= 4


async def test_what_another_worker_has_sampled_meanwhile_comes_before_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.sample()
    kept = handlers._ends
    hub.fake.nodes["node-1"] = (two()[1],)
    for ends in (None, kept):
        hub.later()
        another_process(hub, monkeypatch)
        if ends is not None:
            monkeypatch.setattr(handlers, "_ends", ends)
        await hub.sample()
    assert [[each.samples for each in told.absent] for told in await hub.samples()] == [
        [],
        [1],
        [2],
    ]
    assert await hub.names() == ["disappeared"]


async def test_what_comes_again_after_a_later_sample_is_left_alone(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_id = new_id()
    for celsius in (99.0, 50.0):
        hub.fake.nodes["node-1"] = two(temperature_celsius=celsius)
        await hub.sample(command_id if celsius > 80 else None)
        hub.later()
    another_process(hub, monkeypatch)
    hub.fake.nodes["node-1"] = two(temperature_celsius=99.0)
    await hub.sample(command_id)
    assert temperatures(await hub.samples()) == [99.0, 50.0]
    assert [each.standing.raised for each in await hub.events()] == [("TEMPERATURE",), ()]


async def test_the_same_scrape_is_stored_once_and_tells_how_often_there_is_one(hub: Hub) -> None:
    hub.fake.scraped_at = hub.collector.clock.now()
    for number in range(6):
        if number % 2 == 0:
            hub.fake.scraped_at += timedelta(seconds=30)
        await hub.sample()
        hub.later()
    samples = await hub.samples()
    assert [each.interval_seconds for each in samples] == [15, 30, 30]


async def test_of_a_cluster_with_more_events_than_one_read_brings_nothing_is_overlooked(
    hub: Hub,
) -> None:
    def nodes(**changes: Any) -> dict[str, tuple[Gpu, ...]]:
        return {
            f"node-{node}": tuple(gpu(uuid=f"GPU-{node}-{at}", **changes) for at in range(50))
            for node in range(7)
        }

    hot = nodes(temperature_celsius=99.0, xid=48)
    few = {node: gpus[:1] for node, gpus in nodes().items()}
    for told in (hot, few, few, hot):
        hub.fake.nodes = told
        await hub.sample()
        hub.later()
    subjects = await _event_subjects(hub)
    kinds = Counter(subject.rpartition(".")[2] for subject in subjects)
    assert len(set(subjects)) > 1_024
    assert kinds == {
        "threshold_crossed": 350 + 7 + 7,
        "xid_error": 350,
        "disappeared": 343,
        "reappeared": 343,
    }


async def _event_subjects(hub: Hub) -> list[str]:
    query = {"seq": 1, "batch": 5_000, "next_by_subj": f"evt.{hub.cluster_id}.gpu.>"}
    stored = await hub.collector.log.bus.get_many(streams.EVENTS, query)
    return [each.subject for each in stored]


async def test_a_decision_on_an_earlier_sample_is_not_told_after_a_later_one(hub: Hub) -> None:
    late, update = hub.store(), gpu_update(cluster_id=hub.cluster_id)
    hub.later()
    for gpus, store in ((two(xid=31), hub.store()), (two(xid=48), late)):
        await telling.tell([update.model_copy(update={"gpus": gpus})], store)
    assert [each.standing.xid for each in await hub.events()] == [31]


async def test_a_bus_that_is_away_costs_nothing_but_time(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fake.nodes["node-1"] = two(temperature_celsius=99.0)
    log, whole = hub.collector.log, hub.collector.log.append_each
    command_id = new_id()

    async def away(*_: Any) -> Any:
        raise BusUnavailable("gone")

    monkeypatch.setattr(log, "append_each", away)
    with pytest.raises(BusUnavailable):
        await hub.sample(command_id)
    monkeypatch.setattr(log, "append_each", whole)
    hub.fake.nodes["node-1"] = two()
    await hub.sample(command_id)
    assert temperatures(await hub.samples()) == [99.0]
    assert await hub.names() == ["threshold_crossed"]


async def test_a_cluster_that_does_not_answer_is_said_once_and_tried_again(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.fake.fails = Refused(Code.UPSTREAM_FAILED, "Prometheus: bad gateway")
    for _ in range(3):
        await hub.sample()
    assert capsys.readouterr().out.count("not_sampled") == 1
    assert await hub.samples() == []
    hub.fake.fails = None
    await hub.sample()
    assert len(await hub.samples()) == 1
    assert await letters(hub.collector.log.bus) == []


async def test_a_cluster_that_hangs_delays_no_other(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = await hub.collector.cluster("http://127.0.0.1:1")
    reached, released = asyncio.Event(), asyncio.Event()

    async def ask(asking: Asking) -> list[GpuUpdate]:
        if asking.cluster.id == hanging:
            reached.set()
            await released.wait()
        return await hub.fake.sample(asking)

    monkeypatch.setattr(handlers, "_sampler", Sampler(ask, ask))
    async with running(hub.worker().run):
        bus = hub.collector.log.bus
        await bus.publish(f"due.{SAMPLE}.{hanging}", b"")
        await reached.wait()
        await bus.publish(f"due.{SAMPLE}.{hub.cluster_id}", b"")
        await eventually(hub.samples)
        released.set()
