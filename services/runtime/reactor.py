"""One reaction: reads an event off its consumer, runs the handler, and settles the message."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from contracts.catalog import UnknownEvent
from contracts.envelope import Context, Event, Recorded
from contracts.subjects import EntityKey, parse
from services.runtime import dead_letters, metrics, streams
from services.runtime.bus import BusUnavailable
from services.runtime.clock import Clock
from services.runtime.context import from_nanoseconds, log_time, recorded
from services.runtime.failures import PoisonRun, Redeliver, verdict
from services.runtime.ids import derived_id
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.outside import Outside
from services.runtime.pull import read_delivery
from services.runtime.service import Reaction
from services.runtime.settings import Settings
from services.runtime.store import Store
from services.runtime.tracing import Tracing

_AWAY_PAUSE = 0.5
_STOPPED_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Means:
    """What the reactions of a process share."""

    log: EventLog
    settings: Settings
    tracing: Tracing
    clock: Clock
    outside: Outside


@dataclass(frozen=True, slots=True)
class _Found:
    """An event as it lies in the log, and which try this is."""

    subject: str
    headers: Mapping[str, str]
    data: bytes
    sequence: int
    logged_at: datetime
    delivered: int


@dataclass
class Reactor:
    """One handler of a service and the durable consumer that feeds it.

    Events of one entity are handled one after the other, in order; one that failed comes again
    later, so after events that followed it.
    """

    service: str
    name: str
    handler: Reaction
    events: tuple[type[Event], ...]
    means: Means
    told: Callable[[], None]
    """Called when it stops by itself."""
    from_start: bool = False
    """It begins with the oldest event, not with what happens from now on."""
    places: int | None = None
    """How many are worked on at once; None: as many as commands."""
    stopped: str = ""
    """Why it reads no more; empty while it reads."""
    held: dict[str, Msg] = field(default_factory=dict[str, Msg], init=False)
    """Messages in work or waiting for it, by where they are acknowledged."""
    _locks: WeakValueDictionary[EntityKey, asyncio.Lock] = field(
        default_factory=WeakValueDictionary[EntityKey, asyncio.Lock], init=False
    )

    def __post_init__(self) -> None:
        limits = self.means.settings.workers
        self._run = PoisonRun(limits.poison_run)
        self._slots = asyncio.Semaphore(self.places or limits.concurrency)
        self._say = logger("reactions", reaction=self.durable)

    @property
    def durable(self) -> str:
        """The name of its consumer."""
        return f"{self.service}_{self.name}"

    @property
    def filters(self) -> list[str]:
        """The subjects of its events."""
        return sorted({_filter(event) for event in self.events})

    def stop(self, reason: str) -> None:
        """Take no further message: what is lost politely is lost all the same."""
        if not self.stopped:
            self.stopped = reason
            self._say.error("reaction_stopped", reason=reason)
            self.told()

    async def keep_alive(self) -> None:
        """Tell the server that the messages in hand are not lost, however long they take."""
        for message in list(self.held.values()):
            try:
                await message.in_progress()
            except NatsError:
                return  # They come again, and the handler finds what it has done.

    async def take(self, message: Msg) -> None:
        """Handle one message and settle it; never raises."""
        self.held[message.reply] = message
        try:
            await self._take(message)
        except Exception:  # noqa: BLE001 - FastStream would drop it without a word
            self._say.exception("not_settled", subject=message.subject)
            await self._give_back(message)
        finally:
            self.held.pop(message.reply, None)

    async def _give_back(self, message: Msg) -> None:
        try:
            await message.nak(_STOPPED_PAUSE)
        except NatsError:
            return  # It comes again by itself, when the server has waited long enough.

    async def _take(self, message: Msg) -> None:
        while not await self._is_settled(message):  # noqa: ASYNC110 - asks the bus each time
            await asyncio.sleep(_AWAY_PAUSE)

    async def _is_settled(self, message: Msg) -> bool:
        """False while the bus is away: that is no failure of the handler and counts as no try."""
        try:
            found = await self._find(message)
            if found is None:
                await message.ack()
                return True
            async with self._turn(found.subject), self._slots:
                await self._settle(message, found)
        except BusUnavailable as error:
            self._say.warning("bus_away", reason=str(error))
            return False
        return True

    async def _find(self, message: Msg) -> _Found | None:
        """The event that a message brings or, as the mark on a dead letter, asks for."""
        delivery = read_delivery(message)
        if not delivery.subject.startswith("dlq."):
            return _Found(
                delivery.subject,
                delivery.headers,
                delivery.data,
                delivery.sequence,
                from_nanoseconds(delivery.time_ns),
                delivery.delivered,
            )
        sequence = dead_letters.wanted_again(delivery.headers)
        stored = None if sequence is None else await self.means.log.at(sequence)
        if stored is None:
            if sequence is not None:
                self._say.warning("event_gone", sequence=sequence)
            return None
        at = log_time(stored.time)
        return _Found(
            stored.subject, stored.headers, stored.data, stored.sequence, at, delivery.delivered
        )

    @asynccontextmanager
    async def _turn(self, subject: str) -> AsyncGenerator[None]:
        try:
            key = parse(subject).key
        except ValueError:
            key = EntityKey("", "", subject)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield

    async def _settle(self, message: Msg, found: _Found) -> None:
        if self.stopped:
            await message.nak(_STOPPED_PAUSE)
            return
        try:
            await self._react(found)
        except BusUnavailable:
            raise
        except UnknownEvent as error:
            self.stop(f"this program does not know {error}")
            await message.nak(_STOPPED_PAUSE)
        except Exception as error:  # noqa: BLE001 - every bug ends in a verdict, none is lost
            await self._failed(message, found, error)
        else:
            self._run.good()
            await message.ack()
            self._count(found, "handled")

    async def _react(self, found: _Found) -> None:
        position = (found.sequence, found.logged_at)
        event = recorded(self.means.log.catalog, found.subject, found.headers, found.data, position)
        name = f"react {self.durable}"
        with self.means.tracing.span(name, event.traceparent) as traceparent:
            await self.handler(event, self._store(event, traceparent))

    def _store(self, event: Recorded, traceparent: str) -> Store:
        context = Context(
            # The same at every try, so that a repeat finds its own appends.
            command_id=derived_id(event.event_id, self.durable),
            actor=f"service:{self.service}",
            correlation_id=event.correlation_id,
            causation_id=event.event_id,
            source=f"/services/{self.service}",
            traceparent=traceparent,
        )
        means = self.means
        return Store(means.log, context, event.logged_at, means.settings, means.outside)

    async def _failed(self, message: Msg, found: _Found, error: Exception) -> None:
        tell = verdict(error, found.delivered, self.means.settings.workers.max_deliver)
        if isinstance(tell, Redeliver):
            self._say.warning("reaction_postponed", sequence=found.sequence, reason=str(error))
            await message.nak(tell.delay)
            self._count(found, "postponed")
            return
        self._say.error("reaction_buried", sequence=found.sequence, exc_info=error)
        failure = dead_letters.Failure(
            stream=streams.EVENTS,
            consumer=self.durable,
            subject=found.subject,
            headers=found.headers,
            data=found.data,
            error=tell.reason,
            message_id=found.headers.get("ce-id") or f"seq-{found.sequence}",
            sequence=found.sequence,
        )
        await dead_letters.bury(self.means.log.bus, failure, self.means.clock.now())
        await message.ack()
        self._count(found, "buried")
        self._run.bad()
        if self._run.stopped:
            self.stop(f"{self._run.length} dead letters in a row")

    def _count(self, found: _Found, result: str) -> None:
        event = self.means.log.catalog.public_name(found.headers.get("ce-type", ""))
        metrics.REACTIONS_HANDLED.labels(self.service, event, result).inc()


def _filter(event: type[Event]) -> str:
    subject = f"evt.*.{event.entity}.*.{event.names.token}"
    return f"{subject}.*" if event.aggregate else subject
