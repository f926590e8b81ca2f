"""Bodies that come slowly, in part, or more at once than there is room for."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.runtime import metrics
from tests.kit.gateway import API, Platform, alert, on_the_wire, webhook
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

POST = 16 * 1024
"""Bytes that a small post counts for."""


@dataclass
class _Post:
    """A post of which a test decides what is sent when."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body."""
        async with asyncio.timeout(10):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(lines[0].split()[1]), headers, json.loads(body)


@asynccontextmanager
async def _post(
    platform: Platform, url: str, path: str, length: int | None
) -> AsyncGenerator[_Post]:
    """The head of a post whose body will have this length; None: in chunks."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        told = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {platform.admin}\r\n{told}\r\n\r\n"
        )
        post = _Post(reader, writer)
        await post.send(head.encode())
        yield post
    finally:
        writer.close()


def _bytes_in_flight() -> float:
    return metrics.REGISTRY.get_sample_value("aiops_alert_bytes_in_flight") or 0.0


def _body(*alerts: Any) -> bytes:
    return json.dumps(webhook(*alerts)).encode()


@pytest.mark.parametrize("door", ["alerts", "clusters"])
async def test_a_body_that_does_not_come_is_given_up(platform: Platform, door: str) -> None:
    cluster = (await platform.register())["id"]
    path = f"{API}/alerts/webhook/{cluster}" if door == "alerts" else f"{API}/clusters"
    async with (
        on_the_wire(platform, body_seconds=0.2) as url,
        _post(platform, url, path, 1000) as post,
    ):
        await post.send(b'{"alerts": [')
        status, headers, body = await post.answer()
    assert (status, body["error"]["code"]) == (503, "OVERLOADED")
    assert headers["retry-after"] == "1"


async def test_a_body_that_is_cut_off_leaves_nothing_behind(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    before, letters = await platform.last_sequence(), len(await platform.letters())
    path, body = f"{API}/alerts/webhook/{cluster}", _body(alert(1))
    async with on_the_wire(platform) as url:
        async with _post(platform, url, path, len(body) + 1) as post:
            await post.send(body)
        async with _post(platform, url, path, len(body)) as post:
            await post.send(body)
            assert (await post.answer())[0] == 202
    await platform.settle()
    assert await platform.last_sequence() == before + 1
    assert len(await platform.letters()) == letters


async def test_alerts_beyond_the_bytes_in_flight_are_sent_away_until_there_is_room(
    platform: Platform,
) -> None:
    cluster = (await platform.register())["id"]
    path, body = f"{API}/alerts/webhook/{cluster}", _body(alert(1))
    async with (
        on_the_wire(platform, alert_bytes_in_flight=len(body) * 2 - 1) as url,
        _post(platform, url, path, len(body)) as first,
    ):
        await first.send(body[:-1])
        await until(_bytes_in_flight)
        async with _post(platform, url, path, len(body)) as second:
            await second.send(body)
            status, headers, told = await second.answer()
            assert (status, told["error"]["code"]) == (503, "OVERLOADED")
            assert headers["retry-after"] == "1"
        await first.send(body[-1:])
        assert (await first.answer())[0] == 202
        async with _post(platform, url, path, len(body)) as third:
            await third.send(body)
            assert (await third.answer())[0] == 202


async def test_a_body_larger_than_the_room_is_taken_when_it_is_alone(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    path, body = f"{API}/alerts/webhook/{cluster}", _body(*(alert(each) for each in range(20)))
    async with (
        on_the_wire(platform, alert_bytes_in_flight=1024) as url,
        _post(platform, url, path, len(body)) as post,
    ):
        await post.send(body)
        assert (await post.answer())[2]["accepted"] == 20


async def test_a_length_beyond_the_limit_is_refused_before_the_body_comes(
    platform: Platform,
) -> None:
    cluster = (await platform.register())["id"]
    for path in (f"{API}/alerts/webhook/{cluster}", f"{API}/clusters"):
        for length in (10_000_001, 10**18):
            async with on_the_wire(platform) as url, _post(platform, url, path, length) as post:
                status, _, told = await post.answer()
                assert (status, told["error"]["code"]) == (413, "BODY_TOO_LARGE")


async def test_a_body_that_drips_does_not_hold_its_room(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    path, body = f"{API}/alerts/webhook/{cluster}", _body(alert(1))
    async with (
        on_the_wire(platform, alert_body_seconds=0.3) as url,
        _post(platform, url, path, len(body)) as post,
    ):

        async def drip() -> None:
            for byte in body[:-1]:
                await post.send(bytes([byte]))
                await asyncio.sleep(0.02)

        dripping = asyncio.ensure_future(drip())
        await until(_bytes_in_flight)
        status, headers, told = await post.answer()
        dripping.cancel()
    assert (status, told["error"]["code"]) == (503, "OVERLOADED")
    assert headers["retry-after"] == "1"
    assert not _bytes_in_flight()


async def test_posts_of_one_cluster_that_hang_leave_room_for_others(platform: Platform) -> None:
    storming, quiet = [(await platform.register())["id"] for _ in range(2)]
    path, body = f"{API}/alerts/webhook/{storming}", _body(alert(1))
    async with (
        on_the_wire(platform, alert_bytes_in_flight=10 * POST) as url,
        AsyncExitStack() as on,
    ):
        hanging = [
            await on.enter_async_context(_post(platform, url, path, len(body))) for _ in range(10)
        ]
        for post in hanging:
            await post.send(body[:-1])
        await until(lambda: _bytes_in_flight() == 5 * POST)
        for _ in range(3):
            elsewhere = f"{API}/alerts/webhook/{quiet}"
            async with _post(platform, url, elsewhere, len(body)) as post:
                await post.send(body)
                assert (await post.answer())[0] == 202
        for post in hanging:
            await post.send(body[-1:])
        answers = [(await post.answer())[0] for post in hanging]
    assert answers.count(202) >= 5, "those that had room, and those that found some in time"
    assert set(answers) <= {202, 503}


async def test_a_body_of_unknown_length_counts_as_the_largest_until_it_is_there(
    platform: Platform,
) -> None:
    clusters = [(await platform.register())["id"] for _ in range(2)]
    first, second = (f"{API}/alerts/webhook/{cluster}" for cluster in clusters)
    body = _body(alert(1))
    async with (
        on_the_wire(platform, alert_bytes_in_flight=15_000_000) as url,
        _post(platform, url, first, None) as chunked,
    ):
        await chunked.send(b"%x\r\n%b\r\n" % (len(body), body))
        await until(lambda: _bytes_in_flight() == 10_000_000)
        async with _post(platform, url, second, None) as other:
            assert (await other.answer())[0] == 503
        await chunked.send(b"0\r\n\r\n")
        assert (await chunked.answer())[0] == 202
    assert not _bytes_in_flight()
