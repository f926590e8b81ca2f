"""Answers that come word by word: what holds of other requests, and what only they have."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from services.runtime.clock import SystemClock
from services.runtime.outbound.clients import Outbound, Target
from services.runtime.outbound.transport import (
    STREAMED,
    BrokenAnswer,
    HungUp,
    NotHttp,
    SharedTransport,
)
from tests.kit.runtime import until
from tests.runtime.outbound import test_reading as reading, test_tls as tls
from tests.runtime.outbound.origins import Origin, Talk, answer, outbound, says, serving

pytestmark = pytest.mark.anyio

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_WHOLE = _CHUNKED + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


@pytest.fixture(autouse=True)
def all_are_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request of a test."""
    usual = SharedTransport.handle_async_request

    async def streamed(self: SharedTransport, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, STREAMED: True}
        return await usual(self, request)

    monkeypatch.setattr(SharedTransport, "handle_async_request", streamed)


# The same as of other requests: errors, limits and deadlines, and certificates.
test_an_error_of_the_server_is_an_answer = reading.test_an_error_of_the_server_is_an_answer
test_a_packed_answer_is_unpacked = reading.test_a_packed_answer_is_unpacked
test_an_endless_answer_is_cut = reading.test_an_endless_answer_is_cut_at_the_limit
test_a_hang_ends_at_the_deadline = reading.test_a_hang_ends_at_the_deadline
test_a_hang_ends_at_the_time_out = reading.test_a_hang_ends_at_the_time_out_of_the_target
test_an_answer_that_breaks_off = reading.test_an_answer_that_breaks_off_is_told_as_such
test_a_reset_in_the_middle = reading.test_a_reset_in_the_middle_is_told_as_such
test_a_server_that_hangs_up = reading.test_a_server_that_hangs_up_without_a_word_is_told_as_such
test_what_is_not_http_is_told = reading.test_what_is_not_http_is_told_as_such
test_a_head_without_end_is_cut = reading.test_a_head_without_end_is_cut
test_nobody_listens = reading.test_a_port_where_nobody_listens_is_told_as_such
test_a_header_that_cannot_be_sent = reading.test_a_header_that_cannot_be_sent_is_not_repeated
test_a_body_and_parameters_are_sent = reading.test_a_body_and_parameters_are_sent
test_a_cancelled_request = reading.test_a_cancelled_request_leaves_its_connection_to_nobody
test_a_certificate_of_the_given_ca = tls.test_a_certificate_of_the_given_ca_is_taken
test_a_wrong_ca_is_told = tls.test_a_wrong_ca_is_told_as_such
test_a_certificate_for_another_host = tls.test_a_certificate_for_another_host_is_told_as_such
test_another_server_name_may_be_given = tls.test_another_server_name_may_be_given
test_a_silent_server_is_left = (
    tls.test_a_silent_server_is_left_at_the_deadline_and_its_connection_closed
)


def client(maker: Outbound, origin: Origin) -> httpx.AsyncClient:
    return maker.client(Target(base_url=origin.url(), timeout=5.0))


async def bodies(talk: Talk, count: int = 1) -> tuple[list[bytes], int]:
    """What so many requests after one another are answered, and on how many connections."""
    async with serving(talk) as origin, outbound() as maker:
        asking = client(maker, origin)
        return [(await asking.get("/")).content for _ in range(count)], origin.connections


async def parts(*sent: bytes) -> Sequence[bytes]:
    """What is read of this answer, whose parts are sent once those before them were read."""
    read: list[bytes] = []

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for at, each in enumerate(sent):
            await until(lambda at=at: len(read) >= at)
            writer.write(each)

    async with (
        serving(talk) as origin,
        outbound() as maker,
        client(maker, origin).stream("GET", "/") as answered,
    ):
        async for part in answered.aiter_raw():
            read.append(part)  # noqa: PERF401 - the server looks at it meanwhile
    return read


