"""Answers without an end in sight: sent as they are made, to whoever takes them.

Whoever takes nothing is cut off. uvicorn closes a connection only when its queue is empty, so the
transport itself is what is cut, and `OutpourProtocol` hands that on. The kernel would take
megabytes, and not tell for as long that the client takes them: it gets a small buffer.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

from litestar.response import Stream
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Chunks = AsyncGenerator[bytes, None]

_EXTENSION = "aiops.outpour"
_KERNEL_BYTES = 128 * 1024
"""Send buffer of the kernel, which doubles it."""
_PIECE = 64 * 1024
"""Bytes that a client has to take in time: one that is slow but takes them is not cut off."""
_LAST = 10.0
"""Seconds to take what is left when all chunks are sent, where there is no other patience."""


class OutpourProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with a way to be done with a connection at once."""

    def on_message_begin(self) -> None:
        """Hand it to the application."""
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = {_EXTENSION: self}

    def bound(self) -> None:
        """From now on little waits in the kernel for the client."""
        below = self.transport.get_extra_info("socket")
        if below is not None:
            below.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)

    def cut(self) -> None:
        """The connection is gone."""
        self.transport.abort()


class Outpour(Stream):
    """A streamed answer; its client is cut off when it takes nothing for ``patience`` seconds.

    Without that somebody else looks after it until the chunks end, and cancels the task that asks
    for them.
    """

    def __init__(
        self, chunks: Chunks, *, media_type: str, patience: float | None, headers: dict[str, str]
    ) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._chunks = chunks
        self._patience = patience

    def to_asgi_response(self, *args: Any, **options: Any) -> ASGIStreamingResponse:
        """See `Response`."""
        made = super().to_asgi_response(*args, **options)  # pyright: ignore[reportUnknownMemberType]
        return _Pouring(made, self._chunks, self._patience)


class _Pouring(ASGIStreamingResponse):
    """Ends with the chunks, with the client, or with its patience; the chunks are closed then."""

    __slots__ = ("_chunks", "_cut", "_patience")

    def __init__(self, made: Any, chunks: Chunks, patience: float | None) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            iterator=chunks,
            headers=dict(made.headers),
            status_code=made.status_code,
            is_head_response=made.is_head_response,
        )
        self._chunks = chunks
        self._patience = patience
        self._cut: Callable[[], None] = _nothing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `ASGIResponse`."""
        extensions: dict[str, Any] = cast("dict[str, Any]", scope).get("extensions") or {}
        line: OutpourProtocol | None = extensions.get(_EXTENSION)
        if line is not None:
            line.bound()
            self._cut = line.cut
        await super().__call__(scope, receive, send)

    async def send_body(self, send: Send, receive: Receive) -> None:
        """See `ASGIResponse`."""
        pouring = asyncio.ensure_future(self._pour(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({pouring, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if pouring.cancelled():
                self._cut()
        finally:
            pouring.cancel()
            leaving.cancel()
            await asyncio.wait({pouring, leaving})
            await self._chunks.aclose()
        if not pouring.cancelled():
            pouring.result()

    async def _pour(self, send: Send) -> None:
        try:
            async for chunk in self._chunks:
                for at in range(0, len(chunk), _PIECE):
                    piece = chunk[at : at + _PIECE]
                    async with asyncio.timeout(self._patience):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            async with asyncio.timeout(_LAST if self._patience is None else self._patience):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            self._cut()


def _nothing() -> None:
    """A server that cannot be told so closes the connection by itself."""


async def begun(chunks: Chunks) -> Chunks:
    """The same chunks, once the first one is there: what goes wrong before is an answer."""
    first = await anext(chunks)

    async def all_of_them() -> Chunks:
        try:
            yield first
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()

    return all_of_them()


async def _left(receive: Receive) -> None:
    """Wait until the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
