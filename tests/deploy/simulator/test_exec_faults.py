"""What goes wrong with commands in pods, on demand."""

import asyncio
import contextlib
import ssl
import time

import pytest
import websockets

from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from tests.deploy.simulator.executing import QUERY, SUCCESS, V5, Asking, asking_gpus


@pytest.fixture
def asking(running: Running) -> Asking:
    return asking_gpus(running)


async def test_a_hanging_server_opens_nothing(asking: Asking) -> None:
    asking.cluster.fail(FaultKind.HANG)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), asking.connect(asking.path()):
            pass


async def test_a_reset_comes_in_the_middle_of_the_output(asking: Asking) -> None:
    whole = (await asking.said(["echo", "0123456789" * 10])).text(1)
    asking.cluster.fail(FaultKind.RESET)
    async with asking.connect(asking.path(["echo", "0123456789" * 10])) as socket:
        messages = [await socket.recv() for _ in range(2)]
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.recv()
    assert messages == [b"\x01", b"\x01" + whole[: len(whole) // 2].encode()]


async def test_output_drips(asking: Asking) -> None:
    asking.cluster.fail(Fault(FaultKind.DRIP, bytes_per_second=100))
    began = time.monotonic()
    said = await asking.said(["echo", "0123456789" * 5])
    assert said.text(1) == "0123456789" * 5 + "\n"
    assert said.status == SUCCESS
    assert max(len(message) for message in said.messages[:-1]) == 11
    assert time.monotonic() - began >= (51 + len(said.text(3))) / 100 * 0.9


async def test_output_may_seem_to_have_no_end(asking: Asking) -> None:
    asking.cluster.fail(Fault(FaultKind.HUGE, size=1_000_000))
    said = await asking.said(QUERY)
    assert 1_000_000 <= len(said.text(1)) < 1_050_000
    assert said.status == SUCCESS


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(FaultKind.STATUS, status=503), 503),
        (Fault(FaultKind.HTML), 200),
        (Fault(FaultKind.REDIRECT), 302),
        (Fault(FaultKind.GARBAGE), 200),
        (Fault(FaultKind.EXPIRED_TOKEN), 401),
    ],
)
async def test_other_faults_come_instead_of_the_websocket(
    asking: Asking, fault: Fault, code: int
) -> None:
    # Not by `connect`, which follows redirects as a browser would.
    asking.cluster.fail(fault)
    assert await status_line(asking) == code


async def test_a_websocket_begins_with_a_get(asking: Asking) -> None:
    assert await status_line(asking) == 101
    assert await status_line(asking, "POST") == 405


async def status_line(asking: Asking, method: str = "GET") -> int:
    url = asking.cluster.api_url.removeprefix("https://")
    where, _, prefix = url.partition("/")
    host, _, port = where.partition(":")
    context = ssl.create_default_context(cadata=asking.running.authority.pem.decode())
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    lines = (
        f"{method} /{prefix}{asking.path()} HTTP/1.1",
        f"Host: {where}",
        f"Authorization: Bearer {asking.token}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
        f"Sec-WebSocket-Protocol: {V5}",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    answer = await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return int(answer.split()[1])


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.DRIP])
async def test_the_end_does_not_wait_for_an_open_websocket(fleet: Fleet, kind: FaultKind) -> None:
    async with simulating(fleet, Options(bad_tls=False)) as running:
        asking = asking_gpus(running)
        asking.cluster.fail(kind)
        asked = asyncio.create_task(asking.said(QUERY))
        await asyncio.wait([asked], timeout=0.3)
        assert not asked.done()
        began = time.monotonic()
    assert time.monotonic() - began < 20
    await asyncio.gather(asked, return_exceptions=True)


async def test_nothing_about_websockets_is_logged_as_an_error(
    asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in FaultKind:
        asking.cluster.fail(Fault(kind, size=100_000))
        with contextlib.suppress(TimeoutError, OSError, websockets.WebSocketException):
            async with asyncio.timeout(0.3):
                await asking.said(QUERY)
    asking.cluster.fail(FaultKind.NONE)
    assert (await asking.said(QUERY)).status == SUCCESS
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_fault_of_another_part_does_no_harm(asking: Asking) -> None:
    asking.cluster.fail(FaultKind.HANG, Part.PROMETHEUS)
    assert (await asking.said(["echo"])).status == SUCCESS
