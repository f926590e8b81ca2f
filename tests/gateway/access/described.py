"""The gateway on a port as its process serves it: with the live stream, and nobody limited."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import uvicorn

from gateway.app import build
from gateway.limits.heads import HeadProtocol
from gateway.live.protocol import websocket_options
from gateway.live.socket import Live, live_socket, log_tail_socket
from gateway.middleware import Front
from services.runtime.tail import Tail
from services.runtime.telemetry_tail import TelemetryTail
from services.runtime.tracing import Tracing
from tests.kit.gateway import Platform
from tests.kit.runtime import running, until

_RING = 100


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(
    platform: Platform, tracing: Tracing | None = None, **gateway: Any
) -> AsyncGenerator[str]:
    """Serve it, with other settings of the gateway, or traced; gives its address."""
    told = platform.settings.gateway.model_copy(update=gateway)
    settings = platform.settings.model_copy(update={"gateway": told})
    runtime = platform.gate.runtime
    runtime = replace(runtime, settings=settings, tracing=tracing or runtime.tracing)
    gate = replace(platform.gate, runtime=runtime)
    tail = Tail(gate.log, gate.directory.name, _RING)
    telemetry = TelemetryTail(gate.runtime.bus, gate.directory.name)
    live = Live(tail, gate.principal, told, gate.clock, telemetry=telemetry)
    app = build(gate, live_socket(live), log_tail_socket(live, gate))
    app.state["live"] = live
    config = uvicorn.Config(
        Front(app, gate),
        port=0,
        http=HeadProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        **websocket_options(),
    )
    server = _Server(config)
    async with running(tail.run), running(telemetry.run), running(live.run):
        task = asyncio.ensure_future(server.serve())
        try:
            await until(lambda: server.started and tail.error is None)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            await live.shutdown()
            server.should_exit = True
            await asyncio.wait_for(task, 10)
