"""Does what is due: one durable consumer a kind, shared by all workers."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from contracts.catalog import UnknownEvent
from contracts.envelope import Context
from services.runtime import dead_letters, metrics, streams
from services.runtime.bench import Bench
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.clock import Clock, SystemClock
from services.runtime.context import from_nanoseconds
from services.runtime.failures import Redeliver, verdict
from services.runtime.ids import derived_id
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.outside import NOTHING_OUTSIDE, Outside
from services.runtime.pull import Delivery, Durable
from services.runtime.service import Due, DueRoute
from services.runtime.settings import Settings
from services.runtime.store import Store
from services.runtime.tracing import Tracing

_STOPPED_PAUSE = 1.0


@dataclass
class DueWorker:
    """The loop of one kind of due messages."""

    service: str
    route: DueRoute
    bus: Bus
    log: EventLog
    settings: Settings
    tracing: Tracing
    outside: Outside = NOTHING_OUTSIDE
    clock: Clock = field(default_factory=SystemClock)
    detail: str = field(default="", init=False)
    """Why the loop has stopped, empty while it has not."""
    _waiting: set[str] = field(default_factory=set[str], init=False)
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(
        default_factory=WeakValueDictionary[str, asyncio.Lock], init=False
    )
    _bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self._say = logger("due", kind=self.route.kind)
        self._bench = Bench(self.bus, self.durable(), self.route.places, self._handle)

    @property
    def healthy(self) -> bool:
        """False once the loop has stopped by itself."""
        return not self.detail

    def durable(self) -> Durable:
        """The consumer that all workers share."""
        return Durable(
            streams.SCHEDULES,
            f"due_{self.route.kind}",
            (f"due.{self.route.kind}.*",),
            self.settings.workers.ack_wait,
            self.route.places * 8,
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Do what is due until told to stop."""
        await self._bench.run(stopping, lambda: self.healthy)

    async def _handle(self, delivery: Delivery) -> None:
        name = delivery.subject.rpartition(".")[2]
        if name in self._waiting:
            # Whoever waits will begin after this and see everything that this would.
            await self._bench.answer(delivery, b"+ACK")
            return
        lock = self._locks.setdefault(name, asyncio.Lock())
        self._waiting.add(name)
        try:
            await lock.acquire()
        finally:
            self._waiting.discard(name)
        try:
            await self._do(name, delivery)
        finally:
            lock.release()

    async def _do(self, name: str, delivery: Delivery) -> None:
        due = Due(name, delivery.data, from_nanoseconds(delivery.time_ns))
        try:
            with (
                metrics.DUE_SECONDS.labels(self.route.kind).time(),
                self.tracing.span(f"due {self.route.kind}", None) as traceparent,
            ):
                await self.route.handler(due, self._store(delivery, traceparent))
        except BusUnavailable:
            raise
        except UnknownEvent as error:
            self.detail = f"this program does not know {error}"
            await self._bench.give_back(delivery, _STOPPED_PAUSE)
        except Exception as error:  # noqa: BLE001 - every bug ends in a verdict, none is lost
            await self._failed(delivery, error)
        else:
            await self._bench.answer(delivery, b"+ACK")

    def _store(self, delivery: Delivery, traceparent: str) -> Store:
        # The same at every try, so that a repeat finds its own appends.
        command_id = derived_id(delivery.subject, delivery.sequence)
        context = Context(
            command_id=command_id,
            actor=f"service:{self.service}",
            correlation_id=command_id,
            causation_id=command_id,
            source=f"/services/{self.service}",
            traceparent=traceparent,
        )
        at = from_nanoseconds(delivery.time_ns)
        return Store(self.log, context, at, self.settings, self.outside)

    async def _failed(self, delivery: Delivery, error: Exception) -> None:
        tell = verdict(error, delivery.delivered, self.settings.workers.max_deliver)
        if isinstance(tell, Redeliver):
            self._say.warning("postponed", subject=delivery.subject, reason=str(error))
            await self._bench.give_back(delivery, tell.delay)
            return
        self._say.error("buried", subject=delivery.subject, exc_info=error)
        failure = dead_letters.Failure(
            stream=streams.SCHEDULES,
            consumer=self.durable().name,
            subject=delivery.subject,
            headers={},
            data=delivery.data,
            error=tell.reason,
            message_id=delivery.subject,
            sequence=delivery.sequence,
        )
        await dead_letters.bury(self.bus, failure, self.clock.now())
        await self._bench.answer(delivery, b"+ACK")
