"""The head of a request: it has to come in time, and to be small.

uvicorn bounds neither: with a byte now and then a client kept a connection for as long as it liked,
and with one endless header all of our memory.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.rest.outpour import OutpourProtocol

HEAD_SECONDS = 10.0
"""From the connection, or from the first byte of a later request, to the end of its head."""
HEAD_BYTES = 64 * 1024
_TOO_LARGE = b"431 Request Header Fields Too Large"


class HeadProtocol(OutpourProtocol):
    """uvicorn's HTTP protocol; it refuses a head that comes too slowly (408) or is too long (431).

    The answers are plain text, as uvicorn's own to what is no HTTP: there is no request yet that an
    envelope could tell of.
    """

    head_seconds: float = HEAD_SECONDS

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._late: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0
        """Of what the parser has read."""
        self._arrived = 0
        """Of what has come while the head was not complete."""
        self._done = False
        """Refused, or another protocol's from now on."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A head is expected from now on."""
        super().connection_made(transport)  # pyright: ignore[reportArgumentType]
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some more of a request."""
        if self._done:
            return
        if self._in_head:
            self._arrived += len(data)
        super().data_received(data)
        if self._done:
            return
        if self._in_head and self._arrived > HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._in_head or self._cycle_is_over():
            # Between requests too: uvicorn's own time for that ends with any byte that comes.
            self._expect()

    def on_message_begin(self) -> None:
        """The first byte of a head has come."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        # Begun with the rest of an earlier request it has none counted yet.
        self._arrived = max(1, self._arrived)

    def on_url(self, url: bytes) -> None:
        """Some of its address has come."""
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come."""
        self._head_bytes += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._relax()
        if self._head_bytes > HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        if not self._done:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body has come."""
        if not self._done:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here."""
        if not self._done:
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """A socket's head is here, which looks after itself from now on."""
        if not self._done:
            self._done = True
            super().handle_websocket_upgrade()

    def _cycle_is_over(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and cycle.response_complete

    def _expect(self) -> None:
        if self._late is None and not self.transport.is_closing():
            self._late = self.loop.call_later(self.head_seconds, self._too_late)

    def _relax(self) -> None:
        self._in_head, self._arrived = False, 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if self._in_head and self._arrived:
            self._refuse(b"408 Request Timeout")
        else:
            # A browser connects beforehand, and would show its user an answer to nothing.
            self._done = True
            self.transport.close()

    def _refuse(self, status: bytes) -> None:
        self._done = True
        # In the midst of the answer to an earlier request another one would be taken for its body.
        if cast("RequestResponseCycle | None", self.cycle) is None or self._cycle_is_over():
            head = b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(b"HTTP/1.1 " + status + head)
        self.transport.close()
