"""The ``eventsourcing`` library's persistence module on the platform's log.

``Application(env={"PERSISTENCE_MODULE": "services.runtime.recorder"})``; the bus is taken from the
settings or from ``AIOPS_NATS__URL``, ``AIOPS_NATS__USER`` and ``AIOPS_NATS__PASSWORD`` in ``env``.
The library is synchronous: every call goes through one background loop. It is for command line
tools and for who extends the hub; our own services decide with pure functions.
A notification's id is its position in the log, so ids rise but are not contiguous.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from services.runtime import streams
from services.runtime.bus import BusUnavailable, JetStreamRefused, Stored
from services.runtime.bus_thread import BusThread, Closed
from services.runtime.originators import Originators, Selection, Span, as_name, as_notification
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.settings import NatsSettings, load_settings

T = TypeVar("T")

_AHEAD = 500
_AWAY_PAUSE = 0.5


class LogAggregateRecorder(AggregateRecorder):
    """Sequences of events by originator, in the log."""

    def __init__(self, thread: BusThread, entity: str = "es") -> None:
        self._thread = thread
        self._log = Originators(thread.bus, entity)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Store all or none, at most 1,000; IntegrityError where a version is taken."""
        self._insert(stored_events)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        if not stored_events:
            return []
        return self._call(lambda: self._log.insert(stored_events))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Events of one originator, by version."""
        wanted = Selection(gt, lte, desc, limit)
        return self._call(lambda: self._log.select(originator_id, wanted))

    def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return self._thread.call(work)
        except (BusUnavailable, JetStreamRefused, Closed) as error:
            raise OperationalError(str(error) or type(error).__name__) from error


class LogApplicationRecorder(LogAggregateRecorder, ApplicationRecorder):
    """The sequence of all events of an application besides, in the order of the log."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Store all or none, at most 1,000; gives their positions."""
        return self._insert(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position, at most ``limit``."""
        first = 1 if start is None else start + (not inclusive_of_start)
        span = Span(max(first, 1), limit, stop, frozenset(topics))
        return self._call(lambda: self._log.notifications(span))

    def max_notification_id(self) -> int | None:
        """The position of the last event, None if there is none."""
        return self._call(self._log.last_position)

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Events after position ``gt``, then those that come; blocks in between."""
        return LogSubscription(self, gt, topics)

    def reader(self, start: int) -> PullReader:
        """A reader of the application's events from a position on; for the loop only."""
        return PullReader(
            self._log.bus, Ordered(streams.EVENTS, (self._log.filter,)), start, batch=_AHEAD
        )

    @property
    def thread(self) -> BusThread:
        """The loop that everything runs on."""
        return self._thread


class LogSubscription(Subscription[LogApplicationRecorder]):
    """Reads ahead on the loop while somebody iterates; one thread iterates, any may stop it."""

    def __init__(
        self, recorder: LogApplicationRecorder, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._reader: PullReader | None = None
        self._read: list[Notification] = []
        self._waiting: Future[list[Delivery]] | None = None
        self._lock = Lock()

    def stop(self) -> None:
        """End the iteration, also one that is waiting."""
        with self._lock:
            first, self._has_been_stopped = not self._has_been_stopped, True
            waiting = self._waiting
        if waiting is not None:
            waiting.cancel()
        if first:
            self._call(self._close)

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._read:
                return self._read.pop()
            self._read = [
                found
                for found in map(_notification, reversed(self._take()))
                if not self._topics or found.topic in self._topics
            ]
        raise StopIteration

    def _take(self) -> list[Delivery]:
        with self._lock:
            if self._has_been_stopped:
                return []
            waiting = self._waiting = self._recorder.thread.start(self._next)
        try:
            return waiting.result()
        except (JetStreamRefused, Closed) as error:
            raise OperationalError(str(error) or type(error).__name__) from error
        except BaseException:
            if self._has_been_stopped:
                return []
            raise

    async def _next(self) -> list[Delivery]:
        if self._reader is None:
            self._reader = self._recorder.reader((self._last_notification_id or 0) + 1)
        while True:
            try:
                return await self._reader.take(_AHEAD)
            except BusUnavailable:
                await asyncio.sleep(_AWAY_PAUSE)

    async def _close(self) -> None:
        if self._reader is not None:
            await self._reader.close()

    def _call(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            self._recorder.thread.call(work)
        except Closed:
            return  # The reader went with the connection.


def _notification(delivery: Delivery) -> Notification:
    return as_notification(
        Stored(delivery.subject, delivery.headers, delivery.data, delivery.sequence, "")
    )


class LogFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes the recorders of one application; its name becomes a part of their subjects."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._thread: BusThread | None = None
        self._lock = Lock()

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """A recorder of sequences; snapshots are an entity of their own beside the events."""
        return LogAggregateRecorder(self._connected(), self._entity(purpose))

    def application_recorder(self) -> ApplicationRecorder:
        """A recorder of the application's events."""
        return LogApplicationRecorder(self._connected(), self._entity("events"))

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        """There is none: a position is stored with its view, which is in PostgreSQL."""
        raise InfrastructureFactoryError("the log keeps no positions: use eventsourcing.postgres")

    def process_recorder(self) -> ProcessRecorder:
        """There is none, for the same reason."""
        raise InfrastructureFactoryError("the log keeps no positions: use eventsourcing.postgres")

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()

    def _entity(self, purpose: str) -> str:
        parts = ("es", as_name(self.env.name), "" if purpose == "events" else as_name(purpose))
        return "_".join(part for part in parts if part)

    def _connected(self) -> BusThread:
        with self._lock:
            if self._thread is None:
                self._thread = _connect(self.env)
            return self._thread


def _connect(env: Environment) -> BusThread:
    try:
        return BusThread(_settings(env), f"aiops-{as_name(env.name) or 'es'}")
    except BusUnavailable as error:
        raise InfrastructureFactoryError(str(error)) from error


def _settings(env: Environment) -> NatsSettings:
    given = {name: env.get(f"AIOPS_NATS__{name.upper()}") for name in ("url", "user", "password")}
    own = {name: value for name, value in given.items() if value}
    return NatsSettings.model_validate(load_settings().nats.model_dump() | own)
