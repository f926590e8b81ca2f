"""Who may follow logs, for how long, and what becomes of clients that take nothing."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.federation import log_tail
from services.runtime.principals import Role
from tests.gateway.live.tailing import (
    FakeTails,
    Question,
    Served,
    TailClient,
    leading,
    serving_tails,
)
from tests.kit.gateway import API, Platform, refused
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

LOKI = {"loki_url": "https://loki.example.invalid:3100"}
TEXT = "x" * 20_000


@pytest.fixture(scope="module")
async def tails(platform: Platform) -> AsyncGenerator[FakeTails]:
    await platform.register(name="tail-a", endpoints=LOKI)
    async with leading(platform) as led:
        yield led


async def session(platform: Platform) -> str:
    begun = await platform.gate.access.redeem(await platform.gate.access.mint_login_code())
    assert begun is not None
    return f"aiops_session={begun.secret}"


async def refusal(client: TailClient) -> tuple[int, str]:
    code, frames = await client.closed()
    return code, frames[-1]["code"]


async def followed(client: TailClient, tails: FakeTails) -> Question:
    """Follow the only cluster; the question that it was asked."""
    (cluster,) = (await client.tail())["clusters"]
    asked = tails.questions.get(cluster["cluster_id"], [])
    found = await tails.question(cluster["cluster_id"], len(asked))
    await client.until_status("FOLLOWING", cluster["cluster_id"])
    return found


async def test_a_client_logs_in_as_on_the_event_stream(
    platform: Platform, tails: FakeTails
) -> None:
    tails.clear()
    cookie = {"Cookie": await session(platform)}
    async with serving_tails(platform) as served:
        async with served.client(None) as client:
            await client.say(type="tail", query="{}")
            assert await refusal(client) == (4401, "AUTH_FAILED")
        async with served.client(None) as client:
            await client.say(type="auth", token="wrong")
            assert await refusal(client) == (4401, "AUTH_FAILED")
        origin = f"http://127.0.0.1:{served.port}"
        async with served.client(None, additional_headers=cookie, origin=origin) as client:
            assert (await client.next())["role"] == "admin"
            await client.say(type="auth", token="again")
            assert (await client.next())["code"] == "INVALID_MESSAGE"
        evil = "http://evil.example"
        async with served.client(None, additional_headers=cookie, origin=evil) as client:
            assert await refusal(client) == (4401, "AUTH_FAILED")
    async with (
        serving_tails(platform, auth_seconds=0.3) as served,
        served.client(None) as silent,
    ):
        assert await refusal(silent) == (4401, "AUTH_FAILED")
    assert tails.questions == {}


@pytest.mark.parametrize("path", ["/ws", "/api/v1/logs/tail"])
async def test_a_socket_for_another_host_is_not_opened(platform: Platform, path: str) -> None:
    """A name that leads here by a trick (DNS rebinding) is not one of ours."""
    async with serving_tails(platform) as served:
        with pytest.raises(InvalidStatus) as told:
            async with connect(f"ws://evil.example{path}", host="127.0.0.1", port=served.port):
                pass
    assert told.value.response.status_code == 403


async def test_who_posts_alerts_may_not_follow_logs(platform: Platform, tails: FakeTails) -> None:
    token = await platform.token(Role.INGEST)
    async with serving_tails(platform) as served, served.client(token) as client:
        await client.say(type="tail", query="{}")
        assert await refusal(client) == (4401, "PERMISSION_DENIED")


async def test_a_token_that_is_revoked_ends_its_tail(platform: Platform, tails: FakeTails) -> None:
    tails.clear()
    token = await platform.token(Role.ADMIN)
    async with (
        serving_tails(platform, recheck_seconds=0.1) as served,
        served.client(token) as gone,
        served.client() as stays,
    ):
        question = await followed(gone, tails)
        await platform.gate.access.revoke(token)
        assert await refusal(gone) == (4401, "AUTH_EXPIRED")
        await until(lambda: question.gone)
        await stays.quiet()


async def test_tails_count_among_the_live_connections(platform: Platform, tails: FakeTails) -> None:
    async with (
        serving_tails(platform, limits={"max_clients": 1}) as served,
        served.client(path="/ws"),
        served.client(None) as second,
    ):
        assert await refusal(second) == (1013, "RATE_LIMITED")


async def test_a_restart_sends_clients_away_and_nobody_is_asked_any_more(
    platform: Platform, tails: FakeTails
) -> None:
    tails.clear()
    async with serving_tails(platform) as served, served.client() as client:
        question = await followed(client, tails)
        await served.live.shutdown()
        code, frames = await client.closed()
        assert code == 1012
        assert (frames[-1]["type"], frames[-1]["reason"]) == ("disconnect", "restart")
        await until(lambda: question.gone)


async def test_a_client_that_hangs_up_leaves_no_question(
    platform: Platform, tails: FakeTails
) -> None:
    tails.clear()
    async with serving_tails(platform) as served, served.client() as client:
        question = await followed(client, tails)
        client.socket.transport.abort()
        await until(lambda: question.gone)
        await until(lambda: served.live.clients == 0)


async def test_what_is_no_websocket_is_refused_as_everywhere(
    platform: Platform, tails: FakeTails
) -> None:
    refused(await platform.http.get(f"{API}/logs/tail"), "NOT_FOUND")


@asynccontextmanager
async def narrow(served: Served) -> AsyncGenerator[TailClient]:
    """A client that takes little in advance: what it does not read stays with the server."""
    below = socket.socket()
    below.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    below.setblocking(False)
    await asyncio.get_running_loop().sock_connect(below, ("127.0.0.1", served.port))
    async with served.client(sock=below, max_queue=1, close_timeout=0.1) as client:
        yield client


async def flood(question: Question, first: int, last: int) -> None:
    """Many large lines, ever newer; returns once they were taken, or are not wanted any more."""
    for number in range(first, last, 4):
        question.say(*((each, f"{each} {TEXT}") for each in range(number, number + 4)))
    taken = question.asked.reply
    await until(lambda: taken.chunk > last // 4 or taken.gone)


async def test_a_burst_is_told_whole_to_a_client_that_takes_it(
    platform: Platform, tails: FakeTails
) -> None:
    tails.clear()
    count = 1_200
    async with serving_tails(platform) as served, served.client() as client:
        await flood(await followed(client, tails), 0, count)
        assert len(await client.until_lines(count)) == count
        assert not any(entry.get("late") for entry in client.entries)


async def test_a_slow_client_is_told_how_much_it_has_missed(
    platform: Platform, tails: FakeTails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "_PATIENCE", 0.001)
    tails.clear()
    count = 1_200
    limits = {"slow_client_seconds": 600.0}  # However long it takes here, it is not cut off.
    async with (
        serving_tails(platform, limits=limits) as served,
        narrow(served) as slow,
        served.client() as quick,
    ):
        asked = await followed(slow, tails)
        other = await followed(quick, tails)
        await flood(asked, 0, count)
        await flood(other, 0, 100)
        assert len(await quick.until_lines(100)) == 100
        dropped = 0
        while not slow.texts or not slow.texts[-1].startswith(f"{count - 1} "):
            frame = await slow.next()
            dropped += frame.get("count", 0)
        assert dropped > 0
        assert len(slow.texts) + dropped == count
        numbers = [int(text.split(" ")[0]) for text in slow.texts]
        assert numbers == sorted(numbers)


async def test_a_stuck_client_is_cut_off_and_holds_up_nobody(
    platform: Platform, tails: FakeTails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "_PATIENCE", 0.01)
    tails.clear()
    limits = {"slow_client_seconds": 1.0}
    async with (
        serving_tails(platform, limits=limits) as served,
        narrow(served) as stuck,
        served.client() as quick,
    ):
        asked, other = await followed(stuck, tails), await followed(quick, tails)
        await flood(asked, 0, 200)
        await flood(other, 0, 40)
        assert len(await quick.until_lines(40)) == 40
        await until(lambda: asked.gone)
        code, frames = await stuck.closed()
        assert (code, frames[-1]["type"], frames[-1]["reason"]) == (4408, "disconnect", "slow")
        await quick.quiet()
