"""The network below HTTP: what comes waits its turn, and every end is told as such."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpcore
import pytest

from services.runtime.outbound.sockets import EventLoopNetwork
from tests.kit.authorities import authority

pytestmark = pytest.mark.anyio

Pair = tuple[httpcore.AsyncNetworkStream, asyncio.StreamReader, asyncio.StreamWriter]
CA = authority()


def _contexts(*, tls: bool) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    if not tls:
        return None, None
    return CA.server_identity().server(), ssl.create_default_context(cadata=CA.pem)


@asynccontextmanager
async def connected(*, tls: bool) -> AsyncGenerator[Pair]:
    """A connection, and its other end."""
    theirs, ours = _contexts(tls=tls)
    came: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
        asyncio.get_running_loop().create_future()
    )
    over = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set_result((reader, writer))
        await over.wait()
        writer.transport.abort()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=theirs)
    port = server.sockets[0].getsockname()[1]
    stream = await EventLoopNetwork().connect_tcp("127.0.0.1", port, 5)
    if ours is not None:
        stream = await stream.start_tls(ours, "localhost", 5)
    try:
        yield stream, *(await came)
    finally:
        await stream.aclose()
        over.set()
        server.close()
        await server.wait_closed()


either = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


@either
async def test_what_is_sent_comes_in_order_and_whole(*, tls: bool) -> None:
    sent = bytes(range(256)) * 20_000
    async with connected(tls=tls) as (stream, reader, writer):
        writer.write(sent)
        came = b""
        while len(came) < len(sent):
            came += await stream.read(65_536, 5)
        assert came == sent
        writing = asyncio.ensure_future(stream.write(sent, 5))
        assert await reader.readexactly(len(sent)) == sent
        await writing


@either
async def test_one_who_does_not_read_holds_up_the_sender(*, tls: bool) -> None:
    async with connected(tls=tls) as (stream, _, writer):
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(480):
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536

        sending = asyncio.ensure_future(send())
        await asyncio.sleep(0.3)
        assert sent < 20_000_000
        came = 0
        while came < 480 * 65_536:
            came += len(await stream.read(1_000_000, 5))
        await sending


@either
async def test_sending_to_one_who_does_not_read_ends_in_time(*, tls: bool) -> None:
    async with connected(tls=tls) as (stream, _, _writer):
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(b"x" * 60_000_000, 0.2)


@either
async def test_silence_ends_in_time_and_the_connection_goes_on(*, tls: bool) -> None:
    async with connected(tls=tls) as (stream, _, writer):
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(100, 0.05)
        writer.write(b"late")
        assert await stream.read(100, 5) == b"late"


@either
async def test_a_clean_end_is_the_end_and_shows_before_it_is_read(*, tls: bool) -> None:
    async with connected(tls=tls) as (stream, _, writer):
        assert stream.get_extra_info("is_readable") is False
        writer.write(b"last words")
        writer.close()
        assert await stream.read(100, 5) == b"last words"
        assert await stream.read(100, 5) == b""
        assert stream.get_extra_info("is_readable") is True


async def test_a_reset_is_told_with_its_cause() -> None:
    async with connected(tls=False) as (stream, _, writer):
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        with pytest.raises(httpcore.ReadError) as told:
            await stream.read(100, 5)
        assert isinstance(told.value.__cause__, ConnectionResetError)


async def test_a_certificate_that_is_not_trusted_is_told_with_its_cause() -> None:
    theirs, _ = _contexts(tls=True)
    server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0, ssl=theirs)
    port = server.sockets[0].getsockname()[1]
    stream = await EventLoopNetwork().connect_tcp("127.0.0.1", port, 5)
    with pytest.raises(httpcore.ConnectError) as told:
        await stream.start_tls(ssl.create_default_context(), "localhost", 5)
    assert isinstance(told.value.__cause__, ssl.SSLCertVerificationError)
    await stream.aclose()
    server.close()
    await server.wait_closed()


async def test_nobody_there_and_no_way_there_are_told_apart() -> None:
    server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(httpcore.ConnectError) as told:
        await EventLoopNetwork().connect_tcp("127.0.0.1", port, 5)
    assert isinstance(told.value.__cause__, ConnectionRefusedError)
