"""Commands whose handler, worker or bus fails: nothing is lost, nothing happens twice."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from contracts.catalog import EVENTS, EventCatalog
from contracts.clusters import ClusterRegistered, RegisterCluster
from contracts.outcomes import Outcome
from contracts.refusals import Poisoned, TryLater
from services.clusters import domain
from services.runtime import bus as buses, dead_letters
from services.runtime.bus import Bus
from services.runtime.command_worker import CommandWorker
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders
from tests.kit.commands import SUBJECT, Area, Handler, register
from tests.kit.runtime import UNTRACED, eventually, letters, running, store, until, with_workers
from tests.kit.servers import Server

pytestmark = pytest.mark.nats


@pytest.fixture
def area(bus: Bus, log: EventLog, bus_settings: Settings) -> Area:
    return Area(bus, log, with_workers(bus_settings, ack_wait=2.0))


async def test_a_bug_is_tried_again_then_buried_then_retried_by_hand(area: Area) -> None:
    cured = asyncio.Event()

    async def fail_until_cured(_: Store) -> None:
        if not cured.is_set():
            raise RuntimeError("a bug")

    handler = Handler(fail_until_cured)
    async with running(area.worker(handler, max_deliver=2).run):
        command_id = new_id()
        await area.send(command_id)
        failed = await area.outcome(command_id)
        await area.done()
        [letter] = await letters(area.bus)
        assert len(handler.calls) == 2
        cured.set()
        await dead_letters.retry(area.bus, letter.sequence)

        async def accepted() -> bool:
            return (await area.outcome(command_id)).outcome == "accepted"

        await eventually(accepted)
        await area.done()
    assert (failed.outcome, failed.code) == ("failed", "INTERNAL_ERROR")
    assert letter.error == "RuntimeError after 2 tries"
    assert (letter.subject, letter.original_sequence) == (SUBJECT, 1)
    assert [found.retried for found in await letters(area.bus)] == [True]
    assert (await area.log.bounds())[1] == 1


async def test_try_later_is_delivered_again_without_end(area: Area) -> None:
    async def not_yet(_: Store) -> None:
        if len(handler.calls) < 5:
            raise TryLater("not there", delay=0.01)

    handler = Handler(not_yet)
    async with running(area.worker(handler, max_deliver=2).run):
        command_id = new_id()
        await area.send(command_id)
        assert (await area.outcome(command_id)).outcome == "accepted"
    assert len(handler.calls) == 5
    assert await letters(area.bus) == []


async def test_a_run_of_dead_letters_stops_the_worker(area: Area) -> None:
    async def fail(_: Store) -> None:
        raise Poisoned("never")

    worker = area.worker(Handler(fail), poison_run=2, concurrency=1)
    async with running(worker.run) as task:
        for _ in range(5):
            await area.send(new_id())
        await asyncio.wait_for(asyncio.shield(task), 20)
        assert worker.detail == "2 dead letters in a row"
    await area.left(3)
    assert [letter.error for letter in await letters(area.bus)] == ["never", "never"]


async def test_an_unknown_event_stops_the_worker_and_loses_nothing(area: Area) -> None:
    old = EventCatalog([event for event in EVENTS if event is not ClusterRegistered])
    program = Area(area.bus, EventLog(area.bus, area.log.facts_age, catalog=old), area.settings)
    await store(area.log, builders.registered())

    async def load(_: RegisterCluster, at: Store) -> Accepted:
        await at.load(builders.registered().key, domain.evolve)
        return Accepted()

    too_old = program.worker(Handler(act=load))
    command_id = new_id()
    async with running(too_old.run) as task:
        await area.send(command_id)
        await asyncio.wait_for(asyncio.shield(task), 20)
        assert "aiops.cluster.registered.v1" in too_old.detail
    assert await letters(area.bus) == []
    async with running(area.worker(Handler(act=load)).run):
        assert (await area.outcome(command_id)).outcome == "accepted"


async def test_a_killed_worker_is_taken_over_with_one_effect(area: Area) -> None:
    """Killed after the append and before the outcome: the worst moment."""
    appended = asyncio.Event()

    async def append_and_hang(command: RegisterCluster, at: Store) -> Accepted:
        await register(command, at)
        appended.set()
        await asyncio.Event().wait()
        raise AssertionError

    command_id = new_id()
    first = await _own_connection(area)
    doomed = first.worker(append_and_hang)
    loop = asyncio.ensure_future(doomed.run(asyncio.Event()))
    await area.send(command_id)
    await asyncio.wait_for(appended.wait(), 20)
    await _kill(doomed, loop)

    second = Handler()
    async with running(area.worker(second).run):
        found = await area.outcome(command_id)
        await area.done()
    assert (found.outcome, found.sequence) == ("accepted", 1)
    assert len(second.calls) == 1
    assert (await area.log.bounds())[1] == 1


async def _own_connection(area: Area) -> Area:
    bus = await buses.connect(area.settings.nats, "doomed")
    return Area(bus, EventLog(bus, area.log.facts_age, patience=0.1), area.settings)


async def _kill(worker: CommandWorker, loop: asyncio.Future[Any]) -> None:
    """Nothing that it does from now on reaches the bus, as after SIGKILL."""
    await worker.bus.client.close()
    for task in [*worker._bench._running, loop]:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await loop


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_slow_handler_runs_once(area: Area, concurrency: int) -> None:
    """Three waits of the consumer long; with one slot, the second command waits as long again."""

    async def slow(_: Store) -> None:
        await asyncio.sleep(3.0 if concurrency == 1 else 6.0)

    handler = Handler(slow)
    async with running(area.worker(handler, concurrency=concurrency, max_deliver=1).run):
        ids = [new_id(), new_id()]
        for command_id in ids:
            await area.send(command_id)
        for command_id in ids:
            assert (await area.outcome(command_id)).outcome == "accepted"
        await area.done()
    assert sorted(at.context.command_id for at in handler.calls) == sorted(ids)
    info = await area.bus.api("CONSUMER.INFO.CMD.clusters")
    assert info["delivered"]["consumer_seq"] == 2


async def test_commands_for_one_entity_are_handled_one_at_a_time(area: Area) -> None:
    busy: list[int] = []
    service = Service("clusters")

    @service.handles(RegisterCluster, one_at_a_time=lambda command: command.name)
    async def handle(_: RegisterCluster, __: Store) -> Accepted:
        """Be alone."""
        busy.append(1)
        assert len(busy) == 1
        await asyncio.sleep(0.002)
        busy.pop()
        return Accepted()

    worker = CommandWorker(
        "clusters", service.commands, area.bus, area.log, area.settings, UNTRACED
    )
    ids = [new_id() for _ in range(20)]
    async with running(worker.run):
        for command_id in ids:
            await area.send(command_id)
        for command_id in ids:
            assert (await area.outcome(command_id)).outcome == "accepted"


async def test_a_restarted_bus_loses_nothing(area: Area, nats_server: Server) -> None:
    async def dawdle(_: Store) -> None:
        await asyncio.sleep(0.02)

    handler = Handler(dawdle)
    ids = [new_id() for _ in range(60)]
    async with running(area.worker(handler, concurrency=4).run):
        for command_id in ids:
            await area.send(command_id)
        await until(lambda: len(handler.calls) >= 12)
        nats_server.restart()
        for command_id in ids:
            assert (await _outcome_at_last(area, command_id)).outcome == "accepted"
        await area.done()
    # One event each, though some handlers ran twice.
    assert (await area.log.bounds())[1] == len(ids)
    assert await letters(area.bus) == []


async def _outcome_at_last(area: Area, command_id: UUID) -> Outcome:
    while True:
        try:
            return await area.outcome(command_id, within=20)
        except buses.BusUnavailable:
            await asyncio.sleep(0.05)


async def test_a_stopping_worker_gives_back_what_it_has_not_begun(area: Area) -> None:
    release = asyncio.Event()

    async def wait(_: Store) -> None:
        await release.wait()

    ids = [new_id() for _ in range(3)]
    second = Handler()
    slow = with_workers(area.settings, ack_wait=30)
    area = Area(area.bus, area.log, slow)
    first = Handler(wait)
    stopping = asyncio.Event()
    task = asyncio.ensure_future(area.worker(first, concurrency=1).run(stopping))
    for command_id in ids:
        await area.send(command_id)
    await until(lambda: first.calls)
    await asyncio.sleep(0.05)
    stopping.set()
    async with running(area.worker(second).run):
        release.set()
        for command_id in ids:
            assert (await area.outcome(command_id)).outcome == "accepted"
    await task
