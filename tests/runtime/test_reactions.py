"""Reactions on a real bus: once for each event, retried, buried, retried by hand, never lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast
from uuid import UUID

import pytest

from contracts.catalog import EVENTS, EventCatalog
from contracts.clusters import ClusterDeleted, ClusterRegistered, ClusterUpdated
from contracts.envelope import Recorded
from contracts.refusals import Code, Poisoned, Refused, TryLater
from services.runtime import dead_letters, streams
from services.runtime.asyncapi import asyncapi
from services.runtime.bus import Bus
from services.runtime.ids import derived_id
from services.runtime.log import EventLog, Head
from services.runtime.reactions import Reactions
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.runtime import UNTRACED, eventually, letters, running, store, until, with_workers
from tests.kit.servers import Server

pytestmark = pytest.mark.nats

Act = Callable[[Recorded, Store], Awaitable[None]]


@dataclass
class Seen:
    """Notes what a reaction was given, then does what the test wants."""

    act: Act | None = None
    events: list[Recorded] = field(default_factory=list[Recorded])

    @property
    def sequences(self) -> list[int]:
        return [event.sequence for event in self.events]

    async def __call__(self, event: Recorded, at: Store) -> None:
        self.events.append(event)
        if self.act is not None:
            await self.act(event, at)


def discovery(seen: Act) -> Service:
    service = Service("discovery")

    @service.on(ClusterRegistered)
    async def discover(event: Recorded, at: Store) -> None:
        """Look at what a new cluster can do."""
        await seen(event, at)

    return service


class Platform:
    """A bus, and the reactions of some services on it."""

    def __init__(self, bus: Bus, log: EventLog, settings: Settings) -> None:
        self.bus, self.log = bus, log
        self.settings = with_workers(settings, ack_wait=2.0)

    def reactions(self, *services: Service, **limits: float) -> Reactions:
        settings = with_workers(self.settings, **limits)
        return Reactions(services, self.bus, self.log, settings, UNTRACED)

    async def register(self, number: int = 1) -> int:
        """Store the registration of a cluster; gives its position."""
        event = builders.registered(id=UUID(int=number), name=f"cluster-{number}")
        return (await store(self.log, event)).sequence

    async def pending(self, consumer: str = "discovery_discover", stream: str = "EVT") -> int:
        """Messages that a consumer has not settled."""
        info = await self.bus.api(f"CONSUMER.INFO.{stream}.{consumer}")
        return info["num_pending"] + info["num_ack_pending"]

    async def settled(self) -> bool:
        return await self.pending() == 0


@pytest.fixture
def platform(bus: Bus, log: EventLog, bus_settings: Settings) -> Platform:
    return Platform(bus, log, bus_settings)


async def started(reactions: Reactions) -> None:
    await until(lambda: reactions.healthy)


async def test_an_event_is_reacted_to_once(platform: Platform) -> None:
    seen = Seen()
    before = await platform.register(1)
    reactions = platform.reactions(discovery(seen))
    async with running(reactions.run):
        await started(reactions)
        first = await platform.register(2)
        await store(platform.log, builders.name_taken())
        second = await platform.register(3)
        await until(lambda: len(seen.events) == 2)
        await eventually(platform.settled)
    assert seen.sequences == [first, second]
    assert before not in seen.sequences
    assert not reactions.healthy


async def test_a_reaction_goes_on_where_it_stopped(platform: Platform) -> None:
    first, second = Seen(), Seen()
    reactions = platform.reactions(discovery(first))
    async with running(reactions.run):
        await started(reactions)
        one = await platform.register(1)
        await until(lambda: first.events)
        await eventually(platform.settled)
    two = await platform.register(2)
    async with running(platform.reactions(discovery(second)).run):
        await until(lambda: second.events)
    assert (first.sequences, second.sequences) == ([one], [two])


async def test_what_a_reaction_appends_carries_its_cause(platform: Platform) -> None:
    async def tell(_: Recorded, at: Store) -> None:
        await at.append([builders.name_taken()], {})

    seen = Seen(tell)
    reactions = platform.reactions(discovery(seen))
    async with running(reactions.run):
        await started(reactions)
        await platform.register()
        told = await eventually(lambda: platform.log.head(builders.name_taken().key))
    assert told is not None
    cause = seen.events[0]
    assert told.causation_id == cause.event_id
    assert told.correlation_id == cause.correlation_id == builders.CORRELATION_ID
    assert told.command_id == derived_id(cause.event_id, "discovery_discover")
    assert (told.actor, told.source) == ("service:discovery", "/services/discovery")
    assert told.time == cause.logged_at
    assert told.traceparent is not None


async def test_a_repeat_finds_what_it_has_appended(platform: Platform) -> None:
    """The reaction appends and then fails: the second try must not append again."""
    tries: list[int] = []

    async def append_and_fail(event: Recorded, at: Store) -> None:
        key = builders.name_taken().key
        last = await at.log.head(key)
        if last is None or last.command_id != at.context.command_id:
            await at.append([builders.name_taken()], {})
        tries.append(event.sequence)
        if len(tries) == 1:
            raise RuntimeError("after the append")

    reactions = platform.reactions(discovery(append_and_fail))
    async with running(reactions.run):
        await started(reactions)
        await platform.register()
        await until(lambda: len(tries) == 2)
        await eventually(platform.settled)
    _, last = await platform.log.bounds()
    assert last == 2


async def test_events_of_one_entity_are_handled_in_order_one_at_a_time(platform: Platform) -> None:
    order: list[tuple[str, int]] = []
    busy: set[UUID] = set()

    service = Service("discovery")

    @service.on(ClusterRegistered)
    @service.on(ClusterUpdated)
    async def discover(event: Recorded, _: Store) -> None:
        """Look at a cluster again."""
        cluster = cast(ClusterRegistered | ClusterUpdated, event.event).cluster
        assert cluster.id not in busy
        busy.add(cluster.id)
        await asyncio.sleep(0.001)
        busy.discard(cluster.id)
        order.append((cluster.name, event.version or 0))

    reactions = platform.reactions(service)
    async with running(reactions.run):
        await started(reactions)
        for number in (1, 2, 3):
            await platform.register(number)
        for version in range(2, 12):
            for number in (1, 2, 3):
                event = builders.updated(id=UUID(int=number), name=f"cluster-{number}")
                head = await platform.log.head(event.key)
                assert head is not None
                await store(platform.log, event, after=Head(head.sequence, version - 1))
        await until(lambda: len(order) >= 33)
    for number in (1, 2, 3):
        in_order = dict.fromkeys(v for name, v in order if name == f"cluster-{number}")
        assert list(in_order) == list(range(1, 12))


async def test_a_bug_is_tried_again_with_pauses_and_then_buried(platform: Platform) -> None:
    moments: list[float] = []

    async def fail(_: Recorded, __: Store) -> None:
        moments.append(asyncio.get_running_loop().time())
        raise RuntimeError("a bug")

    reactions = platform.reactions(discovery(fail), max_deliver=3)
    async with running(reactions.run):
        await started(reactions)
        sequence = await platform.register()
        [letter] = await eventually(lambda: letters(platform.bus))
        await eventually(platform.settled)
        assert reactions.healthy
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert len(pauses) == 2
    assert pauses[0] >= 0.2
    assert pauses[1] >= 1.0
    assert (letter.stream, letter.consumer) == ("EVT", "discovery_discover")
    assert letter.subject == f"evt.{UUID(int=1)}.cluster.{UUID(int=1)}.registered.1"
    assert letter.original_sequence == sequence
    assert letter.error == "RuntimeError after 3 tries"
    assert b"cluster-1" in letter.body


async def test_a_retried_letter_reaches_that_reaction_alone(platform: Platform) -> None:
    cured = asyncio.Event()

    async def fail_until_cured(_: Recorded, __: Store) -> None:
        if not cured.is_set():
            raise Poisoned("not now")

    sick, other = Seen(fail_until_cured), Seen()
    census = Service("census")

    @census.on(ClusterRegistered)
    async def count(event: Recorded, at: Store) -> None:
        """Count clusters."""
        await other(event, at)

    reactions = platform.reactions(discovery(sick), census)
    async with running(reactions.run):
        await started(reactions)
        await platform.register()
        [letter] = await eventually(lambda: letters(platform.bus))
        bounds = await platform.log.bounds()
        cured.set()
        await dead_letters.retry(platform.bus, letter.sequence)
        await until(lambda: len(sick.events) == 2)
        await eventually(lambda: _is_settled(platform, "discovery_discover_retry"))
    assert sick.events[0] == sick.events[1]
    assert len(other.events) == 1
    assert await platform.log.bounds() == bounds
    assert [found.retried for found in await letters(platform.bus)] == [True]
    with pytest.raises(Refused) as refusal:
        await dead_letters.retry(platform.bus, letter.sequence)
    assert refusal.value.code is Code.DEAD_LETTER_NOT_FOUND


async def _is_settled(platform: Platform, letters_of: str) -> bool:
    return await platform.pending(letters_of, "DLQ") == 0


async def test_a_letter_that_fails_again_is_one_letter_to_retry(platform: Platform) -> None:
    async def fail(_: Recorded, __: Store) -> None:
        raise Poisoned("never")

    reactions = platform.reactions(discovery(fail))
    async with running(reactions.run):
        await started(reactions)
        await platform.register()
        [letter] = await eventually(lambda: letters(platform.bus))
        await dead_letters.retry(platform.bus, letter.sequence)

        async def dead_again() -> bool:
            return [found.retried for found in await letters(platform.bus)] == [False]

        await eventually(dead_again)
        [again] = await letters(platform.bus)
        assert again.sequence > letter.sequence
        await eventually(lambda: _is_settled(platform, "discovery_discover_retry"))


async def test_try_later_comes_again_without_end(platform: Platform) -> None:
    async def not_yet(_: Recorded, __: Store) -> None:
        if len(seen.events) < 5:
            raise TryLater("not there", delay=0.01)

    seen = Seen(not_yet)
    reactions = platform.reactions(discovery(seen), max_deliver=2)
    async with running(reactions.run):
        await started(reactions)
        await platform.register()
        await until(lambda: len(seen.events) == 5)
        await eventually(platform.settled)
    assert await letters(platform.bus) == []


async def test_a_run_of_dead_letters_stops_the_reaction(platform: Platform) -> None:
    async def fail(_: Recorded, __: Store) -> None:
        raise Poisoned("never")

    reactions = platform.reactions(discovery(fail), poison_run=2, concurrency=1)
    async with running(reactions.run):
        await started(reactions)
        for number in range(1, 6):
            await platform.register(number)
        await until(lambda: not reactions.healthy)
        assert reactions.detail == "discovery_discover: 2 dead letters in a row"
    assert len(await letters(platform.bus)) == 2
    assert await platform.pending() == 3


async def test_an_unknown_version_stops_the_reader_and_loses_nothing(platform: Platform) -> None:
    old = EventCatalog([event for event in EVENTS if event is not ClusterRegistered])
    program = EventLog(platform.bus, platform.log.facts_age, catalog=old)
    too_old, newer, others = Seen(), Seen(), Seen()
    goodbyes = Service("goodbyes")

    @goodbyes.on(ClusterDeleted)
    async def part(event: Recorded, at: Store) -> None:
        """Say goodbye."""
        await others(event, at)

    reactions = Reactions(
        [discovery(too_old), goodbyes], platform.bus, program, platform.settings, UNTRACED
    )
    async with running(reactions.run):
        await started(reactions)
        sequence = await platform.register()
        await until(lambda: not reactions.healthy)
        assert "aiops.cluster.registered.v1" in reactions.detail
        # The other reaction goes on.
        await store(platform.log, builders.deleted())
        await until(lambda: others.events)
    assert too_old.events == []
    assert await letters(platform.bus) == []
    async with running(platform.reactions(discovery(newer)).run):
        await until(lambda: newer.events)
    assert newer.sequences == [sequence]


async def test_a_broken_event_is_buried(platform: Platform) -> None:
    headers = {"ce-type": "aiops.cluster.registered.v1", "ce-id": "no uuid"}
    reactions = platform.reactions(discovery(Seen()), max_deliver=1)
    async with running(reactions.run):
        await started(reactions)
        await platform.bus.publish("evt.-.cluster.c1.registered.1", b"\xff{", headers)
        await platform.bus.publish("evt.-.cluster.c1.registered.2", b"{}")
        await until_letters(platform, 2)
        await eventually(platform.settled)
        assert reactions.healthy


async def until_letters(platform: Platform, number: int) -> None:
    async def enough() -> bool:
        return len(await letters(platform.bus)) == number

    await eventually(enough)


async def test_a_slow_handler_runs_once(platform: Platform) -> None:
    """Longer than the consumer's wait, with another event waiting for the only slot."""

    async def slow(_: Recorded, __: Store) -> None:
        await asyncio.sleep(0.8)

    seen = Seen(slow)
    reactions = platform.reactions(discovery(seen), ack_wait=0.5, concurrency=1)
    async with running(reactions.run):
        await started(reactions)
        sequences = [await platform.register(1), await platform.register(2)]
        await until(lambda: len(seen.events) == 2)
        await eventually(platform.settled)
    assert seen.sequences == sequences


