"""How fast a client may ask."""

import asyncio

from gateway.live.messages import Invalid
from services.runtime.clock import Clock

_BURST = 100
_PER_SECOND = 20.0


class Pace:
    """A bucket of tokens; who has none left is told so and is read more slowly."""

    __slots__ = ("_at", "_clock", "_left")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = float(_BURST)
        self._at = clock.monotonic()

    async def keep(self) -> None:
        """Count one frame; Invalid if it is one too many."""
        now = self._clock.monotonic()
        self._left = min(_BURST, self._left + (now - self._at) * _PER_SECOND)
        self._at = now
        if self._left < 1:
            await asyncio.sleep(1 / _PER_SECOND)
            raise Invalid("RATE_LIMITED", f"at most {_PER_SECOND:g} frames a second")
        self._left -= 1
