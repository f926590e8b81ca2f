"""What happens at the doors, told to the log without anybody waiting for it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.access import AccessDenied, LoginsFailed, NoteAccess, Noted
from contracts.refusals import Refused
from services.runtime.bus import BusUnavailable, JetStreamRefused, Outgoing
from services.runtime.clock import Clock
from services.runtime.command_bus import CommandBus, Origin
from services.runtime.ids import new_id
from services.runtime.logging import logger
from services.runtime.principals import Principal

_DENIED_SECONDS, _FAILED_SECONDS = 10.0, 60.0
"""So long the same thing is counted before it is told."""
_MOST = 1_000
"""Things that are counted or wait; what is beyond is in the logs and in the metrics only."""
_PAUSE = 1.0

_What = tuple[str, ...]


@dataclass
class _Count:
    due: float
    first_at: datetime
    last_at: datetime
    times: int
    principal: Principal | None


@dataclass
class Trail:
    """Collects what was refused, and tells of logins."""

    commands: CommandBus
    clock: Clock
    _counts: dict[_What, _Count] = field(default_factory=dict[_What, _Count], init=False)
    _waiting: list[Outgoing] = field(default_factory=list[Outgoing], init=False)

    def denied(self, principal: Principal, method: str, path: str) -> None:
        """Somebody who is known may not do this."""
        self._count((principal.actor, method, path), _DENIED_SECONDS, principal)

    def failed(self, address: str | None) -> None:
        """Somebody has shown a token, session or code that is none."""
        self._count((address or "unknown",), _FAILED_SECONDS, None)

    def note(self, what: Noted, *, by: str = "gateway", once: UUID | None = None) -> None:
        """Tell of this as soon as possible: whose doing it was, and what several may tell of.

        What has the same id ``once`` is told once, whichever processes tell of it.
        """
        if len(self._waiting) < _MOST:
            command = NoteAccess.of(what)
            message = self.commands.message(command, once or new_id(), Origin(by))
            self._waiting.append(message)

    def _count(self, what: _What, seconds: float, principal: Principal | None) -> None:
        now, known = self.clock.now(), self._counts.get(what)
        if known is not None:
            known.last_at, known.times = now, known.times + 1
        elif len(self._counts) < _MOST:
            due = self.clock.monotonic() + seconds
            self._counts[what] = _Count(due, now, now, 1, principal)

    async def run(self, stopping: asyncio.Event) -> None:
        """Tell what is due, again and again; in the end all there is."""
        while not stopping.is_set():
            await self.tell(self.clock.monotonic())
            try:
                async with asyncio.timeout(_PAUSE):
                    await stopping.wait()
            except TimeoutError:
                continue
        await self.tell(float("inf"))

    async def tell(self, until: float) -> None:
        """Tell what is due by then; what cannot be told now stays for the next time."""
        for what in [what for what, count in self._counts.items() if count.due <= until]:
            count = self._counts.pop(what)
            by = "gateway" if count.principal is None else count.principal.actor
            self.note(_noted(what, count), by=by)
        waiting, self._waiting = self._waiting, []
        try:
            await self.commands.send(waiting)
        except (BusUnavailable, JetStreamRefused, Refused) as error:
            logger("access").warning("not_told", count=len(waiting), reason=str(error))
            self._waiting = [*waiting, *self._waiting][:_MOST]


def _noted(what: _What, count: _Count) -> Noted:
    if count.principal is None:
        return LoginsFailed(
            address=what[0], times=count.times, first_at=count.first_at, last_at=count.last_at
        )
    user, method, path = what
    return AccessDenied(
        user=user,
        role=count.principal.role,
        method=method,
        path=path,
        times=count.times,
        first_at=count.first_at,
        last_at=count.last_at,
    )
