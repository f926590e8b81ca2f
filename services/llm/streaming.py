"""Tells what a model says while it says it, as fast as whoever has asked takes it.

What comes meanwhile is told together.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from services.llm.flowing import Flow

Send = Callable[[bytes], Awaitable[None]]


def line(**told: object) -> bytes:
    """One part of an answer."""
    return msgspec.json.encode(told) + b"\n"


class Words:
    """One answer on its way to whoever has asked; it is a `models.Hearing`."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._due = asyncio.Event()
        self._flow = Flow()
        self._waiting: list[str] = []
        self._restart = ""
        self._sent = False
        """Whether there is something that another model's words would follow."""
        self._ended = False

    def begins(self, why: str) -> None:
        """See `models.Hearing`."""
        if self._sent:
            self._restart, self._sent = why, False
            self._due.set()
        self._flow = Flow()
        self._waiting.clear()

    def word(self, text: str) -> None:
        """See `models.Hearing`."""
        shown = self._flow.add(text)
        if shown:
            self._waiting.append(shown)
            self._due.set()

    @asynccontextmanager
    async def telling(self) -> AsyncGenerator[None]:
        """Tells in the block; all was sent after it, unless it has failed."""
        task = asyncio.ensure_future(self._tell())
        try:
            yield
            self._waiting.append(self._flow.end())
            self._ended = True
            self._due.set()
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _tell(self) -> None:
        ended = False
        while not ended:
            await self._due.wait()
            self._due.clear()
            ended = self._ended
            await self._flush()

    async def _flush(self) -> None:
        if self._restart:
            why, self._restart = self._restart, ""
            await self._send(line(restart=why))
        text = "".join(self._waiting)
        self._waiting.clear()
        if text:
            self._sent = True
            await self._send(line(text=text))
