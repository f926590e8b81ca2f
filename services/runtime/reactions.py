"""Carries the reactions of services by FastStream: one durable pull consumer for each handler.

FastStream reads, fans out and measures; whatever decides about a message is ours (`Reactor`), which
is how none of its traps is met (bus-notes, section 9): it declares no stream, answers to nobody,
decodes nothing, and neither acknowledges nor gives back a message by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.nats.prometheus import NatsPrometheusMiddleware
from faststream.nats.security import NatsUserPassword
from faststream.nats.subscriber.usecases import ConcurrentPullStreamSubscriber
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy

from contracts.envelope import Event
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused
from services.runtime.clock import SystemClock
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.outside import NOTHING_OUTSIDE, Outside
from services.runtime.reactor import Means, Reactor
from services.runtime.service import ReactionRoute, Service
from services.runtime.settings import NatsSettings, Settings
from services.runtime.tracing import Tracing

_Subscriber = ConcurrentPullStreamSubscriber

_BATCH = 16
# A request that a restarted server has forgotten is asked anew after so many seconds.
_ASK_ANEW = 2.0
_PATROL = 2.0
_AWAY_PAUSE = 0.5
_GRACE = 5.0
_CONNECTING = 3.0
_CONSUMER_NOT_FOUND = 10014
_BEGIN_CANNOT_CHANGE = 10012
_BEGIN = ("deliver_policy", "opt_start_seq")
# One for the process: its metrics can be registered only once.
_MEASURE = NatsPrometheusMiddleware(
    registry=metrics.REGISTRY, app_name="aiops", metrics_prefix="aiops_faststream"
)


@dataclass(frozen=True, slots=True)
class _Consumer:
    """A durable consumer of a reactor."""

    stream: str
    config: ConsumerConfig

    @property
    def name(self) -> str:
        return self.config.durable_name or ""

    async def ensure(self, bus: Bus) -> None:
        """It exists with our settings; a new one begins with what is stored from now on.

        One of a restored hub goes on where it was: where it began cannot be changed.
        """
        try:
            await self._make(bus, {})
        except JetStreamRefused as error:
            if error.code != _BEGIN_CANNOT_CHANGE:
                raise
            found = await bus.api(f"CONSUMER.INFO.{self.stream}.{self.name}")
            config: dict[str, Any] = found["config"]
            await self._make(bus, {name: config[name] for name in _BEGIN if name in config})

    async def _make(self, bus: Bus, begin: Mapping[str, Any]) -> None:
        await bus.api(
            f"CONSUMER.CREATE.{self.stream}.{self.name}",
            {
                "stream_name": self.stream,
                "config": self.config.as_dict() | {"name": self.name, **begin},
                "action": "",
            },
        )

    async def exists(self, bus: Bus) -> bool:
        """False if somebody has removed it; BusUnavailable if that cannot be told."""
        try:
            await bus.api(f"CONSUMER.INFO.{self.stream}.{self.name}")
        except JetStreamRefused as error:
            if error.code != _CONSUMER_NOT_FOUND:
                raise
            return False
        return True


class Reactions:
    """Every reaction of a process."""

    def __init__(
        self,
        services: Iterable[Service],
        bus: Bus,
        log: EventLog,
        settings: Settings,
        tracing: Tracing,
        outside: Outside = NOTHING_OUTSIDE,
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._reading = False
        self._news = asyncio.Event()
        self._say = logger("reactions")
        means = Means(log, settings, tracing, SystemClock(), outside)
        self._reactors = [
            Reactor(
                service.name,
                name,
                routes[0].handler,
                _events(routes),
                means,
                self._news.set,
                from_start=any(route.from_start for route in routes),
                places=routes[0].places,
            )
            for service in services
            for name, routes in _by_name(service).items()
        ]

    @property
    def healthy(self) -> bool:
        """True while every reaction is being read."""
        return self._reading and not self.detail

    @property
    def detail(self) -> str:
        """Which reactions have stopped, and why."""
        stopped = [each for each in self._reactors if each.stopped]
        return "; ".join(f"{each.durable}: {each.stopped}" for each in stopped)

    async def run(self, stopping: asyncio.Event) -> None:
        """React until told to stop, then finish what is in work."""
        helpers = [
            asyncio.create_task(self._keep_alive()),
            asyncio.create_task(_forward(stopping, self._news)),
        ]
        try:
            while not stopping.is_set():
                await self._session(stopping)
        finally:
            for helper in helpers:
                helper.cancel()

    async def _session(self, stopping: asyncio.Event) -> None:
        """From connecting to hanging up; it ends by itself only if the connection was closed."""
        closed = asyncio.Event()

        async def over() -> None:
            closed.set()
            self._news.set()

        broker = _broker(self._settings.nats, over)
        subscribers = {each.durable: self._subscribe(broker, each) for each in self._reactors}
        try:
            await self._start(broker, stopping)
            for each in chain.from_iterable(subscribers.values()):
                _read_patiently(each)
            while self._reading and not stopping.is_set() and not closed.is_set():
                await self._wait_for_news()
                await self._patrol()
                for each in self._reactors:
                    if each.stopped:
                        await _stop(subscribers.pop(each.durable, []))
        finally:
            self._reading = False
            for remaining in subscribers.values():
                await _stop(remaining)
            await self._close(broker)

    async def _start(self, broker: NatsBroker, stopping: asyncio.Event) -> None:
        starting = asyncio.create_task(self._open(broker))
        told = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait([starting, told], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
                self._reading = True
        except (BusUnavailable, NatsError, OSError) as error:
            self._say.warning("bus_away", reason=str(error) or type(error).__name__)
            await asyncio.sleep(_AWAY_PAUSE)
        finally:
            told.cancel()
            # Cancelled while it connects it would leave a connection that nobody knows of, so it
            # has the time to come to its end; a server that is away is looked for no longer.
            await asyncio.wait([starting], timeout=_CONNECTING)
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)

    async def _open(self, broker: NatsBroker) -> None:
        for reactor in self._reactors:
            for consumer in self._consumers(reactor):
                await consumer.ensure(self._bus)
        await broker.start()

    async def _close(self, broker: NatsBroker) -> None:
        try:
            async with asyncio.timeout(_GRACE * 2):
                await broker.stop()
        except (NatsError, OSError, TimeoutError) as error:
            self._say.warning("not_closed_cleanly", reason=str(error) or type(error).__name__)
            # FastStream hangs up by draining, which a connection that looks for its server
            # refuses: it would go on looking, and keep the process from ending.
            client = broker._connection  # pyright: ignore[reportPrivateUsage]
            if client is not None:
                # What it has still to send has nowhere to go: the event loop says so.
                with suppress(RuntimeError):
                    await client.close()

    async def _wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(_PATROL):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    async def _patrol(self) -> None:
        """A reaction whose consumer was removed has lost its place; FastStream would not tell."""
        for reactor in self._reactors:
            try:
                for consumer in () if reactor.stopped else self._consumers(reactor):
                    if not await consumer.exists(self._bus):
                        reactor.stop(f"consumer {consumer.name} of {consumer.stream} is gone")
            except BusUnavailable:
                return

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._settings.workers.ack_wait / 3)
            for reactor in self._reactors:
                await reactor.keep_alive()

    def _consumers(self, reactor: Reactor) -> tuple[_Consumer, _Consumer]:
        """Its events, and its dead letters that somebody wants to have retried.

        A retried event is not published again, which would append it to the log a second time: the
        mark on its dead letter is what this reaction alone reads.
        """
        retries = f"{reactor.durable}_retry"
        letters = [f"dlq.{streams.EVENTS}.{reactor.durable}.*"]
        return (
            _Consumer(
                streams.EVENTS,
                self._config(reactor.durable, reactor.filters, from_start=reactor.from_start),
            ),
            _Consumer(streams.DEAD_LETTERS, self._config(retries, letters)),
        )

    def _config(self, name: str, filters: list[str], *, from_start: bool = False) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=name,
            filter_subjects=filters,
            deliver_policy=DeliverPolicy.ALL if from_start else DeliverPolicy.NEW,
            ack_wait=self._settings.workers.ack_wait,
            # We count the tries: the server must never give up silently.
            max_deliver=-1,
            max_ack_pending=self._in_hand,
        )

    @property
    def _in_hand(self) -> int:
        """Messages of a reaction that are handed out at once, those to be tried again included.

        All of them reach the reactor, which keeps them alive; waiting in FastStream they would be
        taken for lost.
        """
        return self._settings.workers.concurrency * 8

    def _subscribe(self, broker: NatsBroker, reactor: Reactor) -> list[_Subscriber]:
        async def take(message: NatsMessage) -> None:
            await reactor.take(message.raw_message)

        subscribers: list[_Subscriber] = []
        for consumer in self._consumers(reactor):
            subscriber = broker.subscriber(
                stream=JStream(consumer.stream, declare=False),
                durable=consumer.name,
                config=consumer.config,
                pull_sub=PullSub(batch_size=_BATCH, timeout=_ASK_ANEW),
                max_workers=self._in_hand,
                ack_policy=AckPolicy.MANUAL,
                no_reply=True,
                decoder=_as_it_is,
                title=consumer.name,
            )
            subscriber(take)
            subscribers.append(cast(_Subscriber, subscriber))
        return subscribers


def _read_patiently(subscriber: _Subscriber) -> None:
    """Have nothing that goes wrong with a read end the task that reads.

    FastStream begins another one at once and keeps the old one for ever. It takes some of nats-py's
    errors for silence, but not the TimeoutError of an answer that comes when the time is over: so
    one task in a second stayed of an idle process. Workers that were left without servers for half
    an hour spent most of their CPU, three quarters of a core, on it and grew from 1.2 to 2.3 GB
    (2026-11-28).
    """
    subscription = subscriber.subscription
    if subscription is None:
        return
    fetch = subscription.fetch

    async def patient(*, batch: int, timeout: float) -> list[Msg]:
        try:
            return await fetch(batch=batch, timeout=timeout)
        except (NatsError, TimeoutError) as error:
            # Silence has lasted; others come at once: a buffer is full, the connection closed.
            await asyncio.sleep(0 if isinstance(error, TimeoutError) else _AWAY_PAUSE)
            return []

    vars(subscription)["fetch"] = patient


async def _as_it_is(message: NatsMessage) -> NatsMessage:
    """What a handler is given: FastStream would drop a body that it cannot decode."""
    return message


def _broker(settings: NatsSettings, over: Callable[[], Awaitable[None]]) -> NatsBroker:
    async def silent(_: Exception) -> None:
        """Connection errors show in health."""

    credentials = NatsUserPassword(settings.user, settings.password.get_secret_value())
    return NatsBroker(
        [part.strip() for part in settings.url.split(",")],
        name="aiops-reactions",
        security=credentials if settings.user else None,
        error_cb=silent,
        closed_cb=over,
        connect_timeout=2,
        reconnect_time_wait=1,
        max_reconnect_attempts=-1,
        ping_interval=10,
        drain_timeout=2,
        graceful_timeout=_GRACE,
        middlewares=[_MEASURE],
        logger=None,
        apply_types=False,
    )


async def _stop(subscribers: Iterable[_Subscriber]) -> None:
    """Let what is in work finish; what was fetched beyond that comes again later."""
    for subscriber in subscribers:
        tasks = list(subscriber.tasks)
        try:
            await subscriber.stop()
        except NatsError:
            continue  # Not connected: there is nothing to unsubscribe from.
        finally:
            # A message that arrives now makes one of them fail, for which nobody else looks.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _forward(source: asyncio.Event, target: asyncio.Event) -> None:
    await source.wait()
    target.set()


def _events(routes: Iterable[ReactionRoute]) -> tuple[type[Event], ...]:
    return tuple(route.event for route in routes)


def _by_name(service: Service) -> dict[str, list[ReactionRoute]]:
    """The routes of each handler: one handler may react to several events."""
    found: dict[str, list[ReactionRoute]] = {}
    for route in service.reactions:
        routes = found.setdefault(route.name, [])
        if routes and routes[0].handler is not route.handler:
            raise ValueError(f"{service.name} has two reactions with the name {route.name}")
        routes.append(route)
    return found
