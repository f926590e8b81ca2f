"""Answers about telemetry that many ask for at the same time are worked out once for all of them.

An answer is given again for ten times as long as it took to work out, at most for a second: so one
question keeps no more than a tenth of a core busy, however many look at the same page, and an
answer that costs nothing is always new. Samples come every few seconds, so none is missed by it;
what must never be late belongs into the question.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from gateway.flights import Flights
from services.runtime.clock import Clock

_TIMES = 10.0
_LONGEST = 1.0
"""Seconds."""
_MOST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    until: float


@dataclass(slots=True)
class Briefly:
    """What was answered just now; one per process."""

    clock: Clock
    _kept: OrderedDict[str, _Kept] = field(default_factory=OrderedDict[str, _Kept])
    _flights: Flights[bytes] = field(default_factory=Flights[bytes])

    async def answered(
        self, question: tuple[Hashable, ...], work: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        """The answer to a question, in which all stands that makes the answer another one."""
        key = repr(question)
        kept = self._kept.get(key)
        if kept is not None and self.clock.monotonic() < kept.until:
            return kept.body
        return await self._flights.share(key, lambda: self._made(key, work))

    async def _made(self, key: str, work: Callable[[], Awaitable[bytes]]) -> bytes:
        began = self.clock.monotonic()
        body = await work()
        now = self.clock.monotonic()
        self._kept[key] = _Kept(body, now + min(_TIMES * (now - began), _LONGEST))
        self._kept.move_to_end(key)
        self._let_go(now)
        return body

    def _let_go(self, now: float) -> None:
        """Of what is over, and of the oldest beyond the bound."""
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            del self._kept[key]
        while sum(len(kept.body) for kept in self._kept.values()) > _MOST_BYTES:
            self._kept.popitem(last=False)
