"""A whole answer within its bytes and seconds, or a fault that says why not."""

import asyncio
import gzip
import socket
import struct
import time
import traceback
import tracemalloc
import zlib
from dataclasses import dataclass, field

import httpx
import pytest

from services.runtime.outbound.clients import Target
from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.reading import Answer, Options, fetch
from tests.kit.authorities import authority
from tests.kit.runtime import until
from tests.runtime.outbound.origins import (
    Origin,
    Talk,
    answer,
    names,
    outbound,
    says,
    serving,
)

pytestmark = pytest.mark.anyio

OURS = authority()
SECRET = "sha256~not-to-be-told"
_LATE = 20.0
"""Seconds: an end that no deadline brought would be later still."""


@dataclass(frozen=True)
class Asked:
    """How a server is asked."""

    limit: int = 10_000
    deadline: float = 5.0
    timeout: float = 5.0
    method: str = "GET"
    options: Options = field(default_factory=Options)


async def ask(origin: Origin, asked: Asked = Asked(), host: str = "127.0.0.1") -> Answer:
    known = names(api="127.0.0.1", other="127.0.0.1")
    async with outbound(resolve=known) as maker:
        target = Target(base_url=origin.url(host), ca=OURS.pem, token=SECRET, timeout=asked.timeout)
        return await fetch(
            maker.client(target),
            asked.method,
            "/path",
            limit_bytes=asked.limit,
            deadline_seconds=asked.deadline,
            options=asked.options,
        )


async def of(talk: Talk, asked: Asked = Asked()) -> Answer:
    async with serving(talk) as origin:
        return await ask(origin, asked)


async def fault(talk: Talk, asked: Asked = Asked()) -> Fault:
    with pytest.raises(Fault) as caught:
        await of(talk, asked)
    assert SECRET not in f"{caught.value} {caught.value.message} {caught.value.advice}"
    return caught.value


def packed(body: bytes, encoding: str = "gzip") -> bytes:
    return answer(body, "200 OK", f"Content-Encoding: {encoding}")


async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del writer
    await asyncio.Event().wait()


@pytest.mark.parametrize("status", ["404 Not Found", "500 Internal Server Error", "503 Busy"])
async def test_an_error_of_the_server_is_an_answer(status: str) -> None:
    found = await of(says(answer(b"no", status)))
    assert (found.status, found.body) == (int(status[:3]), b"no")


async def test_html_is_an_answer() -> None:
    page = answer(b"<html>log in</html>", "200 OK", "Content-Type: text/html")
    found = await of(says(page))
    assert (found.headers["content-type"], found.body) == ("text/html", b"<html>log in</html>")


async def test_a_packed_answer_is_unpacked() -> None:
    found = await of(says(packed(gzip.compress(b"ok" * 1000))))
    assert found.body == b"ok" * 1000


async def test_only_what_can_be_unpacked_is_asked_for() -> None:
    async with serving(says(answer())) as origin:
        await ask(origin)
    assert origin.header("accept-encoding") == "gzip"
    assert (await fault(says(packed(b"x", "br")))).kind is FaultKind.NOT_HTTP
    assert (await fault(says(packed(b"no gzip")))).kind is FaultKind.NOT_HTTP


async def test_a_packed_answer_that_ends_too_early_is_no_answer() -> None:
    assert (await fault(says(packed(gzip.compress(b"ok" * 99)[:-9])))).kind is FaultKind.RESET


async def test_an_empty_answer_may_call_itself_packed() -> None:
    assert (await of(says(packed(b"")))).body == b""


async def test_an_answer_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert len((await of(says(answer(b"x" * 500)), Asked(limit=500))).body) == 500
    found = await fault(says(answer(b"x" * 501)), Asked(limit=500))
    assert (found.kind, "500 bytes" in found.message) == (FaultKind.TOO_LARGE, True)