async def test_streams_are_left_as_they_are(platform: Platform) -> None:
    before = await streams.configurations(platform.bus)
    reactions = platform.reactions(discovery(Seen()))
    async with running(reactions.run):
        await started(reactions)
    assert await streams.configurations(platform.bus) == before


async def test_a_reply_header_changes_nothing(platform: Platform) -> None:
    seen = Seen()
    reactions = platform.reactions(discovery(seen))
    async with running(reactions.run):
        await started(reactions)
        await platform.register()
        await until(lambda: seen.events)
        stored = await platform.log.at(1)
        assert stored is not None
        headers = {
            name: value for name, value in stored.headers.items() if not name.startswith("Nats-")
        }
        hostile = headers | {"reply_to": "$JS.API.STREAM.PURGE.EVT"}
        subject = f"evt.{UUID(int=1)}.cluster.{UUID(int=1)}.registered.2"
        await platform.bus.publish(subject, stored.data, hostile)
        await until(lambda: len(seen.events) == 2)
        await eventually(platform.settled)
    assert await platform.log.bounds() == (1, 2)


async def test_a_removed_consumer_turns_health_red(platform: Platform) -> None:
    reactions = platform.reactions(discovery(Seen()))
    async with running(reactions.run):
        await started(reactions)
        await platform.bus.api("CONSUMER.DELETE.EVT.discovery_discover")
        await until(lambda: not reactions.healthy)
        assert reactions.detail == (
            "discovery_discover: consumer discovery_discover of EVT is gone"
        )


