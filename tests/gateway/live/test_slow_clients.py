"""A client that takes nothing is cut off, and harms nobody."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from gateway.live.protocol import LiveProtocol
from services.runtime.log import EventLog
from services.runtime.settings import GatewaySettings
from tests.kit.live import Client, Stream, alerts, serving
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

IMPATIENT = GatewaySettings(slow_client_seconds=3.0)
"""Shorter than a slow client takes for everything, far longer than it waits in between."""
LARGE = {"summary": "x" * 20_000}
COUNT = 200


@asynccontextmanager
async def narrow(stream: Stream) -> AsyncGenerator[Client]:
    """A client that takes little in advance: what it does not read stays with the server."""
    below = socket.socket()
    below.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    below.setblocking(False)
    await asyncio.get_running_loop().sock_connect(below, ("127.0.0.1", stream.server.port))
    async with stream.client(sock=below, max_queue=1, close_timeout=0.1) as client:
        await client.subscribe()
        await client.find("caught_up")
        yield client


async def test_a_stuck_client_is_cut_off_and_can_resume(log: EventLog) -> None:
    async with serving(log, gateway=IMPATIENT, ring=16) as stream:
        async with narrow(stream) as stuck, stream.client() as quick:
            await quick.subscribe()
            await stream.fire(*alerts(COUNT, annotations=LARGE))
            assert await quick.until_sequence(COUNT) == list(range(1, COUNT + 1))
            await until(lambda: stream.live.clients == 1)
            await stream.fire(*alerts(1, 500))
            await quick.until_sequence(COUNT + 1)

            code, frames = await stuck.closed()
            goodbye = frames[-1]
            assert (code, goodbye["type"], goodbye["reason"]) == (4408, "disconnect", "slow")
            assert goodbye["resume_sequence"] == stuck.sequences[-1]
            first = stuck.sequences
            assert len(first) * len(LARGE["summary"]) < 1_000_000
        async with stream.client() as again:
            await again.subscribe(since_sequence=first[-1])
            rest = await again.until_sequence(COUNT + 1)
            assert first + rest == list(range(1, COUNT + 2))


async def test_a_slow_client_that_takes_something_stays(log: EventLog) -> None:
    async with serving(log, gateway=IMPATIENT, ring=16) as stream, narrow(stream) as slow:
        await stream.fire(*alerts(60, annotations=LARGE))
        while len(slow.events) < 60:
            await slow.next()
            await asyncio.sleep(0.07)
        assert slow.sequences == list(range(1, 61))


async def test_a_stuck_client_does_not_hold_up_the_end(log: EventLog) -> None:
    async with serving(log, ring=16) as stream, narrow(stream):
        await stream.fire(*alerts(COUNT, annotations=LARGE))
        await until(lambda: any(one.waiting for one in _protocols(stream)))
        started = asyncio.get_running_loop().time()
        await stream.live.shutdown()
        assert stream.live.clients == 0
        await until(lambda: not _protocols(stream))
        assert asyncio.get_running_loop().time() - started < 20.0


def _protocols(stream: Stream) -> list[LiveProtocol]:
    return [one for one in stream.server.server_state.connections if isinstance(one, LiveProtocol)]


async def test_a_dead_client_is_found_by_pings(stream: Stream) -> None:
    stream.server.config.ws_ping_interval = 0.1
    stream.server.config.ws_ping_timeout = 3.0
    async with stream.client() as alive, stream.client(close_timeout=0.1) as dead:
        dead.socket.transport.pause_reading()
        await until(lambda: stream.live.clients == 1)
        await alive.quiet()
