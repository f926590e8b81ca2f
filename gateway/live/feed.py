"""One subscription: from where, through which filters, and the task that sends its events."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from contracts.catalog import EventCatalog
from gateway.live.ending import RESUME_EXPIRED, Ended, Ending
from gateway.live.messages import CaughtUp, ErrorFrame, Invalid, Subscribe, Subscribed
from gateway.live.outlet import Outlet
from services.runtime import metrics
from services.runtime.access import Principal
from services.runtime.bus import BusUnavailable
from services.runtime.clock import Clock
from services.runtime.frames import Filter, Frame, entity_token
from services.runtime.tail import Cursor, ResumeExpired, Tail

_TURN = 64
"""Frames after which other clients have their turn: a send that need not wait does not yield."""
_PAUSE = 0.25


@dataclass(frozen=True)
class Wanted:
    """A subscription that was found good."""

    id: str | None
    since: int | None
    passes: Filter
    entities: tuple[str, ...]
    """As the client wrote them."""


def wanted(message: Subscribe, principal: Principal, catalog: EventCatalog) -> Wanted:
    """Check a subscription against what there is and what this principal may see; or Invalid."""
    asked = message.subscription
    unknown = sorted(set(asked.event_types) - catalog.public_names)
    if unknown:
        raise Invalid("INVALID_SUBSCRIPTION", f"unknown event types: {_few(unknown)}", message.id)
    clusters = frozenset(asked.cluster_filter)
    if principal.clusters:
        clusters = clusters & principal.clusters if clusters else principal.clusters
        if not clusters:
            raise Invalid("PERMISSION_DENIED", "none of these clusters is yours", message.id)
    passes = Filter(
        event_types=frozenset(asked.event_types),
        clusters=frozenset(map(str, clusters)),
        namespaces=frozenset(asked.namespace_filter),
        entities=frozenset(map(entity_token, asked.entity_filter)),
    )
    return Wanted(message.id, asked.since_sequence, passes, asked.entity_filter)


def _few(names: Iterable[str]) -> str:
    return ", ".join(name[:64] for name in list(names)[:5])


@dataclass
class Feed:
    """Sends what a subscription lets through."""

    wanted: Wanted
    tail: Tail
    outlet: Outlet
    clock: Clock
    position: int | None = field(init=False)
    """Everything up to here was sent or is not for this client; None until it is known."""

    def __post_init__(self) -> None:
        self.position = self.wanted.since

    def without(self, event_types: Iterable[str], catalog: EventCatalog) -> "Wanted | None":
        """The subscription less these types, from where it stands; None if nothing is left."""
        passes = self.wanted.passes
        left = (passes.event_types or catalog.public_names) - frozenset(event_types)
        if not left:
            return None
        return replace(
            self.wanted, since=self.position, passes=replace(passes, event_types=frozenset(left))
        )

    async def run(self) -> None:
        """Send until cancelled; Ended if the log cannot give what was asked."""
        metrics.WS_SUBSCRIPTIONS.inc()
        try:
            cursor = await self._cursor()
            self.position = cursor.position
            target = self.tail.ring.last
            await self.outlet.say(self._subscribed(cursor.position))
            while cursor.position < target:
                await self._send(await cursor.take(self.wanted.passes), cursor)
            await self.outlet.say(CaughtUp(id=self.wanted.id, sequence=cursor.position))
            while True:
                frames = await cursor.take(self.wanted.passes)
                await self._send(frames, cursor)
                if frames:
                    self._measure(frames[0])
        finally:
            metrics.WS_SUBSCRIPTIONS.dec()

    async def _cursor(self) -> Cursor:
        while True:
            try:
                return await self.tail.cursor(self.wanted.since)
            except BusUnavailable:
                await asyncio.sleep(_PAUSE)
            except ResumeExpired as expired:
                raise Ended(Ending(RESUME_EXPIRED, self._expired(expired))) from None

    def _expired(self, expired: ResumeExpired) -> ErrorFrame:
        message = (
            f"cannot go on after {self.wanted.since}: the log holds {expired.oldest} to"
            f" {expired.last}; load the state anew and subscribe without since_sequence"
        )
        return ErrorFrame(
            code="RESUME_EXPIRED",
            message=message,
            id=self.wanted.id,
            oldest_sequence=expired.oldest,
        )

    def _subscribed(self, position: int) -> Subscribed:
        passes = self.wanted.passes
        return Subscribed(
            id=self.wanted.id,
            sequence=position,
            event_types=tuple(sorted(passes.event_types)),
            cluster_filter=tuple(sorted(passes.clusters)),
            namespace_filter=tuple(sorted(passes.namespaces)),
            entity_filter=self.wanted.entities,
        )

    async def _send(self, frames: list[Frame], cursor: Cursor) -> None:
        """Back to back; the position moves with what has gone out."""
        for number, frame in enumerate(frames, start=1):
            await self.outlet.send(frame.text)
            self.position = frame.sequence
            if number % _TURN == 0:
                await asyncio.sleep(0)
        metrics.WS_SENT.inc(len(frames))
        self.position = cursor.position

    def _measure(self, oldest: Frame) -> None:
        """The oldest of a batch: how late it went out."""
        metrics.DELIVERY_SECONDS.observe(max(0.0, self.clock.now().timestamp() - oldest.time))
