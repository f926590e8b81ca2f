"""Commands that publishers from outside may not give, told to the log: counted first, so that who
sends a million of them is one event with a number."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.access import AccessDenied, Role
from contracts.refusals import Code, Refused, TryLater
from contracts.subjects import token
from services.runtime.bus import BusUnavailable, JetStreamRefused
from services.runtime.clock import Clock
from services.runtime.ids import new_id
from services.runtime.logging import logger

_MOST = 1_000
"""Things that are counted or wait; what is beyond is in the metrics only."""
_LONGEST = 100
"""Characters of a user's name in an event."""
_GOODBYE = 3.0

_What = tuple[str, str]
Tell = Callable[[UUID, AccessDenied], Awaitable[None]]
"""Stores the event, once for an id."""


@dataclass
class _Count:
    role: Role | None
    first_at: datetime
    last_at: datetime
    times: int = 1


@dataclass
class Denials:
    """Collects what was refused to publishers, and tells of it. Nobody waits for that.

    By events and not by a command: who is refused may have filled the queue of commands.
    """

    tell: Tell
    clock: Clock
    seconds: float = 10.0
    """So long they are counted before they are told."""
    _counts: dict[_What, _Count] = field(default_factory=dict[_What, _Count], init=False)
    _waiting: list[tuple[UUID, AccessDenied]] = field(
        default_factory=list[tuple[UUID, AccessDenied]], init=False
    )
    _telling: asyncio.Task[None] | None = field(default=None, init=False)
    _closing: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @contextmanager
    def watch(self, publisher: str, role: Role | None, command: str) -> Generator[None]:
        """Count it if what is done in a block is refused to them."""
        try:
            yield
        except Refused as refused:
            if refused.code is Code.PERMISSION_DENIED:
                self._count((token(publisher)[:_LONGEST], command), role)
            raise

    def _count(self, what: _What, role: Role | None) -> None:
        now, known = self.clock.now(), self._counts.get(what)
        if known is not None:
            known.role, known.last_at, known.times = role, now, known.times + 1
        elif len(self._counts) < _MOST:
            self._counts[what] = _Count(role, now, now)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell_soon())

    async def close(self) -> None:
        """Tell what is left; what cannot be told now is lost."""
        self._closing.set()
        if self._telling is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._telling

    async def _tell_soon(self) -> None:
        while self._counts or self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.seconds):
                    await self._closing.wait()
            await self._tell_all()
            if self._closing.is_set():
                break
        self._telling = None

    async def _tell_all(self) -> None:
        counts, self._counts = self._counts, {}
        told = [(new_id(), _denied(what, count)) for what, count in counts.items()]
        # What was tried before keeps its id: it is told once, also if only the answer was lost.
        self._waiting = [*self._waiting, *told][:_MOST]
        try:
            while self._waiting:
                await self.tell(*self._waiting[0])
                del self._waiting[0]
        except (BusUnavailable, JetStreamRefused, TryLater) as error:
            logger("access").warning("not_told", count=len(self._waiting), reason=str(error))


def _denied(what: _What, count: _Count) -> AccessDenied:
    publisher, command = what
    return AccessDenied(
        user=publisher,
        role=count.role,
        method="COMMAND",
        path=command,
        times=count.times,
        first_at=count.first_at,
        last_at=count.last_at,
    )
