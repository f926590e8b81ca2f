"""The sockets of the simulator: uvicorn's protocols behind TLS, with a line to cut."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets import http11

from deploy.simulator.authority import Identity
from deploy.simulator.exchange import Certificate

HOST = "127.0.0.1"
_EXTENSION = "aiops.simulator.line"
_BACKLOG = 1024
_MOST_CONNECTIONS = 10_000
_LARGEST_MESSAGE = 1_048_576
_PATIENCE = 2.0
# RST instead of FIN at the end of a connection: linger, for no time at all.
_NO_LINGER = struct.pack("ii", 1, 0)


class Line:
    """The connection below a request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        # Asked now: a transport whose connection was lost has no answers any more.
        self._transport = transport
        self._socket: Any = transport.get_extra_info("socket")
        self._tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")

    def cut(self) -> None:
        """End the connection by a reset, now."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def certificate(self) -> Certificate | None:
        """Whose verified client certificate was shown."""
        shown: Mapping[str, Any] = (self._tls.getpeercert() or {}) if self._tls else {}
        subject = {key: value for part in shown.get("subject", ()) for key, value in part}
        if "commonName" not in subject:
            return None
        return Certificate(subject["commonName"], subject.get("organizationalUnitName", ""))


class _LinedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which lets the application reach the connection."""

    def on_message_begin(self) -> None:
        """Hand the line to the request that begins."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {_EXTENSION: Line(self.transport)}}


class _LinedSocket(WebSocketsSansIOProtocol):
    """The same for WebSockets."""

    def handle_connect(self, event: http11.Request) -> None:
        """Hand the line to the request, if it is one for a WebSocket."""
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            told = self.scope.get("extensions") or {}
            self.scope["extensions"] = {**told, _EXTENSION: {_EXTENSION: Line(self.transport)}}

    async def send(self, message: Any) -> None:
        """Send; the end of an answer instead of a WebSocket is the end of its handshake too."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            # uvicorn forgets this, and takes the application's end for an error.
            self.handshake_complete = True


def line_of(scope: Mapping[str, Any]) -> Line:
    """The line below a request."""
    found: Line = scope["extensions"][_EXTENSION][_EXTENSION]
    return found


@dataclass
class Listeners:
    """All sockets of one application; closing them leaves nothing behind."""

    app: Any
    authority: bytes
    """The CA whose client certificates are verified, as PEM."""
    state: ServerState = field(default_factory=ServerState)
    _servers: list[asyncio.Server] = field(default_factory=list[asyncio.Server])

    def __post_init__(self) -> None:
        self._config = uvicorn.Config(
            self.app,
            loop="none",
            http=_LinedProtocol,
            ws=_LinedSocket,
            ws_max_size=_LARGEST_MESSAGE,
            ws_per_message_deflate=False,
            # The API server sends no pings either.
            ws_ping_interval=None,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=75,
        )
        self._config.load()

    async def open(self, identity: Identity, port: int = 0) -> int:
        """Listen on a loopback port (0: any) under a certificate; gives the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _LinedProtocol(self._config, self.state, {}),
            HOST,
            port,
            ssl=_context(identity, self.authority),
            backlog=_BACKLOG,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Drop every connection: what hangs or drips would not end by itself."""
        for server in self._servers:
            server.close()
        for connection in list(self.state.connections):
            connection.transport.abort()
        if self.state.tasks:
            await asyncio.wait(self.state.tasks, timeout=_PATIENCE)
        for task in self.state.tasks:
            task.cancel()
        await asyncio.gather(*(server.wait_closed() for server in self._servers))


def _context(identity: Identity, authority: bytes) -> ssl.SSLContext:
    """TLS that asks for a client certificate and does not insist on one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority.decode())
    # OpenSSL takes the key from a file only.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "identity.pem"
        path.touch(mode=0o600)
        path.write_bytes(identity.key + identity.certificate)
        context.load_cert_chain(path)
    return context
