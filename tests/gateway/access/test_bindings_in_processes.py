"""Rights that change, in gateways that are processes of their own."""

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
from services.runtime.settings import Settings
from tests.gateway.access.users import logged_in
from tests.kit.gateway import API, Platform
from tests.kit.gateway_process import GatewayProcess, wired
from tests.kit.live import Client
from tests.kit.runtime import eventually

pytestmark = [
    pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(120),
]  # fmt: skip

SOON = 20.0
"""Seconds: a login is checked again by itself only after a minute."""
BOUND = [{"group": "a", "role": "viewer"}, {"group": "admins", "role": "admin"}]


@dataclass
class Two:
    """Gateways that read the same file."""

    platform: Platform
    processes: list[GatewayProcess]
    file: Path

    def write(self, bindings: list[dict[str, str]]) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(bindings))
        new.replace(self.file)

    @asynccontextmanager
    async def sockets(self, session: Session) -> AsyncGenerator[list[Client]]:
        """One to each, by the session."""
        cookie = {"cookie": f"{SESSION_COOKIE}={session.secret}"}
        async with AsyncExitStack() as stack:
            clients: list[Client] = []
            for process in self.processes:
                host = f"127.0.0.1:{process.port}"
                options: dict[str, Any] = {"origin": f"http://{host}", "additional_headers": cookie}
                opening = connect(f"ws://{host}/ws", **options)
                clients.append(Client(await stack.enter_async_context(opening)))
                assert (await clients[-1].next())["type"] == "auth_response"
            yield clients


@pytest.fixture
async def two(platform: Platform, platform_settings: Settings) -> AsyncGenerator[Two]:
    file = platform_settings.data_dir / "bindings.yaml"
    file.write_text(json.dumps(BOUND))
    processes: list[GatewayProcess] = []
    try:
        for _ in range(2):
            wiring = wired(platform_settings)
            told = {**wiring.environment, "AIOPS_ACCESS__BINDINGS_FILE": str(file)}
            wiring = replace(wiring, environment=told)
            processes.append(await asyncio.to_thread(GatewayProcess, wiring))
        yield Two(platform, processes, file)
    finally:
        for process in processes:
            await asyncio.to_thread(process.stop)


async def test_a_change_of_rights_counts_for_the_sockets_of_every_gateway_and_is_told_once(
    two: Two,
) -> None:
    session, admin = await logged_in(two.platform, "ada", "a"), await _admin(two.platform)
    async with two.sockets(session) as mine, two.sockets(admin) as others:
        two.write(BOUND[1:])
        async with asyncio.timeout(SOON):
            assert [(await socket.closed())[0] for socket in mine] == [4401, 4401]
        for socket in others:
            await socket.quiet()
    await eventually(lambda: _told(two.platform))
    await two.platform.settle()
    told = (await _told(two.platform))[:2]
    assert [each["reason"] for each in told] == ["file", "start"]
    assert [len(each["bindings"]) for each in told] == [1, 2]


def _client(two: Two, url: str, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport()
    return two.platform.client(base_url=url, transport=transport, headers=headers)


async def _admin(platform: Platform) -> Session:
    return await logged_in(platform, "bea", "admins")


async def _told(platform: Platform) -> list[dict[str, Any]]:
    """The bindings that were told, the newest first, once both have been."""
    found = await platform.list("/audit", event_type="ACCESS_BINDINGS_CHANGED", limit=100)
    items = [each["payload"] for each in found["items"]]
    return items if len(items) >= 2 else []


async def test_a_session_that_one_gateway_ends_has_no_sockets_at_another(two: Two) -> None:
    session, admin = await logged_in(two.platform, "ada", "a"), await _admin(two.platform)
    async with two.sockets(session) as mine, two.sockets(admin) as others:
        url = f"http://127.0.0.1:{two.processes[0].port}"
        headers = {"cookie": f"{SESSION_COOKIE}={admin.secret}", "origin": url}
        async with _client(two, url, headers) as client:
            answer = await client.delete(f"/auth/sessions/{session.id}")
            assert answer.status_code == 204, answer.text
        for socket in mine:
            assert (await socket.closed())[0] == 4401
        for socket in others:
            await socket.quiet()


async def test_what_the_file_says_counts_for_requests(two: Two) -> None:
    cluster = await two.platform.register()
    url = f"http://127.0.0.1:{two.processes[1].port}"
    for group, status in (("a", 200), ("b", 403)):
        session = await logged_in(two.platform, "ada", group)
        headers = {"cookie": f"{SESSION_COOKIE}={session.secret}"}
        async with _client(two, url, headers) as client:
            answer = await client.get(f"{API}/clusters/{cluster['id']}")
            assert answer.status_code == status, answer.text
