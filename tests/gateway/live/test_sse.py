"""One client of server-sent events: what its ids promise, and how it ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from contracts.catalog import CATALOG
from gateway.live.ending import EXPIRED
from gateway.live.feed import wanted
from gateway.live.live import Live
from gateway.live.messages import Subscribe
from gateway.live.sse import EventStream, Outbox, Visitor
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.settings import GatewaySettings
from services.runtime.slices import Piece
from services.runtime.tail import Tail
from tests.gateway.live.replaying import HandClock
from tests.kit.live import CLUSTER_NAMES
from tests.kit.runtime import running

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

ADA = Principal.of("ada", Role.ADMIN)
NEWS = wanted(Subscribe(type="subscribe"), ADA, CATALOG)
HEARTBEAT = 0.05


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def live(log: EventLog, clock: HandClock) -> AsyncGenerator[Live]:
    """With room for one client."""

    async def authenticate(_: str) -> Principal:
        return ADA

    tail = Tail(log, CLUSTER_NAMES.get, 100)
    async with running(tail.run):
        await tail.started()
        yield Live(tail, authenticate, GatewaySettings(max_clients=1), clock)


def visit(live: Live) -> tuple[EventStream, AsyncGenerator[bytes, None]]:
    one = EventStream(live, Visitor(ADA, "", None))
    return one, one.chunks(NEWS, HEARTBEAT)


async def find(chunks: AsyncGenerator[bytes, None], text: bytes) -> bytes:
    """The first chunk that says this."""
    async with asyncio.timeout(10):
        return await anext(chunk async for chunk in chunks if text in chunk)


async def rest(chunks: AsyncGenerator[bytes, Any]) -> bytes:
    async with asyncio.timeout(10):
        return b"".join([chunk async for chunk in chunks])


async def test_what_comes_when_a_heartbeat_is_due_is_taken_with_it() -> None:
    outbox = Outbox()
    taking = asyncio.ensure_future(outbox.take(0))
    sending = asyncio.ensure_future(outbox.send(Piece(b"an event", 7, 1)))
    assert await taking == b"an event", "its id must not be told before it"
    await sending
    assert await outbox.take(0) == b"", "then nothing is left"


async def test_who_does_not_take_the_last_words_is_seen_to_stall(
    live: Live, clock: HandClock
) -> None:
    one, chunks = visit(live)
    async with aclosing(chunks):
        await find(chunks, b"event: caught_up")
        one.end(EXPIRED)
        await find(chunks, b"AUTH_EXPIRED")
        clock.moment += 30
        assert one.stalled() == 30
        assert live.guests == {one}
        assert await rest(chunks) == b""
    assert not live.guests


async def test_one_too_many_is_sent_away_also_when_let_in_at_the_same_time(live: Live) -> None:
    (_, first), (_, second) = visit(live), visit(live)
    async with aclosing(first), aclosing(second):
        await find(first, b"event: caught_up")
        assert b"RATE_LIMITED" in await rest(second)
        assert live.clients == 1


async def test_who_was_let_in_just_before_the_end_is_told_of_it(live: Live) -> None:
    _, late = visit(live)
    await live.shutdown()
    assert b'"reason":"restart"' in await rest(late)
    assert not live.guests
