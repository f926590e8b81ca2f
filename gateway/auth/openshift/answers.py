"""What somebody else has answered, kept for a while and asked for once by all who want it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from contracts.refusals import TryLater
from services.runtime.clock import Clock

_FAILED_SECONDS = 2.0
_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long, and how much."""

    seconds: float = 60.0
    """An answer counts, from when the question was asked."""
    no_seconds: float = 10.0
    """And so long if it is no: None."""
    most: int = 10_000
    """Answers that are kept, and as many that are no."""
    most_asked: int = 100
    """Questions that are asked at once."""


@dataclass
class Answers(Generic[_K, _V]):
    """Answers by question. None is an answer too: it does not push out the others.

    A failure counts for 2 seconds for all questions, so that nobody waits in line for who is dead.
    """

    clock: Clock
    keeping: Keeping = field(default_factory=Keeping)
    _yes: OrderedDict[_K, tuple[float, _V]] = field(
        default_factory=OrderedDict[_K, tuple[float, _V]], init=False, repr=False
    )
    _no: OrderedDict[_K, tuple[float, None]] = field(
        default_factory=OrderedDict[_K, tuple[float, None]], init=False, repr=False
    )
    _asked: dict[_K, "asyncio.Task[_V | TryLater | None]"] = field(
        default_factory=dict[_K, "asyncio.Task[_V | TryLater | None]"], init=False, repr=False
    )
    _failed: tuple[float, TryLater] | None = field(default=None, init=False, repr=False)

    async def get(self, question: _K, ask: Callable[[], Awaitable[_V | None]]) -> _V | None:
        """The answer, kept or asked for; TryLater if there is none now.

        Who gives up waiting leaves the question to the others who want to know. ``ask`` has an end
        of its own.
        """
        now = self.clock.monotonic()
        if (known := _fresh(self._yes, question, now)) is not None:
            return known[1]
        if _fresh(self._no, question, now) is not None:
            return None
        told = await asyncio.shield(self._asking(question, ask, now))
        if isinstance(told, TryLater):
            raise _again(told)
        return told

    def _asking(
        self, question: _K, ask: Callable[[], Awaitable[_V | None]], now: float
    ) -> "asyncio.Task[_V | TryLater | None]":
        asked = self._asked.get(question)
        if asked is None:
            if self._failed is not None and now - self._failed[0] < _FAILED_SECONDS:
                raise _again(self._failed[1])
            if len(self._asked) >= self.keeping.most_asked:
                raise TryLater("too many who are not known here have come at once")
            asked = self._asked[question] = asyncio.ensure_future(self._ask(question, ask, now))
        return asked

    async def _ask(
        self, question: _K, ask: Callable[[], Awaitable[_V | None]], now: float
    ) -> _V | TryLater | None:
        try:
            found = await ask()
        except TryLater as error:
            self._failed = (self.clock.monotonic(), error)
            return error
        finally:
            del self._asked[question]
        self._failed = None
        keeping = self.keeping
        if found is None:
            _keep(self._no, question, (now + keeping.no_seconds, None), keeping.most)
        else:
            _keep(self._yes, question, (now + keeping.seconds, found), keeping.most)
        return found


def _again(error: TryLater) -> TryLater:
    """Its own for each who is told: a traceback grows with every raise."""
    return TryLater(error.reason, error.delay)


def _fresh(
    kept: OrderedDict[_K, tuple[float, _V]], question: _K, now: float
) -> tuple[float, _V] | None:
    found = kept.get(question)
    if found is not None and found[0] <= now:
        del kept[question]
        return None
    return found


def _keep(
    kept: OrderedDict[_K, tuple[float, _V]], question: _K, answer: tuple[float, _V], most: int
) -> None:
    kept[question] = answer
    kept.move_to_end(question)
    while len(kept) > most:
        kept.popitem(last=False)
