"""A gateway with limits of its own beside the platform's, in this process or on a port."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import uvicorn
from litestar import WebSocket, websocket
from litestar.types import ControllerRouterHandler

from gateway.app import build
from gateway.auth.credentials import SESSION_COOKIE
from gateway.auth.guards import PUBLIC
from gateway.limits.heads import HeadProtocol
from gateway.live.protocol import websocket_options
from gateway.middleware import Front
from services.runtime.clock import SystemClock
from services.runtime.settings_limits import LimitsSettings
from tests.kit.gateway import Platform
from tests.kit.runtime import until

WIDE: dict[str, Any] = {
    f"{name}_{what}": 100_000
    for name, unit in (
        ("user", "per_minute"),
        ("token", "per_second"),
        ("prometheus", "per_second"),
        ("queries", "per_minute"),
        ("chat", "per_minute"),
        ("reports", "per_minute"),
        ("all", "per_second"),
        ("unknown", "per_minute"),
    )
    for what in (unit, "burst")
}
"""Limits that no test reaches."""
TIGHT: dict[str, Any] = dict.fromkeys(WIDE, 1)
"""Limits that a second request reaches."""


def but(known: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Limits with some of them changed."""
    return known | changes


@dataclass
class Held(SystemClock):
    """A clock whose seconds pass when a test says so."""

    seconds: float = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Limited:
    """One gateway."""

    platform: Platform
    front: Front
    clock: Held = field(default_factory=Held)

    def client(
        self, token: str | None = None, *, address: str = "10.0.0.1", session: str = ""
    ) -> httpx.AsyncClient:
        """Somebody at this address, with a token, with a session, or with nothing."""
        transport = httpx.ASGITransport(self.front, client=(address, 1))  # pyright: ignore[reportArgumentType] - ASGI types differ in name
        headers = {"cookie": f"{SESSION_COOKIE}={session}"} if session else {}
        return self.platform.client(token, transport=transport, headers=headers)


def gateway(
    platform: Platform,
    *routes: ControllerRouterHandler,
    clock: Held | None = None,
    cors: tuple[str, ...] = (),
    **limits: Any,
) -> Limited:
    """A gateway on the platform's servers with these limits, and with more routes."""
    known = platform.settings
    settings = known.model_copy(
        update={
            "limits": LimitsSettings(**limits),
            "gateway": known.gateway.model_copy(update={"cors_origins": cors}),
        }
    )
    told = clock or Held()
    runtime = replace(platform.gate.runtime, settings=settings)
    gate = replace(platform.gate, runtime=runtime, clock=told)
    return Limited(platform, Front(build(gate, *routes), gate), told)


async def session_of(platform: Platform) -> str:
    """The secret of a new session."""
    code = await platform.gate.access.mint_login_code()
    async with platform.client() as client:
        answer = await client.post("/auth/login", json={"code": code})
    assert answer.status_code == 200, answer.text
    return answer.cookies[SESSION_COOKIE]


@websocket("/ws", opt=PUBLIC)
async def talk(socket: WebSocket[Any, Any, Any]) -> None:
    """Say hello, and whatever is heard, until it is nothing."""
    await socket.accept()
    said = "hello"
    while said:
        await socket.send_text(said)
        said = await socket.receive_text()
    await socket.close()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def served(limited: Limited, *, head_seconds: float = 10.0) -> AsyncGenerator[int]:
    """Serve it as in production; gives the port."""

    class Protocol(HeadProtocol):
        pass

    Protocol.head_seconds = head_seconds
    config = uvicorn.Config(
        limited.front,
        port=0,
        http=Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        **websocket_options(),
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve())
    try:
        await until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait_for(serving, 10)
