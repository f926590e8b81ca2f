"""Where a feed's frames go: a WebSocket, or an answer that does not end."""

from collections.abc import Sequence
from typing import Protocol

from gateway.live.messages import LiveFrame
from services.runtime.slices import Piece, Slice


class Sink(Protocol):
    """Takes frames in their order; a `send` or `say` waits while the client takes nothing."""

    async def say(self, frame: LiveFrame) -> None:
        """Send one of our own frames; Gone if there is nobody."""
        ...

    def pieces(self, events: Slice, *, batch: bool) -> Sequence[Piece]:
        """Events as this client gets them; with ``batch`` several of them may go together."""
        ...

    async def send(self, piece: Piece) -> None:
        """Send what `pieces` has made; Gone if there is nobody.

        Cancelled while it waits, it has sent nothing.
        """
        ...
