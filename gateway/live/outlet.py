"""The socket of one client, with its library's exceptions turned into one word."""

from collections.abc import Sequence
from typing import Any

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from gateway.live.messages import LARGEST_MESSAGE, Invalid, LiveFrame, encode
from gateway.live.protocol import Gone, Line, line_of
from services.runtime import metrics
from services.runtime.slices import Piece, Slice

__all__ = ["AnySocket", "Gone", "Outlet"]

AnySocket = WebSocket[Any, Any, Any]


class Outlet:
    """Sends and receives text. Sending waits while the client does not take what it got."""

    __slots__ = ("_line", "_socket", "sent")

    def __init__(self, socket: AnySocket) -> None:
        self._socket = socket
        self._line: Line | None = line_of(socket.scope)
        self.sent = 0
        """Frames."""

    @property
    def address(self) -> str | None:
        """Where the connection comes from."""
        client = self._socket.scope["client"]
        return None if client is None else client[0]

    async def accept(self) -> None:
        """Take the connection; everything else is told over it."""
        await self._socket.accept()

    def pieces(self, events: Slice, *, batch: bool) -> Sequence[Piece]:
        """See `gateway.live.sink.Sink`."""
        return events.batches() if batch else events.singles()

    async def send(self, piece: Piece) -> None:
        """See `gateway.live.sink.Sink`."""
        await self.write(piece.data)

    async def write(self, data: bytes) -> None:
        """Send one text frame; Gone if there is nobody."""
        self.sent += 1
        if self._line is not None:
            await self._line.write(data)
            return
        try:
            message = {"type": "websocket.send", "text": data.decode(), "bytes": None}
            await self._socket.send(message)  # pyright: ignore[reportArgumentType]
        except (OSError, WebSocketDisconnect):
            raise Gone from None

    async def say(self, frame: LiveFrame) -> None:
        """Send one of our own frames."""
        await self.write(encode(frame).encode())
        metrics.WS_SENT.inc()

    async def receive(self) -> str:
        """The client's next frame; Gone at the end, Invalid for one that cannot be read."""
        try:
            message = await self._socket.receive()
        except WebSocketDisconnect:
            raise Gone from None
        if message["type"] != "websocket.receive":
            raise Gone
        metrics.WS_RECEIVED.inc()
        text = message.get("text")
        if text is None:
            raise Invalid("INVALID_MESSAGE", "text frames only")
        if len(text) > LARGEST_MESSAGE:
            raise Invalid("INVALID_MESSAGE", f"a frame has at most {LARGEST_MESSAGE} bytes")
        return text

    def stalled(self) -> float:
        """Seconds in which the client has taken nothing although bytes wait for it."""
        return 0.0 if self._line is None else self._line.stalled()

    async def close(self, code: int, last_words: list[LiveFrame], grace: float) -> None:
        """Say these and close; never waits for the client."""
        if self._line is not None:
            self._line.hang_up(grace)
        try:
            for frame in last_words:
                await self.say(frame)
            await self._socket.close(code)
        except (Gone, OSError, WebSocketDisconnect):
            return

    def cut(self) -> None:
        """Be done with it at once."""
        if self._line is not None:
            self._line.cut()
