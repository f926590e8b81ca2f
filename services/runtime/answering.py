"""Answers questions on the bus: for one site, in one queue group, so that any worker may.

What is asked is in work at once up to a bound, waits beyond it for its turn, and is refused where
too much waits; nothing is worked on after its deadline, nor after its asker has gone. Answers that
last as long as somebody listens (`contracts.envelope.Query.lasting`) do not stand in others' way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nats.aio.msg import Msg
from pydantic import ValidationError

from contracts.envelope import Query
from contracts.refusals import Code, Refused, TryLater
from services.runtime.asking import DEADLINE, Place
from services.runtime.bus import INBOX, Bus, BusUnavailable
from services.runtime.clock import Clock, SystemClock
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.outside import Outside
from services.runtime.replies import Asked, Gone, Reply
from services.runtime.service import QueryHandler
from services.runtime.settings import Settings
from services.runtime.tracing import Tracing
from services.runtime.validation import problems

_AT_ONCE = 512
_WAITING = 4096
_GRACE = 2.0
_AWAY_PAUSE = 0.5


@dataclass
class Answering:
    """The answers of one process, for one site; ``-`` for what its projections are asked."""

    site: str
    group: str
    routes: Mapping[type[Query], QueryHandler]
    bus: Bus
    log: EventLog
    settings: Settings
    tracing: Tracing
    outside: Outside
    clock: Clock = field(default_factory=SystemClock)
    _short: "_Places" = field(default_factory=lambda: _Places(_WAITING), init=False)
    _lasting: "_Places" = field(default_factory=lambda: _Places(0), init=False)
    _turning: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]], init=False)

    def __post_init__(self) -> None:
        self._say = logger("answers", group=self.group)
        self._by_name = {query.snake_name(): (query, run) for query, run in self.routes.items()}

    async def run(self, stopping: asyncio.Event) -> None:
        """Answer until told to stop; what is in work then has two seconds to end."""
        place = Place(self.site, "*")
        ends: Sequence[Callable[[], Awaitable[None]]] = [
            await self.bus.client.hear(place.subject(name), self._hear, queue=self.group)
            for name in self._by_name
        ]
        await stopping.wait()
        for end in ends:
            await end()
        running = self._short.taken | self._lasting.taken
        if running:
            _, late = await asyncio.wait(running, timeout=_GRACE)
            for task in late:
                task.cancel()

    def _hear(self, message: Msg) -> None:
        if not message.reply.startswith(INBOX):
            return  # Nobody may have a worker publish anywhere else.
        query, _ = self._by_name[message.subject.rpartition(".")[2]]
        places = self._lasting if query.lasting else self._short
        work = self._turn_away(message) if places.full else self._answer(message, places)
        working = self._turning if places.full else places.taken
        task = asyncio.get_running_loop().create_task(work)
        working.add(task)
        task.add_done_callback(working.discard)

    async def _turn_away(self, message: Msg) -> None:
        full = Refused(Code.OVERLOADED, "too many questions are in work")
        try:
            await Reply(self.bus, message.reply).end("error", _told(full))
        except BusUnavailable:
            return  # Nobody can be told.

    async def _answer(self, message: Msg, places: "_Places") -> None:
        reply = Reply(self.bus, message.reply)
        reply.flow = self.bus.inbox(reply.hear)
        try:
            async with asyncio.timeout(self._seconds(message)):
                await places.turns.acquire()
            try:
                if reply.gone:
                    return
                how, told = await self._worked_out(message, reply)
            finally:
                places.turns.release()
            await reply.end(how, told)
        except (Gone, BusUnavailable, TimeoutError):
            return  # Nobody waits for it any more, or nobody can be reached.
        finally:
            self.bus.forget(reply.flow)

    async def _worked_out(self, message: Msg, reply: Reply) -> tuple[str, Mapping[str, Any]]:
        try:
            async with asyncio.timeout(self._seconds(message)) as patience:
                del patience
                return "ok", await self._handled(message, reply)
        except Refused as refused:
            return "error", _told(refused)
        except TryLater as later:
            return "error", _told(Refused(Code.OVERLOADED, later.reason))
        except (Gone, BusUnavailable, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must leave no asker waiting
            self._say.error("not_answered", subject=message.subject, exc_info=error)
            text = "the question could not be answered; its worker's log says why"
            return "error", _told(Refused(Code.INTERNAL_ERROR, text))

    async def _handled(self, message: Msg, reply: Reply) -> Mapping[str, Any]:
        *_, cluster, name = message.subject.split(".")  # Of projections there is but the site.
        query, run = self._by_name[name]
        try:
            asked = query.model_validate_json(message.data)
        except ValidationError as error:
            text = "the question is not valid"
            raise Refused(Code.VALIDATION_FAILED, text, problems(error)) from None
        seconds = self._seconds(message)
        about = Asked(cluster, seconds, self.log, self.settings, self.outside, reply)
        with self.tracing.span(f"answer {name}", (message.headers or {}).get("traceparent")):
            return await run(asked, about)

    def _seconds(self, message: Msg) -> float:
        """Until the deadline; by our own clock, so that clocks must agree to a second or so."""
        told = (message.headers or {}).get(DEADLINE, "")
        if not told.isdecimal():
            return 30.0
        return max(int(told) / 1000 - self.clock.now().timestamp(), 0.0)


@dataclass(eq=False)
class _Places:
    """Questions of one kind that are in work, and those that wait for it."""

    most_waiting: int
    taken: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @property
    def full(self) -> bool:
        return len(self.taken) >= _AT_ONCE + self.most_waiting


def _told(refused: Refused) -> Mapping[str, Any]:
    return {
        "code": refused.code.name,
        "message": refused.message,
        "details": refused.details,
    }
