"""Whose rights change while a door is open is sent away at every gateway, and comes back with the
new ones."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from gateway.auth.credentials import SESSION_COOKIE
from services.runtime.access import Session
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.settings import Settings
from tests.gateway.access.doors import LOGS, SSE, WS, Listener
from tests.gateway.access.users import logged_in
from tests.kit.gateway import API, Platform
from tests.kit.gateway_process import GatewayProcess, wired
from tests.kit.live import ADMIN, Frame, serving
from tests.kit.runtime import eventually

pytestmark = [
    pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(120),
]  # fmt: skip

SOON = 20.0
"""Seconds: a login is checked again by itself only after a minute."""
PATHS = (WS, LOGS)


@dataclass
class Gateways:
    """Two processes that read the same bindings."""

    platform: Platform
    processes: list[GatewayProcess]
    file: Path

    def bind(self, **roles: str) -> None:
        """Users of these groups have these roles now."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps([{"group": g, "role": role} for g, role in roles.items()]))
        new.replace(self.file)

    @asynccontextmanager
    async def sockets(self, *, token: str = "", cookie: str = "") -> AsyncGenerator[list[Listener]]:
        """One of each kind at each gateway, for who shows this."""
        async with AsyncExitStack() as stack:
            found: list[Listener] = []
            for process in self.processes:
                for path in PATHS:
                    url = f"ws://127.0.0.1:{process.port}{path}"
                    options: dict[str, Any] = {"compression": None}
                    if cookie:
                        headers = {"cookie": f"{SESSION_COOKIE}={cookie}"}
                        origin = f"http://127.0.0.1:{process.port}"
                        options |= {"origin": origin, "additional_headers": headers}
                    found.append(Listener(await stack.enter_async_context(connect(url, **options))))
                    if token:
                        await found[-1].say(type="auth", token=token)
            yield found

    @asynccontextmanager
    async def streams(self, headers: dict[str, str]) -> AsyncGenerator[list[httpx.Response]]:
        """One of server-sent events from each gateway."""
        async with AsyncExitStack() as stack:
            found: list[httpx.Response] = []
            for process in self.processes:
                base = f"http://127.0.0.1:{process.port}"
                client = await stack.enter_async_context(httpx.AsyncClient(base_url=base))
                asked = client.stream("GET", SSE, headers=headers, timeout=30)
                found.append(await stack.enter_async_context(asked))
            yield found

    def client(self, number: int, headers: dict[str, str]) -> httpx.AsyncClient:
        """A client of one gateway."""
        base = f"http://127.0.0.1:{self.processes[number].port}"
        transport = httpx.AsyncHTTPTransport()
        return self.platform.client(base_url=base, transport=transport, headers=headers)


@pytest.fixture(scope="module")
async def gateways(platform: Platform, platform_settings: Settings) -> AsyncGenerator[Gateways]:
    file = platform_settings.data_dir / "bindings.yaml"
    file.write_text("[]")
    processes: list[GatewayProcess] = []
    try:
        for _ in range(2):
            wiring = wired(platform_settings)
            told = {**wiring.environment, "AIOPS_ACCESS__BINDINGS_FILE": str(file)}
            process = await asyncio.to_thread(GatewayProcess, replace(wiring, environment=told))
            processes.append(process)
        yield Gateways(platform, processes, file)
    finally:
        for process in processes:
            await asyncio.to_thread(process.stop)


def _cookie(session: Session) -> dict[str, str]:
    return {"cookie": f"{SESSION_COOKIE}={session.secret}"}


async def _greeted(sockets: list[Listener]) -> list[str | None]:
    """The roles that they have been told."""
    told = [await socket.next() for socket in sockets]
    assert {each["type"] for each in told} == {"auth_response"}, told
    return [each["role"] for each in told]


async def _sent_away(sockets: list[Listener]) -> None:
    ends = [await socket.closed() for socket in sockets]
    assert [code for code, _ in ends] == [4401] * len(sockets)
    assert {frames[-1]["code"] for _, frames in ends} == {"AUTH_EXPIRED"}


async def _refused(sockets: list[Listener]) -> None:
    ends = [await socket.closed() for socket in sockets]
    assert [(code, _codes(frames)) for code, frames in ends] == [(4401, ["AUTH_FAILED"])] * 4


def _codes(frames: list[Frame]) -> list[str]:
    return [each["code"] for each in frames]


async def _over(streams: list[httpx.Response]) -> None:
    for stream in streams:
        text = (await stream.aread()).decode()
        assert "AUTH_EXPIRED" in text, text


