"""uvicorn's WebSocket protocol with a line that can be watched and cut.

uvicorn makes a sender wait while more than 64 KiB are queued for a client, which is what we want.
But it leaves a connection that takes nothing open for ever: closing waits for the queue, so do
the close frame and the server's own shutdown, and the kernel takes megabytes before any of it
shows.
"""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from gateway.live.messages import LARGEST_MESSAGE
from gateway.live.small import Flag, Inbox

_EXTENSION = "aiops.line"
_KERNEL_BYTES = 128 * 1024
"""Send buffer of the kernel, which doubles it: with uvicorn's 64 KiB all that a client can hold."""


class Gone(Exception):
    """The client has hung up."""


class Line:
    """The transport below one connection."""

    __slots__ = ("_drained", "_protocol", "_since", "_waiting")

    def __init__(self, protocol: "LiveProtocol") -> None:
        self._protocol = protocol
        self._waiting = 0
        self._drained: int = 0
        self._since = protocol.loop.time()

    async def write(self, text: bytes) -> None:
        """Send one text frame, waiting while the client does not take what it got; or Gone.

        Past uvicorn and websockets, which take three times as long for the same bytes.
        """
        protocol = self._protocol
        if not protocol.writable.is_set():
            await protocol.writable.wait()
        if protocol.disconnected or protocol.close_sent or protocol.transport.is_closing():
            raise Gone
        protocol.transport.write(_header(len(text)) + text)

    def stalled(self) -> float:
        """Seconds in which the client has taken nothing although bytes wait; ask now and then."""
        now, waiting = self._protocol.loop.time(), self._protocol.waiting
        drained = self._protocol.drained
        if waiting == 0 or waiting < self._waiting or drained != self._drained:
            self._since = now
        self._waiting, self._drained = waiting, drained
        return now - self._since

    def hang_up(self, grace: float) -> None:
        """Nothing that is sent waits any more, and the connection is gone after ``grace`` seconds.

        Only for the closing frames: the client may yet take them with what is queued.
        """
        self._protocol.writable.set()
        self._protocol.loop.call_later(grace, self._protocol.transport.abort)

    def cut(self) -> None:
        """The connection is gone."""
        self._protocol.transport.abort()


def _header(size: int) -> bytes:
    """Of a whole, unmasked text frame (RFC 6455, section 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2)
    return b"\x81\x7f" + size.to_bytes(8)


class LiveProtocol(WebSocketsSansIOProtocol):
    """Gives the application its `Line`, and leaves slow clients to the rule about them."""

    drained: int = 0
    """How often the client has taken so much that senders went on."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        # An idle client shall cost little: these two are a tenth of what it would take.
        self.queue = Inbox[Any]()  # pyright: ignore[reportAttributeAccessIssue]
        self.writable = Flag()

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return 0 if self.transport.is_closing() else self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound what the kernel takes for this client."""
        super().connection_made(transport)
        below = transport.get_extra_info("socket")
        if below is not None:
            below.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Hand the line to the application, which starts in a later turn of the loop."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast("dict[str, Any]", self.scope.setdefault("extensions", {}))
            extensions[_EXTENSION] = Line(self)
        # The library's parser would hold them for as long as the connection lasts.
        event.headers.clear()

    def start_keepalive(self) -> None:
        """The handshake is over: what it was made of is not needed any more."""
        super().start_keepalive()
        self.response.headers.clear()

    def resume_writing(self) -> None:
        """Count it: something was taken."""
        self.drained += 1
        super().resume_writing()

    def keepalive_timeout(self) -> None:
        """No pong: dead, unless our ping may still be queued behind other bytes."""
        if self.waiting:
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
            return
        super().keepalive_timeout()
        self.transport.abort()


def line_of(scope: Mapping[str, Any]) -> Line | None:
    """The line below a connection; None if the server does not run `LiveProtocol`."""
    extensions: Mapping[str, Any] = scope.get("extensions") or {}
    found = extensions.get(_EXTENSION)
    return found if isinstance(found, Line) else None


def websocket_options() -> dict[str, Any]:
    """How uvicorn has to be configured for the live stream."""
    return {
        "ws": LiveProtocol,
        "ws_max_size": LARGEST_MESSAGE,
        "ws_ping_interval": 30.0,
        "ws_ping_timeout": 10.0,
        "ws_per_message_deflate": False,
    }
