"""Reactions whose handler, reader or bus fails: retried, buried, retried by hand, never lost."""

import asyncio
from itertools import pairwise
from uuid import UUID

import psutil
import pytest

from contracts.catalog import EVENTS, EventCatalog
from contracts.clusters import ClusterDeleted, ClusterRegistered
from contracts.envelope import Recorded
from contracts.refusals import Code, Poisoned, Refused, TryLater
from services.runtime import dead_letters
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.reactions import Reactions
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.reactions import Platform, Seen, discovery, started
from tests.kit.runtime import UNTRACED, eventually, letters, running, store, until
from tests.kit.servers import Server

pytestmark = pytest.mark.nats


@pytest.fixture
def platform(bus: Bus, log: EventLog, bus_settings: Settings) -> Platform:
    return Platform(bus, log, bus_settings)


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
        await asyncio.sleep(2.5)

    seen = Seen(slow)
    reactions = platform.reactions(discovery(seen), ack_wait=2, concurrency=1)
    async with running(reactions.run):
        await started(reactions)
        sequences = [await platform.register(1), await platform.register(2)]
        await until(lambda: len(seen.events) == 2)
        await eventually(platform.settled)
    assert seen.sequences == sequences


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
        await until(lambda: len({event.sequence for event in seen.events}) == 2)
        assert reactions.healthy


async def test_it_waits_for_a_bus_that_is_not_there_yet(platform: Platform) -> None:
    settings = platform.settings.model_copy(
        update={"nats": platform.settings.nats.model_copy(update={"url": "nats://127.0.0.1:1"})}
    )
    reactions = Reactions([discovery(Seen())], platform.bus, platform.log, settings, UNTRACED)
    async with running(reactions.run):
        await asyncio.sleep(0.05)
        assert not reactions.healthy


async def test_who_is_stopped_while_it_connects_leaves_no_connection(platform: Platform) -> None:
    before = _connections()
    for moment in range(40):
        async with running(platform.reactions(discovery(Seen())).run):
            await asyncio.sleep(moment / 2000)
    await until(lambda: _connections() <= before)


def _connections() -> int:
    """Established TCP connections of this process."""
    ours = psutil.Process().net_connections("tcp")
    return sum(1 for each in ours if each.status == psutil.CONN_ESTABLISHED)
