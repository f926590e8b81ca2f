"""Handles the commands of one area: own pull loop, bounded, idempotent by command id."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakValueDictionary

from pydantic import ValidationError

from contracts.catalog import UnknownEvent, command_class
from contracts.envelope import Command, Context
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from services.runtime import dead_letters, metrics, outcomes, streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.clock import Clock, SystemClock
from services.runtime.context import from_nanoseconds
from services.runtime.failures import PoisonRun, Redeliver, verdict
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.pull import Delivery, Durable, PullReader
from services.runtime.service import CommandRoute
from services.runtime.settings import Settings
from services.runtime.settlements import Settled, Settlements
from services.runtime.store import Accepted, Store
from services.runtime.tracing import Tracing
from services.runtime.validation import problems

_OWN_PUBLISHERS = frozenset({"gateway", "system"})
_LOOK_UP = 0.2
_AWAY_PAUSE = 0.5
_UNSETTLED_PAUSE = 1.0
_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """A command message taken apart."""

    delivery: Delivery
    publisher: str
    name: str
    command_id: UUID
    reply_to: str | None

    @property
    def actor(self) -> str:
        """Our own doors name the actor; any other publisher is the actor itself."""
        if self.publisher in _OWN_PUBLISHERS:
            return self.delivery.headers.get("ce-actor", self.publisher)
        return self.publisher


@dataclass
class CommandWorker:
    """The loop of one area."""

    area: str
    routes: Mapping[type[Command], CommandRoute]
    bus: Bus
    log: EventLog
    settings: Settings
    tracing: Tracing
    clock: Clock = field(default_factory=SystemClock)
    _unknown: str = field(default="", init=False)
    _freed: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _running: dict[asyncio.Task[None], Delivery] = field(
        default_factory=dict[asyncio.Task[None], Delivery], init=False
    )
    _locks: WeakValueDictionary[object, asyncio.Lock] = field(
        default_factory=WeakValueDictionary[object, asyncio.Lock], init=False
    )
    _run: PoisonRun = field(init=False)
    _settlements: Settlements = field(init=False)

    def __post_init__(self) -> None:
        self._settlements = Settlements(self.bus)
        self._run = PoisonRun(self.settings.workers.poison_run)
        self._say = logger("commands", command_area=self.area)

    @property
    def healthy(self) -> bool:
        """False once the loop has stopped by itself."""
        return not self.detail

    @property
    def detail(self) -> str:
        """Why the loop has stopped, empty while it has not."""
        if self._run.stopped:
            return f"{self._run.length} dead letters in a row"
        return self._unknown

    def durable(self) -> Durable:
        """The consumer that all workers of this area share."""
        limit = self.settings.workers
        return Durable(
            streams.COMMANDS,
            self.area,
            (f"cmd.*.{self.area}.>",),
            limit.ack_wait,
            limit.concurrency * 8,
        )

    async def run(self, stopping: asyncio.Event) -> None:
        """Take commands until told to stop, then finish those in work."""
        reader = PullReader(self.bus, self.durable(), batch=self.settings.workers.concurrency)
        beat = asyncio.create_task(self._keep_alive(reader))
        try:
            while not stopping.is_set() and self.healthy:
                await self._take(reader)
            if not self.healthy:
                self._say.error("stopped", reason=self.detail)
        finally:
            for delivery in reader.waiting:
                await self._give_back(delivery, 0)
            await reader.close()
            await self._wind_up()
            await self._settlements.close()
            beat.cancel()

    async def _take(self, reader: PullReader) -> None:
        """Take as many as can be begun at once; the others wait in the reader, kept alive."""
        free = self.settings.workers.concurrency - len(self._running)
        try:
            if free <= 0:
                self._freed.clear()
                async with asyncio.timeout(_LOOK_UP):
                    await self._freed.wait()
                return
            deliveries = await reader.take(free, wait=_LOOK_UP)
        except TimeoutError:
            return
        except BusUnavailable:
            await asyncio.sleep(_AWAY_PAUSE)
            return
        for delivery in deliveries:
            task = asyncio.create_task(self._work(delivery))
            self._running[task] = delivery
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._freed.set()

    async def _wind_up(self) -> None:
        """Let what is in work finish; what takes longer is given up and comes again."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _keep_alive(self, reader: PullReader) -> None:
        """Tell the server that commands in hand are not lost, however long they take."""
        pause = self.settings.workers.ack_wait / 3
        while True:
            await asyncio.sleep(pause)
            for delivery in [*self._running.values(), *reader.waiting]:
                await self._answer(delivery, b"+WPI")

    async def _answer(self, delivery: Delivery, word: bytes) -> None:
        try:
            await self.bus.emit(delivery.reply, word)
        except BusUnavailable:
            return  # The message comes again; its outcome or its command id is found then.

    async def _give_back(self, delivery: Delivery, delay: float) -> None:
        await self._answer(delivery, b'-NAK {"delay": %d}' % int(delay * 1e9))

    async def _work(self, delivery: Delivery) -> None:
        while True:
            try:
                return await self._handle(delivery)
            except BusUnavailable as error:
                self._say.warning("bus_away", reason=str(error))
                await asyncio.sleep(_AWAY_PAUSE)
            except Exception:  # noqa: BLE001 - what the bus itself refuses; it comes again
                self._say.exception("command_not_settled", subject=delivery.subject)
                return await self._give_back(delivery, _UNSETTLED_PAUSE)

    async def _handle(self, delivery: Delivery) -> None:
        try:
            incoming = self._incoming(delivery)
        except ValueError as error:
            # Its publisher's fault: it says nothing about us, so it is in no run of dead letters.
            await self._bury(delivery, delivery.headers.get("Nats-Msg-Id", ""), str(error))
            await self._answer(delivery, b"+ACK")
            return
        known = await self._outcome_before(incoming)
        if known is not None and known.outcome in {"accepted", "refused"}:
            await self._finish(incoming, known, known_before=True)
            return
        try:
            outcome = await self._decide(incoming)
        except BusUnavailable:
            raise
        except UnknownEvent as error:
            self._unknown = f"this program does not know {error}"
            await self._give_back(delivery, _UNSETTLED_PAUSE)
            return
        except Exception as error:  # noqa: BLE001 - every bug ends in a verdict, none is lost
            await self._failed(incoming, error)
            return
        self._run.good()
        await self._finish(incoming, outcome)

    async def _outcome_before(self, incoming: Incoming) -> Outcome | None:
        """What became of this command when it came before, for those where it matters."""
        command = command_class(self.area, incoming.name)
        route = self.routes.get(command) if command is not None else None
        if route is not None and route.repeatable:
            return None
        return await outcomes.find(self.bus, incoming.command_id)

    def _incoming(self, delivery: Delivery) -> Incoming:
        tokens = delivery.subject.split(".")
        if len(tokens) != 4:
            raise ValueError(f"not a command subject: {delivery.subject}")
        return Incoming(
            delivery=delivery,
            publisher=tokens[1],
            name=tokens[3],
            command_id=dead_letters.command_id(delivery.headers.get("Nats-Msg-Id", "")),
            reply_to=delivery.headers.get("reply_to"),
        )

    async def _decide(self, incoming: Incoming) -> Outcome:
        """Run the handler; a refusal is an outcome like any other."""
        with metrics.COMMAND_SECONDS.labels(self.area, self._label(incoming)).time():
            try:
                route, command = self._read(incoming)
                accepted = await self._call(route, command, incoming)
            except Refused as refused:
                return Outcome(
                    command_id=incoming.command_id,
                    outcome="refused",
                    code=refused.code.name,
                    message=refused.message,
                    details=refused.details,
                )
        return Outcome(
            command_id=incoming.command_id,
            outcome="accepted",
            id=accepted.id,
            version=accepted.version,
            sequence=accepted.sequence,
        )

    def _read(self, incoming: Incoming) -> tuple[CommandRoute, Command]:
        if incoming.reply_to is not None and not outcomes.may_be_told(incoming.reply_to):
            raise Refused(Code.INVALID_REPLY_SUBJECT, "reply_to must be a subject below _INBOX.")
        command = command_class(self.area, incoming.name)
        route = self.routes.get(command) if command is not None else None
        if command is None or route is None:
            raise Refused(Code.NOT_FOUND, f"there is no command {self.area}.{incoming.name}")
        try:
            return route, command.model_validate_json(incoming.delivery.data)
        except ValidationError as error:
            raise Refused(
                Code.VALIDATION_FAILED, "the command is not valid", problems(error)
            ) from None

    async def _call(self, route: CommandRoute, command: Command, incoming: Incoming) -> Accepted:
        headers = incoming.delivery.headers
        name = f"handle {self.area}.{incoming.name}"
        with self.tracing.span(name, headers.get("traceparent")) as traceparent:
            async with self._turn(route, command):
                return await route.handler(command, self._store(incoming, traceparent))

    def _store(self, incoming: Incoming, traceparent: str) -> Store:
        headers, command_id = incoming.delivery.headers, incoming.command_id
        context = Context(
            command_id=command_id,
            actor=incoming.actor,
            correlation_id=_uuid(headers.get("ce-correlationid")) or command_id,
            causation_id=_uuid(headers.get("ce-causationid")) or command_id,
            source=f"/services/{self.area}",
            traceparent=traceparent,
        )
        at = from_nanoseconds(incoming.delivery.time_ns)
        return Store(self.log, context, at, self.settings)

    @asynccontextmanager
    async def _turn(self, route: CommandRoute, command: Command) -> AsyncGenerator[None]:
        if route.one_at_a_time is None:
            yield
            return
        entity = (route.command.area, route.one_at_a_time(command))
        lock = self._locks.setdefault(entity, asyncio.Lock())
        async with lock:
            yield

    async def _failed(self, incoming: Incoming, error: Exception) -> None:
        delivery = incoming.delivery
        tell = verdict(error, delivery.delivered, self.settings.workers.max_deliver)
        if isinstance(tell, Redeliver):
            self._say.warning("command_postponed", command=incoming.name, reason=str(error))
            await self._give_back(delivery, tell.delay)
            return
        self._say.error("command_buried", command=incoming.name, exc_info=error)
        outcome = Outcome(
            command_id=incoming.command_id,
            outcome="failed",
            code=Code.INTERNAL_ERROR.name,
            message="the command could not be handled; it is in the dead letters",
        )
        await self._bury(delivery, delivery.headers["Nats-Msg-Id"], tell.reason)
        self._run.bad()
        await self._finish(incoming, outcome)

    async def _bury(self, delivery: Delivery, message_id: str, reason: str) -> None:
        failure = dead_letters.Failure(
            stream=streams.COMMANDS,
            consumer=self.area,
            subject=delivery.subject,
            headers=delivery.headers,
            data=delivery.data,
            error=reason,
            message_id=message_id or f"seq-{delivery.sequence}",
            sequence=delivery.sequence,
        )
        await dead_letters.bury(self.bus, failure, self.clock.now())

    async def _finish(
        self, incoming: Incoming, outcome: Outcome, *, known_before: bool = False
    ) -> None:
        """Keep the outcome and tell it, and only then take the command off the queue."""
        reply_to, kept = incoming.reply_to, known_before
        if reply_to is not None and outcomes.may_be_told(reply_to):
            told = self.bus.emit(reply_to, outcome.model_dump_json().encode())
            # Both go out at once, the outcome first: who is told and asks for it finds it.
            await asyncio.gather(*([] if kept else [outcomes.put(self.bus, outcome)]), told)
            kept = True
        self._settlements.add(Settled(incoming.delivery.reply, None if kept else outcome))
        metrics.COMMANDS_HANDLED.labels(self.area, self._label(incoming), outcome.outcome).inc()

    def _label(self, incoming: Incoming) -> str:
        """Only names that we know: a publisher must not be able to make up metrics."""
        return incoming.name if command_class(self.area, incoming.name) else "unknown"


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
