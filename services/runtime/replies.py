"""The way back to whoever asks on the bus: parts of an answer, as fast as they are taken."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from nats.aio.msg import Msg

from services.runtime.asking import CHUNK, END, STOP
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings

PART_BYTES = 256 * 1024
UNDER_WAY = 2
"""Parts that an asker has not taken yet."""


class Gone(Exception):
    """The asker wants nothing more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a handler works with."""

    cluster: str
    """The cluster's id as a token, ``-`` for none."""
    seconds: float
    """How long there is for the answer, from when it began."""
    log: EventLog
    settings: Settings
    outside: Outside
    reply: "Reply"

    async def send(self, part: bytes | bytearray | memoryview) -> None:
        """Send a part of the answer, however large; returns when there is room for more."""
        await self.reply.send(part)


@dataclass
class Reply:
    """The way back to an asker."""

    bus: Bus
    subject: str
    flow: str = ""
    chunk: int = 0
    gone: bool = False
    _taken: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, message: Msg) -> None:
        """The asker has taken a part, or wants no more."""
        self._taken += 1
        self.gone = self.gone or message.data == STOP
        self._news.set()

    async def send(self, part: bytes | bytearray | memoryview) -> None:
        """See `Asked.send`."""
        whole = memoryview(part)
        for start in range(0, len(whole), PART_BYTES):
            while self.chunk - self._taken >= UNDER_WAY and not self.gone:
                self._news.clear()
                await self._news.wait()
            if self.gone:
                raise Gone
            await self._emit(bytes(whole[start : start + PART_BYTES]), {})

    async def end(self, how: str, told: Mapping[str, Any]) -> None:
        """That was all."""
        await self._emit(msgspec.json.encode(told), {END: how})

    async def _emit(self, body: bytes, headers: dict[str, str]) -> None:
        self.chunk += 1
        told = {CHUNK: str(self.chunk), **headers}
        await self.bus.emit(self.subject, body, told, reply=self.flow)
