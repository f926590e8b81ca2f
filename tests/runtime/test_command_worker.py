"""Commands on a real bus: one effect and one outcome, whatever fails in between."""

import asyncio

import pytest

from contracts.clusters import RegisterCluster
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from services.runtime import metrics, outcomes
from services.runtime.bus import Bus, JetStreamRefused
from services.runtime.command_bus import CommandBus, Origin
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders
from tests.kit.commands import BODY, SUBJECT, Area, Handler, register
from tests.kit.runtime import letters, running, store, until, with_workers

pytestmark = pytest.mark.nats

PURGE = "$JS.API.STREAM.PURGE.EVT"


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
    kept = await outcomes.find(area.bus, command_id)
    assert kept is not None
    assert kept.outcome == told
    stored = await area.log.at(1)
    assert stored is not None
    assert stored.headers["ce-actor"] == "ada"
    assert stored.headers["ce-commandid"] == str(command_id)
    assert stored.headers["ce-correlationid"] == str(command_id)


async def test_any_other_publisher_is_the_actor_itself(area: Area) -> None:
    async def admin(name: str) -> Principal | None:
        return Principal.of(name, Role.ADMIN)

    handler, area.rights_of = Handler(), admin
    async with running(area.worker(handler).run):
        subject = SUBJECT.replace("gateway", "backup-bot")
        await area.send(new_id(), subject=subject, actor="admin")
        await until(lambda: handler.calls)
    assert handler.calls[0].context.actor == "backup-bot"


async def test_many_commands_are_stored_whatever_batches_others_begin(area: Area) -> None:
    door = CommandBus(area.bus, "gateway")
    for number in range(60):
        batch = {"Nats-Batch-Id": f"b{number}", "Nats-Batch-Sequence": "1"}
        await area.bus.emit(SUBJECT.replace("gateway", "backup-bot"), b"{}", batch)
    ids = [new_id() for _ in range(3)]
    for _ in range(2):
        await door.send([door.message(builders.register(), each, Origin("ada")) for each in ids])
    assert await area.queued() == 3


async def test_of_many_commands_one_that_is_not_stored_is_told(area: Area) -> None:
    door = CommandBus(area.bus, "gateway")
    stored, lost = (door.message(builders.register(), new_id(), Origin("ada")) for _ in range(2))
    lost.headers["Nats-Expected-Stream"] = "ANOTHER"
    with pytest.raises(JetStreamRefused):
        await door.send([stored, lost, stored])
    assert await area.queued() == 1


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
        again = {"Nats-Msg-Id": f"{command_id}:late", "reply_to": reply, "ce-actor": "ada"}
        await area.bus.publish(SUBJECT, BODY, again)
        second = Outcome.model_validate_json((await asyncio.wait_for(told, 20)).data)
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
