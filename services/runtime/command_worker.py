"""Handles the commands of one area: own pull loop, bounded, idempotent by command id."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakValueDictionary

from pydantic import ValidationError

from contracts.access import AccessDenied
from contracts.catalog import UnknownEvent, command_class
from contracts.envelope import Command, Context
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from services.runtime import dead_letters, metrics, outcomes, rights, streams
from services.runtime.bench import Bench
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.clock import Clock, SystemClock
from services.runtime.command_bus import LARGEST_COMMAND, SCOPE
from services.runtime.context import from_nanoseconds
from services.runtime.denials import Denials
from services.runtime.failures import PoisonRun, Redeliver, verdict
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.outside import NOTHING_OUTSIDE, Outside
from services.runtime.principals import Principal, Scope
from services.runtime.pull import Delivery, Durable
from services.runtime.service import CommandRoute
from services.runtime.settings import Settings
from services.runtime.settlements import Settled, Settlements
from services.runtime.store import Accepted, Store
from services.runtime.tracing import Tracing
from services.runtime.validation import problems

_OWN_PUBLISHERS = frozenset({"gateway", "system"})
_UNSETTLED_PAUSE = 1.0
RightsOf = Callable[[str], Awaitable[Principal | None]]
"""What an outside publisher may do; None: it is not known (any more)."""


async def nobody(_: str) -> Principal | None:
    """Where no publisher from outside is known."""
    return None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A command message taken apart."""

    delivery: Delivery
    publisher: str
    name: str
    command_id: UUID
    reply_to: str | None

    @property
    def ours(self) -> bool:
        """True if it came by a door of our own, which has looked at who may do what."""
        return self.publisher in _OWN_PUBLISHERS

    @property
    def actor(self) -> str:
        """Our own doors name the actor; any other publisher is the actor itself."""
        if self.ours:
            return self.delivery.headers.get("ce-actor", self.publisher)
        return self.publisher

    @property
    def owner(self) -> str:
        """Whose it is; its outcome is told to no other."""
        return outcomes.owner_of(self.publisher, self.actor)

    @property
    def told_at(self) -> str | None:
        """Where the outcome is waited for, None for nowhere that may be told."""
        if self.reply_to is None or not outcomes.may_be_told(self.reply_to):
            return None
        return self.reply_to if self.ours else outcomes.told_at(self.publisher, self.reply_to)


@dataclass(frozen=True, slots=True)
class _Permitted:
    """A command that may be given, and where."""

    route: CommandRoute
    command: Command
    scope: Scope


