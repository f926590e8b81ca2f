"""Answers without an end in sight: cut off is who takes nothing, and nobody else."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from litestar import Litestar, get

from gateway.rest import outpour
from gateway.rest.outpour import Outpour, OutpourProtocol
from tests.kit.runtime import until

pytestmark = pytest.mark.anyio

SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [],
    "client": None,
    "server": None,
}


class Server(uvicorn.Server):
    """In this process, whose signals are not its own."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """See `uvicorn.Server`."""
        yield


class Taker:
    """A client, as a server shows it to the application."""

    def __init__(self, *chunks: bytes, patience: float | None) -> None:
        self.taken: list[bytes] = []
        self.was_cut = False
        self.stalls_at_the_end = False
        self._chunks, self._patience = chunks, patience

    async def run(self) -> None:
        """Ask for an answer of these chunks, until it is over."""

        async def chunks() -> AsyncGenerator[bytes, None]:
            for chunk in self._chunks:
                yield chunk

        @get("/")
        async def answer() -> Outpour:
            return Outpour(chunks(), media_type="text/plain", patience=self._patience, headers={})

        application: Any = Litestar([answer], openapi_config=None)
        scope = SCOPE | {"extensions": {"aiops.outpour": self}, "state": {}}
        async with asyncio.timeout(10):
            await application(scope, self._receive, self._send)

    def bound(self) -> None:
        """Nothing waits on the way to it."""

    def cut(self) -> None:
        """The connection is gone."""
        self.was_cut = True

    async def _receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] != "http.response.body":
            return
        if not message["more_body"] and self.stalls_at_the_end:
            await asyncio.Event().wait()
        self.taken.append(message["body"])


async def test_patience_counts_for_a_little_at_a_time() -> None:
    large = bytes(range(256)) * 2000
    taker = Taker(large, b"", b"the end", patience=10)
    await taker.run()
    assert b"".join(taker.taken) == large + b"the end"
    assert max(map(len, taker.taken)) <= 64 * 1024
    assert not taker.was_cut


@pytest.mark.parametrize("patience", [None, 0.01])
async def test_who_does_not_take_the_end_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, patience: float | None
) -> None:
    monkeypatch.setattr(outpour, "_LAST", 0.01)
    taker = Taker(b"some", patience=patience)
    taker.stalls_at_the_end = True
    await taker.run()
    assert taker.taken == [b"some"]
    assert taker.was_cut


async def test_little_is_made_for_who_takes_nothing() -> None:
    made: list[int] = []

    async def chunks() -> AsyncGenerator[bytes, None]:
        while True:
            made.append(64 * 1024)
            yield bytes(made[-1])

    @get("/")
    async def answer() -> Outpour:
        return Outpour(chunks(), media_type="text/plain", patience=0.1, headers={})

    config = uvicorn.Config(
        Litestar([answer], openapi_config=None),
        port=0,
        http=OutpourProtocol,
        lifespan="off",
        log_config=None,
    )
    server = Server(config)
    serving = asyncio.ensure_future(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await until(lambda: bool(made))
        await until(lambda: not server.server_state.connections)
    server.should_exit = True
    await asyncio.wait_for(serving, 10)
    assert sum(made) < 1024 * 1024
