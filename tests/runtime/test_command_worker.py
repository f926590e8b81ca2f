"""Commands on a real bus: one effect and one outcome, whatever fails in between."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from contracts.catalog import EVENTS, EventCatalog
from contracts.clusters import ClusterRegistered, RegisterCluster
from contracts.outcomes import Outcome
from contracts.refusals import Code, Poisoned, Refused, TryLater
from services.clusters import domain
from services.runtime import bus as buses, dead_letters, metrics, outcomes
from services.runtime.bus import Ack, Bus
from services.runtime.command_bus import CommandBus, Origin
from services.runtime.command_worker import CommandWorker
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders
from tests.kit.runtime import UNTRACED, eventually, letters, running, store, until, with_workers
from tests.kit.servers import Server

pytestmark = pytest.mark.nats

SUBJECT = "cmd.gateway.clusters.register_cluster"
BODY = builders.register().model_dump_json(exclude_unset=True).encode()
PURGE = "$JS.API.STREAM.PURGE.EVT"

Act = Callable[[RegisterCluster, Store], Awaitable[Accepted]]


async def register(command: RegisterCluster, at: Store) -> Accepted:
    """What a real handler does: load, decide, append."""
    event = builders.registered(id=at.mint(), name=command.name)

    async def attempt() -> Accepted:
        loaded = await at.load(event.key, domain.evolve)
        return await at.append([event], {event.key: loaded.head})

    return await at.settle(attempt)


@dataclass
class Handler:
    """Counts its calls, then does what the test wants: register by default."""

    before: Callable[[Store], Awaitable[None]] | None = None
    act: Act = register
    calls: list[Store] = field(default_factory=list[Store])

    async def __call__(self, command: RegisterCluster, at: Store) -> Accepted:
        self.calls.append(at)
        if self.before is not None:
            await self.before(at)
        return await self.act(command, at)


@dataclass
class Area:
    """The commands of one area on a bus."""

    bus: Bus
    log: EventLog
    settings: Settings

    def worker(self, handler: Act, **limits: float) -> CommandWorker:
        service = Service("clusters")

        @service.handles(RegisterCluster)
        async def handle(command: RegisterCluster, at: Store) -> Accepted:
            """Do what the test wants."""
            return await handler(command, at)

        settings = with_workers(self.settings, **limits)
        return CommandWorker("clusters", service.commands, self.bus, self.log, settings, UNTRACED)

    async def send(
        self,
        command_id: UUID,
        *,
        subject: str = SUBJECT,
        body: bytes = BODY,
        actor: str = "ada",
        **more: str,
    ) -> Ack:
        """Store a command as any client would."""
        own = {"Nats-Msg-Id": str(command_id), "ce-actor": actor} | more
        return await self.bus.publish(subject, body, own)

    async def outcome(self, command_id: UUID, *, within: float = 10.0) -> Outcome:
        """The outcome, once there is one."""
        found = await eventually(lambda: outcomes.find(self.bus, command_id), within=within)
        assert found is not None
        return found

    async def queued(self) -> int:
        """Commands that are not off the queue."""
        return (await self.bus.api("STREAM.INFO.CMD"))["state"]["messages"]

    async def done(self) -> None:
        """Wait until the queue is empty."""

        async def empty() -> bool:
            return await self.queued() == 0

        await eventually(empty)


@pytest.fixture
def area(bus: Bus, log: EventLog, bus_settings: Settings) -> Area:
    return Area(bus, log, with_workers(bus_settings, ack_wait=1.0))


async def test_an_accepted_command_is_answered_and_kept(area: Area) -> None:
    async with running(area.worker(Handler()).run):
        command_id = new_id()
        door = CommandBus(area.bus, "gateway")
        told = await door.call(builders.register(), command_id, Origin("ada"), wait=5)
        await area.done()
    assert told == Outcome(
        command_id=command_id, outcome="accepted", id=told.id if told else "", version=1, sequence=1
    )
    assert await outcomes.find(area.bus, command_id) == told
    stored = await area.log.at(1)
    assert stored is not None
    assert stored.headers["ce-actor"] == "ada"
    assert stored.headers["ce-commandid"] == str(command_id)
    assert stored.headers["ce-correlationid"] == str(command_id)


async def test_any_other_publisher_is_the_actor_itself(area: Area) -> None:
    handler = Handler()
    async with running(area.worker(handler).run):
        subject = SUBJECT.replace("gateway", "backup-bot")
        await area.send(new_id(), subject=subject, actor="admin")
        await until(lambda: handler.calls)
    assert handler.calls[0].context.actor == "backup-bot"


async def test_a_refusal_is_an_outcome(area: Area) -> None:
    async def refuse(_: Store) -> None:
        raise Refused(Code.CLUSTER_ALREADY_EXISTS, "it is there", {"name": "x"})

    handler = Handler(refuse)
    async with running(area.worker(handler).run):
        command_id = new_id()
        await area.send(command_id)
        found = await area.outcome(command_id)
        await area.done()
    assert (found.outcome, found.code) == ("refused", "CLUSTER_ALREADY_EXISTS")
    assert (found.message, found.details) == ("it is there", {"name": "x"})
    assert len(handler.calls) == 1
    assert await letters(area.bus) == []


async def test_the_same_command_twice_has_one_effect_and_one_outcome(area: Area) -> None:
    handler = Handler()
    async with running(area.worker(handler).run):
        command_id = new_id()
        await area.send(command_id)
        first = await area.outcome(command_id)
        assert (await area.send(command_id)).duplicate
        # Past the stream's memory for duplicates, as a late repeat is.
        reply, told = area.bus.expect(outcome=True)
        again = {"Nats-Msg-Id": f"{command_id}:late", "reply_to": reply}
        await area.bus.publish(SUBJECT, BODY, again)
        second = Outcome.model_validate_json((await asyncio.wait_for(told, 5)).data)
        await area.done()
    assert first == second
    assert len(handler.calls) == 1
    assert (await area.log.bounds())[1] == 1


async def test_a_repeat_after_a_crash_finds_its_own_append(area: Area) -> None:
    """The first try appends and dies before its outcome: the second must not append again."""

    async def fail_once(command: RegisterCluster, at: Store) -> Accepted:
        accepted = await register(command, at)
        if len(handler.calls) == 1:
            raise RuntimeError("after the append")
        return accepted

    handler = Handler(act=fail_once)
    async with running(area.worker(handler).run):
        command_id = new_id()
        await area.send(command_id)
        found = await area.outcome(command_id)
        await area.done()
    assert (found.outcome, found.version, found.sequence) == ("accepted", 1, 1)
    assert len(handler.calls) == 2
    assert (await area.log.bounds())[1] == 1


@pytest.mark.parametrize(
    "body",
    [b"\xff{", b"", b"[]", b'{"name": 1}', BODY[:-1] + b', "colour": "red"}'],
    ids=["bytes", "empty", "list", "wrong type", "unknown field"],
)
async def test_an_invalid_body_is_refused(area: Area, body: bytes) -> None:
    handler = Handler()
    async with running(area.worker(handler).run):
        command_id = new_id()
        await area.send(command_id, body=body)
        found = await area.outcome(command_id)
        await area.done()
    assert (found.outcome, found.code) == ("refused", "VALIDATION_FAILED")
    assert found.details["fields"]
    assert handler.calls == []


async def test_an_unknown_command_is_refused_and_makes_up_no_metric(area: Area) -> None:
    async with running(area.worker(Handler()).run):
        command_id = new_id()
        await area.send(command_id, subject="cmd.gateway.clusters.made_up")
        found = await area.outcome(command_id)
        await area.done()
    assert (found.outcome, found.code) == ("refused", "NOT_FOUND")
    assert b"made_up" not in metrics.exposition()


@pytest.mark.parametrize(
    "reply_to",
    [
        PURGE,
        "$JS.API.STREAM.DELETE.EVT",
        "evt.-.cluster.c1.registered.1",
        "_INBOX",
        "_INBOX.>",
        "_INBOX.a.*",
        "_INBOX..a",
        # As two words it would be a subject and a reply subject on the wire.
        f"_INBOX.a {PURGE}",
        "",
    ],
)
async def test_an_outcome_goes_to_an_inbox_only(area: Area, reply_to: str) -> None:
    await store(area.log, builders.name_taken())
    handler = Handler()
    async with running(area.worker(handler, concurrency=1).run):
        first, second = new_id(), new_id()
        await area.send(first, reply_to=reply_to)
        found = await area.outcome(first)
        # The slot is free again.
        await area.send(second)
        await area.outcome(second)
        await area.done()
    assert (found.outcome, found.code) == ("refused", "INVALID_REPLY_SUBJECT")
    assert len(handler.calls) == 1
    assert await area.log.bounds() == (1, 2)


@pytest.mark.parametrize("message_id", ["", "no uuid"])
async def test_a_command_without_an_id_is_buried(area: Area, message_id: str) -> None:
    headers = {"Nats-Msg-Id": message_id} if message_id else {}
    worker = area.worker(Handler(), poison_run=1)
    async with running(worker.run):
        await area.bus.publish(SUBJECT, BODY, headers)
        await area.done()
        # It is its publisher's fault, and no reason to stop.
        assert worker.healthy
    [letter] = await letters(area.bus)
    assert (letter.stream, letter.consumer) == ("CMD", "clusters")
    assert (letter.subject, letter.original_sequence, letter.body) == (SUBJECT, 1, BODY)


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
        await asyncio.wait_for(asyncio.shield(task), 5)
        assert worker.detail == "2 dead letters in a row"
    assert await area.queued() == 3
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
        await asyncio.wait_for(asyncio.shield(task), 5)
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
    await asyncio.wait_for(appended.wait(), 5)
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
    for task in [*worker._running, loop]:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await loop


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_slow_handler_runs_once(area: Area, concurrency: int) -> None:
    """Three waits of the consumer long; with one slot, the second command waits as long again."""

    async def slow(_: Store) -> None:
        await asyncio.sleep(1.5 if concurrency == 1 else 3.0)

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
