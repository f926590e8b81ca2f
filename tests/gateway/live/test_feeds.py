"""A feed that is stopped and changed at any moment knows what it has sent."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from contracts.catalog import CATALOG
from gateway.live import feed as feeds
from gateway.live.feed import Feed, Source, Wanted, wanted
from gateway.live.messages import CaughtUp, LiveFrame, Subscribe, Subscription
from gateway.live.talk import cancel
from services.runtime.bus import JetStreamRefused
from services.runtime.clock import SystemClock
from services.runtime.log import NOTHING, EventLog
from services.runtime.principals import Principal, Role
from services.runtime.signals import Bell, Signal
from services.runtime.slices import Piece, Slice
from services.runtime.tail import Tail
from services.runtime.telemetry_tail import TelemetryTail
from tests.kit import builders
from tests.kit.live import CLUSTER_NAMES, alerts
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

ADA = Principal.of("ada", Role.ADMIN)


class Sink:
    """Takes everything at once."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.said: list[LiveFrame] = []
        self.told: Callable[[int], None] = lambda _: None
        """Called with how many have come."""

    async def say(self, frame: LiveFrame) -> None:
        self.said.append(frame)

    @property
    def caught_up(self) -> int:
        """How often it was told so."""
        return sum(isinstance(frame, CaughtUp) for frame in self.said)

    def pieces(self, events: Slice, *, batch: bool) -> Sequence[Piece]:
        return events.batches() if batch else events.singles()

    async def send(self, piece: Piece) -> None:
        self.seen.append(piece.last)
        self.told(len(self.seen))


def want(name: str, since: int | None = None, **filters: Any) -> Wanted:
    asked = Subscription(since_sequence=since, **filters)
    return wanted(Subscribe(type="subscribe", id=name, subscription=asked), ADA, CATALOG)


async def fire(log: EventLog, count: int, start: int = 0) -> None:
    changes = [(event, NOTHING) for event in alerts(count, start)]
    await log.append_each(changes, builders.context(), builders.at())


async def stopped_at(feed: Feed, sink: Sink, count: int, during: Awaitable[None]) -> None:
    """Run it, and cancel it as soon as others have their turn after so many events."""
    there = asyncio.Event()
    sink.told = lambda sent: there.set() if sent == count else None
    task = asyncio.ensure_future(feed.run())
    await during
    await there.wait()
    await cancel(task)


async def nothing() -> None:
    """Not a thing."""


@pytest.mark.parametrize("live", [False, True])
async def test_what_was_sent_counts_whenever_a_feed_is_stopped(log: EventLog, live: bool) -> None:
    tail = Tail(log, CLUSTER_NAMES.get, 10_000)
    async with running(tail.run):
        await tail.started()
        sink = Sink()
        feed = Feed(Source(tail, None, SystemClock()), sink)
        feed.put(want("a", 0))

        async def begin() -> None:
            await until(lambda: sink.caught_up)
            await fire(log, 150)

        if not live:
            await fire(log, 150)
            await until(lambda: tail.ring.last == 150)
        await stopped_at(feed, sink, 64, begin() if live else nothing())
        assert feed.position == sink.seen[-1], "where a client goes on that is sent away"
        feed.put(want("b", 150))
        task = asyncio.ensure_future(feed.run())
        await until(lambda: sink.caught_up == 2)
        await cancel(task)
        assert sink.seen == list(range(1, 151))


async def test_a_subscription_that_has_not_begun_holds_the_position_back(log: EventLog) -> None:
    tail = Tail(log, CLUSTER_NAMES.get, 10_000)
    await fire(log, 50)
    async with running(tail.run):
        await tail.started()
        sink = Sink()
        feed = Feed(Source(tail, None, SystemClock()), sink)
        assert feed.position is None
        feed.put(want("a", 50))
        task = asyncio.ensure_future(feed.run())
        await until(lambda: sink.caught_up)
        await cancel(task)
        assert feed.position == 50
        feed.put(want("b", 3))
        assert feed.position == 3
        feed.put(want("c"))
        assert feed.position is None, "it is not known where it begins"


async def test_a_refusal_of_the_bus_is_waited_out(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "_PAUSE", 0.0)
    await fire(log, 3)
    tail = Tail(log, CLUSTER_NAMES.get, 10_000)
    real, refusals = log.bus.api, 3

    async def moody(name: str, body: Any = None, *, timeout: float = 5.0) -> dict[str, Any]:
        nonlocal refusals
        if refusals and name.startswith("STREAM.INFO"):
            refusals -= 1
            raise JetStreamRefused(10077, "not now")
        return await real(name, body, timeout=timeout)

    async with running(tail.run):
        await until(lambda: tail.error is None)
        sink = Sink()
        feed = Feed(Source(tail, None, SystemClock()), sink)
        feed.put(want("a", 0))
        monkeypatch.setattr(log.bus, "api", moody)
        task = asyncio.ensure_future(feed.run())
        await until(lambda: task.done() or sink.caught_up)
        await cancel(task)
        assert (sink.seen, refusals) == ([1, 2, 3], 0)


class Counted(Signal):
    """Knows how many have ever waited for it."""

    def __init__(self) -> None:
        super().__init__()
        self.added = 0

    def add(self, bell: Bell) -> None:
        self.added += 1
        super().add(bell)


@pytest.mark.parametrize(("types", "wakes"), [(("ALERT_FIRED",), 0), ((), 1)])
async def test_only_who_wants_telemetry_is_woken_by_it(
    log: EventLog, types: tuple[str, ...], wakes: int
) -> None:
    tail = Tail(log, CLUSTER_NAMES.get, 100)
    telemetry = TelemetryTail(log.bus, CLUSTER_NAMES.get)
    beats = telemetry.beats = Counted()
    async with running(tail.run):
        sink = Sink()
        feed = Feed(Source(tail, telemetry, SystemClock()), sink)
        feed.put(want("a", event_types=types))
        task = asyncio.ensure_future(feed.run())
        await until(lambda: sink.caught_up)
        await cancel(task)
        assert beats.added == wakes