async def test_the_limit_counts_what_is_unpacked() -> None:
    bomb = zlib.compress(bytes(50_000_000), wbits=31)
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        found = await fault(says(packed(bomb)), Asked(limit=100_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.kind is FaultKind.TOO_LARGE
    assert peak < 10_000_000


async def test_an_endless_answer_is_cut_at_the_limit() -> None:
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    assert (await fault(endless, Asked(limit=1_000_000))).kind is FaultKind.TOO_LARGE


async def test_a_hang_ends_at_the_deadline() -> None:
    started = time.monotonic()
    found = await fault(hang, Asked(deadline=0.2))
    assert (found.kind, "0.2 s" in found.message) == (FaultKind.TIMEOUT, True)
    assert 0.2 <= time.monotonic() - started < _LATE


async def test_a_hang_ends_at_the_time_out_of_the_target() -> None:
    assert (await fault(hang, Asked(timeout=0.1))).kind is FaultKind.TIMEOUT


async def test_a_drip_ends_at_the_deadline_though_each_read_is_in_time() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in answer(b"x" * 2000):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    started = time.monotonic()
    found = await fault(drip, Asked(deadline=0.3, timeout=0.2))
    assert found.kind is FaultKind.TIMEOUT
    assert 0.3 <= time.monotonic() - started < _LATE


async def test_an_answer_that_breaks_off_is_told_as_such() -> None:
    async def breaks_off(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"x" * 1000)[:-500])
        await writer.drain()
        writer.close()

    found = await fault(breaks_off)
    assert (found.kind, "broke off" in found.message) == (FaultKind.RESET, True)


async def test_a_reset_in_the_middle_is_told_as_such() -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"x" * 1000)[:-500])
        await writer.drain()
        await asyncio.sleep(0.02)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    found = await fault(reset)
    assert (found.kind, "127.0.0.1" in found.message) == (FaultKind.RESET, True)


async def test_a_server_that_hangs_up_without_a_word_is_told_as_such() -> None:
    async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    assert (await fault(hangs_up)).kind is FaultKind.RESET


@pytest.mark.parametrize("noise", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x46"])
async def test_what_is_not_http_is_told_as_such(noise: bytes) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(noise + b"\r\n\r\n")
        await writer.drain()

    assert (await fault(talk)).kind is FaultKind.NOT_HTTP


async def test_a_head_without_end_is_cut() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: and more\r\n" * 1000)
            await writer.drain()

    assert (await fault(talk)).kind is FaultKind.NOT_HTTP


async def test_a_port_where_nobody_listens_is_told_as_such() -> None:
    async with serving(says(answer())) as origin:
        pass
    with pytest.raises(Fault) as caught:
        await ask(origin)
    assert caught.value.kind is FaultKind.CONNECTION_REFUSED
    assert caught.value.message == f"127.0.0.1:{origin.port} refuses connections"


async def test_too_many_requests_to_one_host_wait_no_longer_than_they_may() -> None:
    async with serving(hang) as origin, outbound() as maker:
        client = maker.client(Target(base_url=origin.url(), timeout=0.3))

        async def one() -> str:
            with pytest.raises(Fault) as caught:
                await fetch(client, "GET", "/", limit_bytes=9, deadline_seconds=5)
            return f"{caught.value.kind} {caught.value.message}"

        told = await asyncio.gather(*(one() for _ in range(20)))
    assert {text.split()[0] for text in told} == {"TIMEOUT"}
    assert origin.connections <= 20


async def test_a_header_that_cannot_be_sent_is_not_repeated() -> None:
    options = Options(headers={"X-Key": f"{SECRET}\n"})
    found = await fault(says(answer()), Asked(options=options))
    assert found.kind is FaultKind.OTHER
    async with serving(says(answer())) as origin, outbound() as maker:
        client = maker.client(Target(base_url=origin.url()))
        with pytest.raises(httpx.LocalProtocolError) as caught:
            await client.get("/", headers={"X-Key": f"{SECRET}\n"})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_body_and_parameters_are_sent() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(await reader.readexactly(9)))

    async with serving(echo) as origin:
        options = Options(params={"q": "up==1"}, content=b"query=up1")
        found = await ask(origin, Asked(method="POST", options=options))
    assert found.body == b"query=up1"
    assert origin.heads[0].startswith("POST /path?q=up%3D%3D1 HTTP/1.1")


async def test_a_cancelled_request_leaves_its_connection_to_nobody() -> None:
    async with serving(hang) as origin, outbound() as maker:
        client = maker.client(Target(base_url=origin.url()))
        going = asyncio.create_task(fetch(client, "GET", "/", limit_bytes=9, deadline_seconds=5))
        await until(lambda: origin.heads)
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
        with pytest.raises(Fault):
            await fetch(client, "GET", "/", limit_bytes=9, deadline_seconds=0.1)
        assert origin.connections == 2