async def test_a_part_is_given_as_soon_as_it_comes_and_together_what_came_together() -> None:
    read = await parts(_CHUNKED + b"3\r\none\r\n", b"3\r\ntwo\r\n5\r\nthree\r\n", b"0\r\n\r\n")
    assert read == [b"one", b"twothree"]


@pytest.mark.parametrize("size", [1, 5])
async def test_the_same_comes_of_bytes_cut_anywhere(size: int) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for at in range(0, len(_WHOLE), size):
            writer.write(_WHOLE[at : at + size])
            await asyncio.sleep(0)

    assert await bodies(talk) == ([b"onetwo"], 1)


@pytest.mark.parametrize("whole", [_WHOLE, answer(b"onetwo")])
async def test_a_connection_is_used_again_after_a_whole_answer(whole: bytes) -> None:
    assert await bodies(says(whole), 3) == ([b"onetwo"] * 3, 1)


@pytest.mark.parametrize(
    "whole",
    [
        _WHOLE.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
        _WHOLE.replace(b"1.1", b"1.0"),
        _WHOLE + b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled",
    ],
    ids=["close", "an old server", "an answer too many"],
)
async def test_a_connection_that_may_hold_something_else_is_not_used_again(whole: bytes) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)

    found, connections = await bodies(talk, 2)
    assert (found, connections) == ([b"onetwo"] * 2, 2)


async def test_one_that_was_left_in_the_middle_is_closed() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_CHUNKED + b"3\r\none\r\n")
        await writer.drain()
        await asyncio.Event().wait()

    async with serving(talk) as origin, outbound() as maker:
        for _ in range(2):
            async with client(maker, origin).stream("GET", "/") as answered:
                assert await anext(answered.aiter_raw()) == b"one"
        assert origin.connections == 2


async def test_one_that_the_server_has_closed_meanwhile_is_not_used() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_WHOLE)
        await writer.drain()
        writer.close()

    async with serving(talk) as origin, outbound() as maker:
        for _ in range(3):
            assert (await client(maker, origin).get("/")).content == b"onetwo"
            await asyncio.sleep(0.05)  # Longer than one turn of the loop, which hears of it.
        assert origin.connections == 3


async def test_what_only_says_that_there_will_be_an_answer_is_none() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with serving(says(early + _WHOLE)) as origin, outbound() as maker:
        answered = await client(maker, origin).get("/")
    assert (answered.status_code, answered.content) == (200, b"onetwo")
    assert "link" not in answered.headers


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        await writer.drain()
        writer.close()

    assert await bodies(talk) == ([b"all of it"], 1)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (_CHUNKED + b"zz\r\none\r\n", BrokenAnswer),
        (_CHUNKED + b"3\r\non", BrokenAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none", BrokenAnswer),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none",
            httpx.RemoteProtocolError,
        ),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", HungUp),
        (b"HTTP/1.1 200 OK\r\nContent-", HungUp),
        (b"SSH-2.0-OpenSSH_9.6\r\n", NotHttp),
    ],
)
async def test_what_is_no_whole_answer_is_told(sent: bytes, error: type[Exception]) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        writer.close()

    with pytest.raises(error):
        await bodies(talk)


async def test_what_stands_behind_a_body_without_end_is_not_kept() -> None:
    trailers = b"X-More: and more\r\n" * 1000

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_CHUNKED + b"0\r\n" + trailers + b"\r\n")
        await writer.drain()

    async with serving(talk) as origin, outbound() as maker:
        answered = await client(maker, origin).get("/")
    assert "x-more" not in answered.headers


async def test_closing_the_process_ends_answers_under_way() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_CHUNKED)
        await asyncio.Event().wait()

    async with serving(talk) as origin:
        maker = Outbound(SystemClock())
        asked = asyncio.ensure_future(client(maker, origin).get("/"))
        await until(lambda: origin.heads)
        await maker.close()
        with pytest.raises(httpx.HTTPError):
            await asked
