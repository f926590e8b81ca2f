"""API servers that run commands in pods: what they say is up to the test."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from services.runtime.clock import SystemClock
from services.runtime.kube.exec import Outcome, PodContainer, run
from services.runtime.kube.failures import ApiFailure, ApiFailureKind
from services.runtime.outbound.clients import Outbound, Target

TOKEN = "sha256~never-tell-this-token"
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
DRIVER = PodContainer("nvidia-gpu-operator", "nvidia-driver-daemonset-x7k2p")
SUCCESS = b'\x03{"metadata":{},"status":"Success"}'

Talk = Callable[[ServerConnection], Awaitable[None]]


def says(*messages: bytes) -> Talk:
    """Sends these, and closes."""

    async def talk(socket: ServerConnection) -> None:
        for message in messages:
            await socket.send(message)

    return talk


def status(**told: Any) -> bytes:
    """How a command has failed."""
    return b"\x03" + json.dumps({"metadata": {}, "status": "Failure"} | told).encode()


def exited(code: object) -> bytes:
    """A command that has ended with an exit code."""
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return status(reason="NonZeroExitCode", details={"causes": causes})


@dataclass
class Pods:
    """An API server, and what it was asked for."""

    client: httpx.AsyncClient
    asked: list[tuple[str, list[tuple[str, str]]]] = field(
        default_factory=list[tuple[str, list[tuple[str, str]]]]
    )
    offered: list[str] = field(default_factory=list[str])

    async def run(
        self,
        command: Sequence[str] = ("nvidia-smi",),
        where: PodContainer = DRIVER,
        *,
        seconds: float = 5.0,
        limit: int = 100_000,
    ) -> Outcome:
        return await run(self.client, where, command, seconds=seconds, limit=limit)

    async def failure(self, kind: ApiFailureKind, *texts: str, **how: Any) -> ApiFailure:
        """Why it is not run; with advice, and no secret anywhere."""
        with pytest.raises(ApiFailure) as raised:
            await self.run(**how)
        failed = raised.value
        told = f"{failed.message}; {failed.advice}"
        assert failed.kind is kind, (failed.kind, told)
        assert failed.advice
        for text in texts:
            assert text in told
        assert TOKEN not in f"{failed!r} {told} {failed.fault} {vars(failed)}"
        return failed


@asynccontextmanager
async def pods(
    talk: Talk,
    *,
    understands: Sequence[str] = (V5, V4),
    instead: tuple[int, bytes] | None = None,
) -> AsyncGenerator[Pods]:
    """A server that talks so on every WebSocket, or gives an answer instead of one."""
    outbound = Outbound(SystemClock())
    known: list[Pods] = []

    def request(socket: ServerConnection, asked: Request) -> Response | None:
        url = urlsplit(asked.path)
        known[0].asked.append((url.path, parse_qsl(url.query)))
        known[0].offered.append(asked.headers["Sec-WebSocket-Protocol"])
        assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
        if instead is None:
            return None
        return socket.respond(instead[0], instead[1].decode())

    subprotocols = [Subprotocol(each) for each in understands]
    chosen: Any = {"subprotocols": subprotocols or None}
    async with serve(talk, "127.0.0.1", 0, process_request=request, **chosen) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        target = Target(base_url=f"http://127.0.0.1:{port}/k8s/", token=TOKEN)
        known.append(Pods(outbound.client(target)))
        try:
            yield known[0]
        finally:
            await outbound.close()
