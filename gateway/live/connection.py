"""One client: a task that reads what it asks, and one that writes what it wants to be told."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from gateway.auth.trail import Trail
from gateway.live.ending import BROKEN, TRY_LATER, Ended, Ending, refused
from gateway.live.guest import About, Door
from gateway.live.messages import (
    AuthResponse,
    Disconnect,
    ErrorFrame,
    Invalid,
    LiveFrame,
    token_in,
)
from gateway.live.outlet import Gone, Outlet
from gateway.live.pace import Pace
from gateway.live.talk import Begin, Writer, cancel, watched
from services.runtime import metrics
from services.runtime.clock import Clock
from services.runtime.database import DatabaseUnavailable
from services.runtime.ids import new_id
from services.runtime.logging import logger
from services.runtime.principals import Principal

Authenticate = Callable[[str], Awaitable[Principal | None]]
"""Whose token or session secret this is."""

_COME_BACK_MS = 1000
_PATHS: Mapping[Door, str] = {"ws": "/ws", "logs": "/api/v1/logs/tail"}
"""As the audit log names them."""


@dataclass(frozen=True)
class Ambient:
    """What a browser shows by itself: its session, and the page that opened the socket."""

    secret: str
    ours: bool
    """False if another site's page did it."""


@dataclass(frozen=True)
class Terms:
    """What all connections of a process share."""

    authenticate: Authenticate
    clock: Clock
    auth_seconds: float
    trail: Trail | None = None
    """Told of what is refused; None: nobody is."""


class Connection:
    """From the handshake to the close."""

    __slots__ = (
        "_ending", "_id", "_pace", "_since", "_talk", "_terms",
        "checked", "outlet", "principal", "secret",
    )  # fmt: skip

    def __init__(self, terms: Terms, outlet: Outlet, begin: Begin) -> None:
        self.outlet = outlet
        self.principal: Principal | None = None
        self.secret = ""
        self.checked = terms.clock.monotonic()
        """When the login was last found good."""
        self._id, self._since = new_id(), terms.clock.now()
        self._terms = terms
        self._pace = Pace(terms.clock)
        self._talk = begin(outlet, Writer(self._over))
        self._ending: asyncio.Future[Ending | None] = asyncio.get_running_loop().create_future()

    async def run(self, ambient: Ambient | None) -> None:
        """Serve the client until it hangs up or `end` is called."""
        ending = await self._serve(ambient)
        if ending is not None:
            await self.outlet.close(ending.code, self._last_words(ending), ending.grace)

    async def _serve(self, ambient: Ambient | None) -> Ending | None:
        reader = watched(self._read(ambient), self._over)
        try:
            return await self._ending
        finally:
            await cancel(reader)
            await self._talk.close()

    def end(self, ending: Ending | None) -> None:
        """Hang up; without an ending the client has done so. The first call counts."""
        if not self._ending.done():
            self._ending.set_result(ending)

    def stalled(self) -> float:
        """See `Guest`."""
        return self.outlet.stalled()

    def cut(self) -> None:
        """See `Guest`."""
        self.outlet.cut()

    def about(self) -> About:
        """See `Guest`."""
        return About(
            id=self._id,
            door=self._talk.door,
            address=self.outlet.address,
            connected_at=self._since,
            sent=self.outlet.sent,
            subscriptions=self._talk.standings,
        )

    def _over(self, task: "asyncio.Future[None]") -> None:
        if task.cancelled():
            return
        match task.exception():
            case None:
                return
            case Ended() as ended:
                self.end(ended.ending)
            case Gone():
                self.end(None)
            case error:
                logger("live").error("unexpected_error", exc_info=error)
                self.end(BROKEN)

    def _last_words(self, ending: Ending) -> list[LiveFrame]:
        if ending.error is not None:
            return [ending.error]
        if ending.disconnect is None:
            return []
        return [
            Disconnect(
                reason=ending.disconnect,
                reconnect_after_ms=_COME_BACK_MS,
                resume_sequence=self._talk.position,
            )
        ]

    async def _read(self, ambient: Ambient | None) -> None:
        self.principal = await self._log_in(ambient)
        name, role = self.principal.name, self.principal.role
        await self.outlet.say(AuthResponse(client_id=self._id, user=name, role=role))
        while True:
            try:
                text = await self.outlet.receive()
                await self._pace.keep()
                await self._talk.hear(text, self.principal)
            except Invalid as invalid:
                self._note(invalid.frame, self.principal)
                await self.outlet.say(invalid.frame)
            except Ended as ended:
                self._note(ended.ending.error, self.principal)
                raise

    def _note(self, told: ErrorFrame | None, principal: Principal) -> None:
        """What somebody who is known may not do counts as it does over HTTP."""
        if told is None or told.code != "PERMISSION_DENIED":
            return
        metrics.AUTH_FAILURES.labels("403").inc()
        if self._terms.trail is not None:
            self._terms.trail.denied(principal, "WS", _PATHS[self._talk.door])

    async def _log_in(self, ambient: Ambient | None) -> Principal:
        """By what the browser shows, otherwise by the first frame."""
        if ambient is not None:
            if not ambient.ours:
                raise refused("AUTH_FAILED", "not from a page of another site")
            principal = await self._who(ambient.secret)
            if principal is not None:
                return principal
            self._failed()
        principal = await self._who(await self._token())
        if principal is None:
            self._failed()
            raise refused("AUTH_FAILED", "the token or session is not valid (any more)")
        return principal

    def _failed(self) -> None:
        """They have shown a token or session that is none."""
        metrics.AUTH_FAILURES.labels("401").inc()
        if self._terms.trail is not None:
            self._terms.trail.failed(self.outlet.address)

    async def _token(self) -> str:
        try:
            async with asyncio.timeout(self._terms.auth_seconds):
                token = token_in(await self.outlet.receive())
        except TimeoutError:
            raise refused("AUTH_FAILED", "no auth frame came in time") from None
        except Invalid:
            token = None
        if token is None:
            raise refused("AUTH_FAILED", "the first frame must be auth")
        return token

    async def _who(self, secret: str) -> Principal | None:
        # Before it is asked: rights that change while the answer is on its way are asked again.
        self.secret, self.checked = secret, self._terms.clock.monotonic()
        try:
            return await self._terms.authenticate(secret)
        except DatabaseUnavailable:
            message = "logins cannot be checked now; try again"
            raise refused("INTERNAL_ERROR", message, TRY_LATER) from None