async def _token(gateways: Gateways, role: Role, name: str = "bot") -> tuple[str, str]:
    """A token, made by REST: its id and secret."""
    body = {"name": name, "role": role.value}
    answer = await gateways.platform.http.post(f"{API}/tokens", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["token"]


async def test_what_is_refused_on_a_socket_is_in_the_audit_log(gateways: Gateways) -> None:
    _, secret = await _token(gateways, Role.INGEST, "refused-bot")
    async with gateways.sockets(token=secret) as sockets:
        await _greeted(sockets)
        for socket in sockets:
            logs = socket in sockets[1::2]
            await socket.say(**({"type": "tail", "query": "{}"} if logs else {"type": "subscribe"}))
            assert _codes((await socket.closed())[1]) == ["PERMISSION_DENIED"]

    async def told() -> bool:
        found = await gateways.platform.list("/audit", event_type="ACCESS_DENIED")
        events = [each["payload"] for each in found["items"]]
        paths = [each["path"] for each in events if each["user"] == "refused-bot"]
        return paths.count(WS) == paths.count(LOGS) == 2

    await eventually(told)


async def test_a_token_that_is_revoked_has_no_open_door_at_any_gateway(gateways: Gateways) -> None:
    (gone, secret), (_, good) = [await _token(gateways, Role.ADMIN) for _ in range(2)]
    bearer = {"authorization": f"Bearer {secret}"}
    async with (
        gateways.sockets(token=secret) as mine,
        gateways.streams(bearer) as streams,
        gateways.sockets(token=good) as others,
    ):
        assert await _greeted(mine) == ["admin"] * 4
        await _greeted(others)
        async with gateways.client(0, {"authorization": f"Bearer {good}"}) as client:
            assert (await client.delete(f"{API}/tokens/{gone}")).status_code == 204
        async with asyncio.timeout(SOON):
            await _sent_away(mine)
            await _over(streams)
        for socket in others:
            await socket.quiet()
    async with gateways.sockets(token=secret) as again:
        await _refused(again)


async def test_who_logs_out_everywhere_has_no_open_door_at_any_gateway(gateways: Gateways) -> None:
    gateways.bind(viewers="viewer")
    name = "cleo"
    one, two = [await logged_in(gateways.platform, name, "viewers") for _ in range(2)]
    other = await logged_in(gateways.platform, "dora", "viewers")
    await _bound(gateways, other, "viewer")
    async with (
        gateways.sockets(cookie=one.secret) as here,
        gateways.sockets(cookie=two.secret) as there,
        gateways.streams(_cookie(two)) as streams,
        gateways.sockets(cookie=other.secret) as others,
    ):
        for sockets in (here, there, others):
            assert await _greeted(sockets) == ["viewer"] * 4
        origin = f"http://127.0.0.1:{gateways.processes[1].port}"
        async with gateways.client(1, _cookie(one) | {"origin": origin}) as client:
            answer = await client.post("/auth/logout", params={"everywhere": "true"})
            assert answer.status_code == 200, answer.text
        async with asyncio.timeout(SOON):
            await _sent_away([*here, *there])
            await _over(streams)
        for socket in others:
            await socket.quiet()
    async with gateways.sockets(cookie=two.secret) as again:
        for socket in again:
            await socket.say(type="auth", token=two.secret)
        await _refused(again)


async def _bound(gateways: Gateways, session: Session, role: str) -> None:
    """Every gateway has read the file."""
    for number in range(len(gateways.processes)):
        async with gateways.client(number, _cookie(session)) as client:
            await eventually(lambda client=client: _is(client, role))


async def _is(client: httpx.AsyncClient, role: str) -> bool:
    return (await client.get("/auth/me")).json()["role"] == role


async def test_a_user_with_another_role_comes_back_with_it(gateways: Gateways) -> None:
    gateways.bind(a="viewer", b="viewer")
    session = await logged_in(gateways.platform, "eve", "a")
    other = await logged_in(gateways.platform, "fay", "b")
    await _bound(gateways, session, "viewer")
    for before, after in (("viewer", "operator"), ("operator", "viewer"), ("viewer", "ingest")):
        async with (
            gateways.sockets(cookie=session.secret) as mine,
            gateways.streams(_cookie(session)) as streams,
            gateways.sockets(cookie=other.secret) as others,
        ):
            assert await _greeted(mine) == [before] * 4
            await _greeted(others)
            gateways.bind(a=after, b="viewer")
            async with asyncio.timeout(SOON):
                await _sent_away(mine)
                await _over(streams)
            for socket in others:
                await socket.quiet()
        async with gateways.sockets(cookie=session.secret) as again:
            assert await _greeted(again) == [after] * 4
    # Who may read no more is told so.
    async with gateways.sockets(cookie=session.secret) as again:
        await _greeted(again)
        for socket in again[:1]:
            await socket.say(type="subscribe")
            assert _codes((await socket.closed())[1]) == ["PERMISSION_DENIED"]


async def test_rights_that_change_while_a_login_is_looked_up_count(log: EventLog) -> None:
    async with serving(log) as stream:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def slow(secret: str) -> Principal | None:
            found = stream.known.get(secret)
            asked.set()
            await answer.wait()
            return found

        stream.live.authenticate = slow
        async with stream.client(None) as client:
            await client.say(type="auth", token=ADMIN)
            await asked.wait()
            del stream.known[ADMIN]
            stream.live.recheck()
            answer.set()
            code, frames = await client.closed()
        assert (code, frames[-1]["code"]) == (4401, "AUTH_EXPIRED")