@dataclass
class CommandWorker:
    """The loop of one area."""

    area: str
    routes: Mapping[type[Command], CommandRoute]
    bus: Bus
    log: EventLog
    settings: Settings
    tracing: Tracing
    outside: Outside = NOTHING_OUTSIDE
    clock: Clock = field(default_factory=SystemClock)
    rights_of: RightsOf = nobody
    _unknown: str = field(default="", init=False)
    _locks: WeakValueDictionary[object, asyncio.Lock] = field(
        default_factory=WeakValueDictionary[object, asyncio.Lock], init=False
    )
    _run: PoisonRun = field(init=False)
    _settlements: Settlements = field(init=False)
    _bench: Bench = field(init=False)
    _denials: Denials = field(init=False)

    def __post_init__(self) -> None:
        self._denials = Denials(self._tell_denied, self.clock)
        self._settlements = Settlements(self.bus)
        places = self.settings.workers.concurrency
        self._bench = Bench(self.bus, self.durable(), places, self._handle)
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
        try:
            await self._bench.run(stopping, lambda: self.healthy)
            if not self.healthy:
                self._say.error("stopped", reason=self.detail)
        finally:
            await self._settlements.close()
            await self._denials.close()

    async def _handle(self, delivery: Delivery) -> None:
        try:
            incoming = self._incoming(delivery)
        except ValueError as error:
            # Its publisher's fault: it says nothing about us, so it is in no run of dead letters.
            await self._bury(delivery, delivery.headers.get("Nats-Msg-Id", ""), str(error))
            await self._bench.answer(delivery, b"+ACK")
            return
        kept = await self._kept_before(incoming)
        if kept is not None and not kept.belongs_to(incoming.owner):
            taken = _refused(incoming, outcomes.id_taken(incoming.command_id))
            await self._finish(incoming, taken, known_before=True)
            return
        final = kept is not None and kept.outcome.outcome in {"accepted", "refused"}
        try:
            if kept is not None and final and await self._is_known(incoming):
                outcome = kept.outcome
            else:
                outcome = await self._decide(incoming)
        except BusUnavailable:
            raise
        except UnknownEvent as error:
            self._unknown = f"this program does not know {error}"
            await self._bench.give_back(delivery, _UNSETTLED_PAUSE)
            return
        except Exception as error:  # noqa: BLE001 - every bug ends in a verdict, none is lost
            await self._failed(incoming, error)
            return
        if not final:
            self._run.good()
        await self._finish(incoming, outcome, known_before=final)

    async def _kept_before(self, incoming: Incoming) -> outcomes.Kept | None:
        """What became of this command when it came before, for those where it matters.

        What may be repeated is done again, if it came by a door of ours: that has looked whose the
        id is.
        """
        command = command_class(self.area, incoming.name)
        route = self.routes.get(command) if command is not None else None
        if incoming.ours and route is not None and route.repeatable:
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
                accepted = await self._accept(incoming)
            except Refused as refused:
                return _refused(incoming, refused)
        return Outcome(
            command_id=incoming.command_id,
            outcome="accepted",
            id=accepted.id,
            version=accepted.version,
            sequence=accepted.sequence,
            details=dict(accepted.details),
        )

    async def _accept(self, incoming: Incoming) -> Accepted:
        if incoming.reply_to is not None and incoming.told_at is None:
            raise Refused(Code.INVALID_REPLY_SUBJECT, "reply_to must be a subject below _INBOX.")
        if incoming.ours:
            route = self._route(incoming)
            command = _parsed(route.command, incoming.delivery.data)
            scope = Scope.read(incoming.delivery.headers.get(SCOPE))
            return await self._call(_Permitted(route, command, scope), incoming)
        principal = await self.rights_of(incoming.publisher)
        role = None if principal is None else principal.role
        what = f"{self.area}.{self._label(incoming)}"
        with self._denials.watch(incoming.publisher, role, what):
            return await self._call(self._permitted(incoming, principal), incoming)

    def _route(self, incoming: Incoming) -> CommandRoute:
        kind = command_class(self.area, incoming.name)
        route = self.routes.get(kind) if kind is not None else None
        if route is None:
            raise Refused(Code.NOT_FOUND, f"there is no command {self.area}.{incoming.name}")
        return route

    def _permitted(self, incoming: Incoming, principal: Principal | None) -> _Permitted:
        """What a publisher from outside gives; Refused if it may not."""
        if principal is None:
            text = f"{incoming.publisher} is no publisher that is known here (any more)"
            raise Refused(Code.PERMISSION_DENIED, text)
        route = self._route(incoming)
        kind = route.command
        rights.require_role(principal, kind)
        if not rights.may_be_given_by_name(kind):
            text = f"{kind.__name__} is given to the hub by REST"
            raise Refused(Code.PERMISSION_DENIED, text)
        command = _parsed(kind, incoming.delivery.data)
        rights.require(principal, command)
        return _Permitted(route, command, principal.scope(rights.given_by(kind)))

    async def _is_known(self, incoming: Incoming) -> bool:
        return incoming.ours or await self.rights_of(incoming.publisher) is not None

    async def _call(self, granted: _Permitted, incoming: Incoming) -> Accepted:
        route, command = granted.route, granted.command
        headers = incoming.delivery.headers
        name = f"handle {self.area}.{incoming.name}"
        with self.tracing.span(name, headers.get("traceparent")) as traceparent:
            async with self._turn(route, command):
                store = self._store(incoming, traceparent, granted.scope)
                return await route.handler(command, store)

    def _store(self, incoming: Incoming, traceparent: str, scope: Scope) -> Store:
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
        return Store(self.log, context, at, self.settings, self.outside, scope)

    async def _tell_denied(self, event_id: UUID, denied: AccessDenied) -> None:
        source = f"/services/{self.area}"
        context = Context(event_id, "system", event_id, event_id, source)
        store = Store(self.log, context, self.clock.now(), self.settings, self.outside)
        await store.tell(denied)

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
            await self._bench.give_back(delivery, tell.delay)
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
        reply_to, kept, owner = incoming.told_at, known_before, incoming.owner
        if reply_to is not None:
            told = self.bus.emit(reply_to, outcome.model_dump_json().encode())
            # Both go out at once, the outcome first: who is told and asks for it finds it.
            await asyncio.gather(*([] if kept else [outcomes.put(self.bus, outcome, owner)]), told)
            kept = True
        message = None if kept else outcomes.message(outcome, owner)
        self._settlements.add(Settled(incoming.delivery.reply, message))
        metrics.COMMANDS_HANDLED.labels(self.area, self._label(incoming), outcome.outcome).inc()

    def _label(self, incoming: Incoming) -> str:
        """Only names that we know: a publisher must not be able to make up metrics."""
        return incoming.name if command_class(self.area, incoming.name) else "unknown"


def _refused(incoming: Incoming, refused: Refused) -> Outcome:
    return Outcome(
        command_id=incoming.command_id,
        outcome="refused",
        code=refused.code.name,
        message=refused.message,
        details=refused.details,
    )


def _parsed(kind: type[Command], data: bytes) -> Command:
    if len(data) > LARGEST_COMMAND:
        text = f"a command is {LARGEST_COMMAND:,} bytes at most, this one has {len(data):,}"
        raise Refused(Code.BODY_TOO_LARGE, text)
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise Refused(Code.VALIDATION_FAILED, "the command is not valid", problems(error)) from None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
