"""More requests than can be worked on, and heads that come slowly or are too large."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from litestar import Response, get
from litestar.response import Stream

from gateway.auth.guards import PUBLIC
from gateway.limits.heads import HEAD_BYTES, HEAD_SECONDS
from tests.gateway.access.limited import Limited, gateway, served, talk
from tests.kit.gateway import API, Platform, alert, refused, webhook
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ASK = b"GET /auth/me HTTP/1.1\r\nHost: localhost\r\n"


@dataclass
class Work:
    """Routes whose answers a test holds back."""

    asked: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def on(self, platform: Platform, most: int) -> Limited:
        """A gateway with these routes that works on so many requests at once."""

        @get("/work", opt=PUBLIC)
        async def work() -> Response[str]:
            self.asked += 1
            await self.go_on.wait()
            return Response("done")

        @get("/stream", opt=PUBLIC)
        async def stream() -> Stream:
            async def chunks() -> AsyncGenerator[bytes, None]:
                self.asked += 1
                yield b"begun"
                await self.go_on.wait()

            return Stream(chunks())

        return gateway(platform, work, stream, enabled=False, most_in_flight=most)


async def test_in_overload_others_are_refused_at_once_but_alerts_and_health_are_not(
    platform: Platform,
) -> None:
    cluster = (await platform.register())["id"]
    work = Work()
    limited = work.on(platform, most=2)
    async with limited.client(platform.admin) as client:
        busy = [asyncio.ensure_future(client.get("/work")) for _ in range(2)]
        await until(lambda: work.asked == 2)
        for path in ("/auth/me", f"{API}/clusters", "/work"):
            answer = await client.get(path)
            refused(answer, "OVERLOADED")
            assert answer.headers["retry-after"] == "1"
        assert work.asked == 2
        for path in ("/health", "/ready", "/metrics"):
            assert (await client.get(path)).status_code == 200
        told = webhook(alert())
        answer = await client.post(f"{API}/alerts/webhook/{cluster}", json=told)
        assert answer.status_code == 202
        work.go_on.set()
        assert [each.text for each in await asyncio.gather(*busy)] == ["done", "done"]
        assert (await client.get("/auth/me")).status_code == 200


async def test_one_that_hangs_up_or_fails_makes_room(platform: Platform) -> None:
    work = Work()
    limited = work.on(platform, most=1)
    async with limited.client(platform.admin) as client:
        leaving = asyncio.ensure_future(client.get("/work"))
        await until(lambda: work.asked == 1)
        leaving.cancel()
        await asyncio.wait([leaving])
        for path in (f"{API}/none", f"{API}/clusters/none", "/auth/me"):
            assert (await client.get(path)).status_code != 503


async def test_answers_that_have_begun_are_no_work_any_more(platform: Platform) -> None:
    work = Work()
    async with served(work.on(platform, most=1)) as port, _socket(port) as socket:
        await socket.send(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: work.asked == 1)
        async with _socket(port) as other:
            await other.send(ASK + b"\r\n")
            assert await other.status() == 401
        work.go_on.set()


async def test_in_overload_a_request_is_refused_before_its_body_comes(platform: Platform) -> None:
    work = Work()
    async with (
        served(work.on(platform, most=1)) as port,
        _socket(port) as busy,
        _socket(port) as socket,
    ):
        await busy.send(b"GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: work.asked == 1)
        head = f"POST {API}/clusters HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n"
        await socket.send(head.encode() + b"\r\n")
        assert await socket.status() == 503
        work.go_on.set()
        assert await busy.status() == 200


@dataclass
class _Socket:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        """Of the next answer."""
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await self.reader.readexactly(int(line.split(b":")[1]))
        return int(head.split()[1])

    async def ended(self) -> bytes:
        """What comes until the server closes the connection."""
        async with asyncio.timeout(10):
            return await self.reader.read()


@asynccontextmanager
async def _socket(port: int) -> AsyncGenerator[_Socket]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield _Socket(reader, writer)
    finally:
        writer.close()


async def _time_of_a_head(port: int) -> None:
    """Wait for as long as a head may take: until somebody who sends none is sent away."""
    async with _socket(port) as silent:
        await silent.ended()


def test_a_head_has_ten_seconds_and_sixty_four_kibibytes() -> None:
    assert (HEAD_SECONDS, HEAD_BYTES) == (10.0, 65_536)


@pytest.mark.parametrize(
    "begun", [b"GET /auth/me HT", ASK, ASK + b"X-Slow: a", ASK + b"\r\n" + ASK], ids=repr
)
async def test_a_head_that_does_not_come_in_time_ends_the_connection(
    platform: Platform, begun: bytes
) -> None:
    async with served(gateway(platform), head_seconds=1) as port, _socket(port) as socket:
        await socket.send(begun)
        if begun.startswith(ASK + b"\r\n"):
            assert await socket.status() == 401
        assert (await socket.ended()).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_on_which_nothing_comes_ends_without_a_word(platform: Platform) -> None:
    async with served(gateway(platform), head_seconds=0.1) as port, _socket(port) as socket:
        assert await socket.ended() == b""


async def test_a_byte_now_and_then_keeps_no_connection(platform: Platform) -> None:
    async with served(gateway(platform), head_seconds=0.3) as port:
        for before, drip in ((ASK, b"x"), (ASK + b"\r\n", b"\r\n")):
            async with _socket(port) as socket:
                await socket.send(before)
                if before != ASK:
                    assert await socket.status() == 401
                ended = asyncio.ensure_future(socket.ended())
                while not ended.done():
                    socket.writer.write(drip)
                    await asyncio.wait([ended], timeout=0.02)
                assert ended.exception() is None or isinstance(ended.exception(), OSError)


async def test_slow_heads_do_no_harm_to_others(platform: Platform) -> None:
    limited = gateway(platform)
    async with served(limited) as port:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
        for _, writer in slow:
            writer.write(ASK)
        async with _socket(port) as socket:
            await socket.send(ASK + b"\r\n")
            assert await socket.status() == 401
        for _, writer in slow:
            writer.close()


LARGE = b"x" * (HEAD_BYTES + 1)


@pytest.mark.parametrize(
    "head",
    [
        ASK + b"X-Large: " + LARGE + b"\r\n\r\n",
        ASK + b"X-Endless: " + LARGE,
        ASK + LARGE,
        ASK + b"".join(b"X-%d: %s\r\n" % (each, LARGE[:1000]) for each in range(70)) + b"\r\n",
        b"GET /auth/me?" + LARGE + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /" + LARGE,
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"X-Large: " + LARGE + b"\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        b"X-Large: " + LARGE + b"\r\n\r\n{}",
    ],
    ids=["header", "endless header", "endless name", "many", "query", "path", "socket", "body"],
)
async def test_a_head_that_is_too_large_is_refused(platform: Platform, head: bytes) -> None:
    async with served(gateway(platform, talk)) as port:
        async with _socket(port) as socket:
            await socket.send(head)
            assert (await socket.ended()).startswith(b"HTTP/1.1 431 ")
        async with _socket(port) as socket:
            await socket.send(ASK + b"X-Fits: " + LARGE[:60_000] + b"\r\n\r\n")
            assert await socket.status() == 401


async def test_a_connection_serves_one_request_after_another_with_pauses(
    platform: Platform,
) -> None:
    async with served(gateway(platform), head_seconds=1) as port, _socket(port) as socket:
        for _ in range(3):
            await socket.send(ASK[:10])
            await socket.send(ASK[10:] + b"\r\n")
            assert await socket.status() == 401
            # Longer than a head may take: between requests there is no hurry.
            await _time_of_a_head(port)
        await socket.send((ASK + b"\r\n") * 3)
        assert [await socket.status() for _ in range(3)] == [401] * 3


async def test_a_body_may_take_longer_than_a_head(platform: Platform) -> None:
    head = b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    async with served(gateway(platform), head_seconds=1) as port, _socket(port) as socket:
        await socket.send(head + b"Content-Length: 14\r\n\r\n")
        for part in (b'{"code', b'":"no', b'"} '):
            await _time_of_a_head(port)
            await socket.send(part)
        assert await socket.status() == 401


async def test_a_socket_outlives_the_time_of_a_head(platform: Platform) -> None:
    handshake = (
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    limited = gateway(platform, talk)
    async with served(limited, head_seconds=1) as port, _socket(port) as socket:
        # On a connection that has served a request before.
        await socket.send(ASK + b"\r\n")
        assert await socket.status() == 401
        await socket.send(handshake)
        assert await socket.status() == 101
        assert await socket.reader.readexactly(7) == b"\x81\x05hello"
        for _ in range(2):
            await _time_of_a_head(port)
            await socket.send(b"\x81\x81\0\0\0\0x")
            assert await socket.reader.readexactly(3) == b"\x81\x01x"
