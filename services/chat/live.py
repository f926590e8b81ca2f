"""What is told of a turn while it goes on: to whoever listens, and stored nowhere.

Each message is JSON with ``kind``: ``start``, ``text`` (``at``: characters before it; with
``reset`` it takes the place of all before), ``call``, ``result``, ``end``.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from contracts.chat import live_subject
from services.runtime.bus import Bus, BusUnavailable

_SNAPSHOT_CHARACTERS = 400
"""So often the whole text is told, for who has come later or has missed a part."""


@dataclass
class Live:
    """The way to those who watch a session."""

    bus: Bus
    session_id: UUID
    turn_id: UUID
    text: str = ""
    _whole_at: int = 0

    async def say(self, kind: str, **told: Any) -> None:
        """Tell something; nobody may be there to hear it."""
        body = {"kind": kind, "turn_id": str(self.turn_id), **told}
        try:
            await self.bus.emit(live_subject(self.session_id), msgspec.json.encode(body))
        except BusUnavailable:
            return  # What counts is in the log.

    async def begin(self, number: int) -> None:
        """Another step: what is said now comes anew."""
        self.text, self._whole_at = "", 0
        await self.say("start", round=number)

    async def words(self, text: str) -> None:
        """More words of what may become the answer."""
        at = len(self.text)
        self.text += text
        await self.say("text", text=text, at=at)
        if len(self.text) - self._whole_at >= _SNAPSHOT_CHARACTERS:
            self._whole_at = len(self.text)
            await self.say("text", text=self.text, at=0, reset=True)

    async def anew(self) -> None:
        """What was said so far does not count."""
        self.text, self._whole_at = "", 0
        await self.say("text", text="", at=0, reset=True)
