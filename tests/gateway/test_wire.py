"""Bodies that come slowly, in part, or more at once than there is room for."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.kit.gateway import API, Platform, alert, on_the_wire, webhook

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


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
async def _post(platform: Platform, url: str, path: str, length: int) -> AsyncGenerator[_Post]:
    """The head of a post whose body will have this length."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {platform.admin}\r\nContent-Length: {length}\r\n\r\n"
        )
        post = _Post(reader, writer)
        await post.send(head.encode())
        yield post
    finally:
        writer.close()


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