async def test_a_restarted_bus_loses_nothing(platform: Platform, nats_server: Server) -> None:
    seen = Seen()
    reactions = platform.reactions(discovery(seen))
    async with running(reactions.run):
        await started(reactions)
        await platform.register(1)
        await until(lambda: seen.events)
        nats_server.restart()
        await platform.register(2)
        await until(lambda: len({event.sequence for event in seen.events}) == 2, within=20)
        assert reactions.healthy


async def test_it_waits_for_a_bus_that_is_not_there_yet(platform: Platform) -> None:
    settings = platform.settings.model_copy(
        update={"nats": platform.settings.nats.model_copy(update={"url": "nats://127.0.0.1:1"})}
    )
    reactions = Reactions([discovery(Seen())], platform.bus, platform.log, settings, UNTRACED)
    async with running(reactions.run):
        await asyncio.sleep(0.05)
        assert not reactions.healthy


def test_two_handlers_with_one_name_are_refused() -> None:
    service = discovery(Seen())

    @service.on(ClusterDeleted)
    async def discover(_: Recorded, __: Store) -> None:
        """Something else."""

    with pytest.raises(ValueError, match="two reactions"):
        Reactions([service], *_nothing())


def _nothing() -> Sequence[Any]:
    return (None, None, Settings(), None)


def test_the_document_tells_of_commands_reactions_and_events() -> None:
    from services.clusters.handlers import service as clusters  # noqa: PLC0415

    document = asyncapi([clusters, discovery(Seen())])
    channels = document["channels"]
    command = channels["clusters.register_cluster"]
    assert command["address"] == "cmd.{publisher}.clusters.register_cluster"
    assert command["description"].startswith("Take a cluster into the fleet")
    assert set(command["parameters"]) == {"publisher"}
    reaction = channels["discovery.discover.registered"]
    assert reaction["description"] == "Look at what a new cluster can do."
    assert channels["aiops.alert.fired.v1"]["address"] == "evt.{cluster}.alert.{id}.fired"
    assert set(document["operations"]) == set(channels)
    assert "RegisterCluster" in document["components"]["schemas"]
    assert {event.names.type for event in EVENTS} <= set(channels)
    assert asyncapi([clusters, discovery(Seen())]) == document
