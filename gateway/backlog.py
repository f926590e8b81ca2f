"""How much of what was taken in waits to be worked on: beyond a bound alerts are sent away.

The queue of commands refuses what is beyond its bytes, whatever it is. Alerts are sent away
before that, so that there is room for the commands of people while a flood of alerts is worked off.
"""

from contracts.refusals import Code, Refused
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.clock import Clock

_LOOK_EVERY = 1.0
_PATIENCE = 1.0
"""Seconds."""


class Backlog:
    """The bytes of the queue, looked at once a second while alerts come."""

    def __init__(self, bus: Bus, clock: Clock, most: int) -> None:
        """``most``: bytes from which on alerts are sent away."""
        self._bus = bus
        self._clock = clock
        self._most = most
        self._bytes = 0
        self._look_at = clock.monotonic()

    async def require_room(self) -> None:
        """Refused with OVERLOADED while there is too much."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            # Whoever comes meanwhile goes by what was seen last.
            self._look_at = now + _LOOK_EVERY
            await self._look()
        if self._bytes > self._most:
            text = "the alerts that were taken in before are still being worked on; send them again"
            raise Refused(Code.OVERLOADED, text)

    async def _look(self) -> None:
        try:
            found = await self._bus.api(f"STREAM.INFO.{streams.COMMANDS}", timeout=_PATIENCE)
        except (BusUnavailable, JetStreamRefused):
            return  # What is sent to it now will tell.
        self._bytes = found["state"]["bytes"]
        metrics.COMMAND_BACKLOG.set(self._bytes)
