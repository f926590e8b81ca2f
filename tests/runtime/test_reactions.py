"""Reactions on a real bus: once for each event, retried, buried, retried by hand, never lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from pydantic import SecretStr

from contracts.catalog import EVENTS
from contracts.clusters import ClusterDeleted, ClusterRegistered, ClusterUpdated
from contracts.envelope import Recorded
from services.runtime import bus as buses, streams
from services.runtime.asyncapi import asyncapi
from services.runtime.bus import Bus
from services.runtime.ids import derived_id
from services.runtime.log import EventLog, Head
from services.runtime.reactions import Reactions
from services.runtime.service import Service
from services.runtime.settings import NatsSettings, Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.embedded import NatsServer, running_nats
from tests.kit.reactions import Platform, Seen, discovery, started
from tests.kit.runtime import eventually, running, store, until

pytestmark = pytest.mark.nats


@pytest.fixture
def platform(bus: Bus, log: EventLog, bus_settings: Settings) -> Platform:
    return Platform(bus, log, bus_settings)


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


async def test_a_worker_has_the_rights_that_reactions_need(tmp_path: Path) -> None:
    """On a server with the platform's users, where a worker may not change streams."""
    with running_nats(tmp_path, users=True) as server:
        await _as(server, "setup", lambda bus, settings: streams.ensure(bus, settings))
        await _as(server, "workers", _react_once)


async def _react_once(bus: Bus, settings: Settings) -> None:
    seen = Seen()
    platform = Platform(bus, EventLog(bus, timedelta(hours=1)), settings)
    reactions = platform.reactions(discovery(seen))
    async with running(reactions.run):
        await started(reactions)
        await platform.register()
        await until(lambda: seen.events)
        await eventually(platform.settled)


async def _as(
    server: NatsServer, user: str, work: Callable[[Bus, Settings], Awaitable[None]]
) -> None:
    password = SecretStr(server.passwords[user])
    settings = Settings(nats=NatsSettings(url=server.url, user=user, password=password))
    bus = await buses.connect(settings.nats, user)
    try:
        await work(bus, settings)
    finally:
        await bus.close()


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


async def test_a_reaction_may_concern_what_happened_before_it_was_there(
    platform: Platform,
) -> None:
    seen, service = Seen(), Service("discovery")

    @service.on(ClusterRegistered, from_start=True)
    async def discover(event: Recorded, at: Store) -> None:
        """Look at what a new cluster can do."""
        await seen(event, at)

    before = await platform.register(1)
    async with running(platform.reactions(service).run):
        await until(lambda: seen.events)
        await eventually(platform.settled)
    async with running(platform.reactions(service).run):
        after = await platform.register(2)
        await until(lambda: len(seen.sequences) > 1)
    assert seen.sequences == [before, after], "and goes on where it stopped"
