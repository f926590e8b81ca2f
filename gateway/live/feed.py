"""What one client is told of the log and of telemetry, by all its subscriptions together.

A feed has one position. A new subscription is first brought to it: between its ``subscribed`` and
its ``caught_up`` come its events alone, and the others wait. From then on an event is sent once,
however many subscriptions want it. So every subscription sees its events once and in order,
although events do not say whose they are.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from contracts.catalog import MEASURED_NAMES
from gateway.live.ending import RESUME_EXPIRED, Ended, Ending
from gateway.live.guest import Standing
from gateway.live.messages import CaughtUp, Conflated, ErrorFrame, Position
from gateway.live.sink import Sink
from gateway.live.wanted import Wanted, wanted
from services.runtime import metrics
from services.runtime.bus import BusUnavailable, JetStreamRefused
from services.runtime.clock import Clock
from services.runtime.frames import Passes, any_of
from services.runtime.signals import Bell, Signal
from services.runtime.slices import Piece, Slice
from services.runtime.tail import Cursor, ResumeExpired, Tail
from services.runtime.telemetry_tail import TelemetryTail, Watch

__all__ = ["Feed", "Source", "Wanted", "wanted"]

_TURN = 64
"""Pieces after which other clients have their turn: a send that need not wait does not yield."""
_PAUSE = 0.25
_TOLD_IN_A_RING = 4
"""Times that a client is told how far it is while the ring turns once, at most."""


@dataclass(frozen=True)
class Source:
    """What feeds of a process read."""

    tail: Tail
    telemetry: TelemetryTail | None
    clock: Clock


@dataclass(slots=True, eq=False)
class _Held:
    """A subscription. Once it is live the feed's position counts, not its own."""

    wanted: Wanted
    position: int | None = None
    """How far it has been brought; None before it is known where it begins."""
    told: bool = False
    live: bool = False


@dataclass(slots=True, eq=False)
class Feed:
    """Sends what its subscriptions let through. While `run` runs, it is not changed."""

    source: Source
    sink: Sink
    _held: dict[str | None, _Held] = field(default_factory=dict[str | None, _Held], init=False)
    _position: int = field(default=0, init=False)
    """Where the live subscriptions stand."""
    _told: int = field(default=0, init=False)
    """How far the client knows that it is."""
    _passes: Passes | None = field(default=None, init=False)
    """What the live subscriptions let through; None if there are none."""
    _cursor: Cursor | None = field(default=None, init=False)
    _batch: bool = field(default=False, init=False)
    _watch: Watch | None = field(default=None, init=False)
    """How far telemetry was told; None if none is wanted."""
    _bell: Bell = field(default_factory=Bell, init=False)
    _turn: int = field(default=0, init=False)

    @property
    def position(self) -> int | None:
        """Every event up to here that any subscription wants was sent; None if that is unknown."""
        reached: list[int] = []
        for standing in self.standings:
            since = standing.wanted.since
            if standing.position is not None:
                reached.append(standing.position)
            elif isinstance(since, int):
                reached.append(since)
            else:
                return None
        return min(reached, default=None)

    @property
    def names(self) -> list[str | None]:
        """The ids of its subscriptions; None is one without an id."""
        return list(self._held)

    @property
    def standings(self) -> list[Standing]:
        """How each of them stands."""
        return [
            Standing(held.wanted, self._position if held.live else held.position, held.live)
            for held in self._held.values()
        ]

    def put(self, what: Wanted) -> None:
        """Add a subscription, or replace the one with its id."""
        self.drop(what.id)
        self._held[what.id] = _Held(what)
        metrics.WS_SUBSCRIPTIONS.inc()
        self._changed()

    def drop(self, name: str | None) -> None:
        """End the subscription with this id, if there is one."""
        if self._held.pop(name, None) is not None:
            metrics.WS_SUBSCRIPTIONS.dec()
            self._changed()

    def less(self, name: str | None, event_types: Iterable[str]) -> None:
        """Take these types out of a subscription; what is left goes on where it stands."""
        held = self._held[name]
        left = held.wanted.without(event_types, self.source.tail.catalog.shown_names)
        if left is None:
            self.drop(name)
            return
        self._held[name] = _Held(left, self._position if held.live else held.position)
        self._changed()

    def close(self) -> None:
        """It sends nothing more; its position may still be asked for."""
        metrics.WS_SUBSCRIPTIONS.dec(len(self._held))

    def _changed(self) -> None:
        live = [held.wanted.passes for held in self._held.values() if held.live]
        self._passes = any_of(live) if live else None
        self._batch = any(held.wanted.batch for held in self._held.values())
        telemetry = self.source.telemetry
        measured = self._passes is not None and self._passes.wants(MEASURED_NAMES)
        self._watch = telemetry.watch() if telemetry is not None and measured else None

    async def run(self) -> None:
        """Send until cancelled; Ended if the log cannot give the only one what it asks for."""
        signals = self._signals()
        for signal in signals:
            signal.add(self._bell)
        try:
            for held in [held for held in self._held.values() if not held.live]:
                await self._bring(held)
            while self._passes is not None:
                self._bell.clear()
                if not await self._more(self._passes, self._end()):
                    await self._bell.wait()
        finally:
            for signal in signals:
                signal.discard(self._bell)
            await self._let_go()

    def _signals(self) -> list[Signal]:
        tail, telemetry = self.source.tail, self.source.telemetry
        domain = tail.beats if self._batch else tail.news
        measured = any(held.wanted.passes.wants(MEASURED_NAMES) for held in self._held.values())
        return [domain, telemetry.beats] if telemetry is not None and measured else [domain]

    def _end(self) -> int:
        tail = self.source.tail
        return tail.beat if self._batch else tail.ring.last

    async def _bring(self, held: _Held) -> None:
        """Send a new subscription what it has missed, up to where the others stand."""
        tail = self.source.tail
        if held.position is None:
            await tail.started()
            await self._reach(tail.ring.last)
            start = await self._start(held)
            if start is None:
                return
            await self._reach(start)
            held.position = start
        if self._passes is None:
            self._position = max(held.position, tail.ring.last)
        if not held.told:
            await self.sink.say(held.wanted.answer(held.position))
            held.told = True
        await self._catch_up(held, Cursor(tail, held.position))
        await self.sink.say(CaughtUp(id=held.wanted.id, sequence=self._position))
        self._told = self._position
        held.live = True
        self._changed()

    async def _catch_up(self, held: _Held, cursor: Cursor) -> None:
        try:
            while cursor.position < self._position:
                found = await cursor.read(held.wanted.passes, self._position)
                for piece in self.sink.pieces(found, batch=self._batch):
                    await self._send(piece)
                    held.position = piece.last
                held.position = found.reached
        finally:
            await cursor.close()

    async def _reach(self, target: int) -> None:
        """Bring the live subscriptions there, so that all stand together."""
        while self._passes is not None and self._position < target:
            self._bell.clear()
            if not await self._more(self._passes, min(target, self.source.tail.ring.last)):
                await self._bell.wait()

    async def _more(self, passes: Passes, until: int) -> bool:
        """Send the next events and measurements; False if there are none."""
        found = None
        if self._position < until:
            found = await (await self._here()).read(passes, until)
            for piece in self.sink.pieces(found, batch=self._batch):
                await self._send(piece)
                self._position = self._told = piece.last
            self._position = found.reached
            await self._tell_position()
            self._measure(found)
        measured = self._watch is not None and await self._tell_measures(passes, self._watch)
        return found is not None or measured

    async def _tell_position(self) -> None:
        """Say how far it is, where nothing was for it: well before that falls out of the ring."""
        if self._position - self._told >= max(1, self.source.tail.size // _TOLD_IN_A_RING):
            await self.sink.say(Position(sequence=self._position))
            self._told = self._position

    async def _here(self) -> Cursor:
        """A cursor at the position: the one there is, unless somebody has moved the position."""
        cursor = self._cursor
        if cursor is None or cursor.position != self._position:
            await self._let_go()
            cursor = self._cursor = Cursor(self.source.tail, self._position)
        return cursor

    async def _let_go(self) -> None:
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            await cursor.close()

    async def _tell_measures(self, passes: Passes, watch: Watch) -> bool:
        telemetry = self.source.telemetry
        told = None if telemetry is None else telemetry.after(watch, passes)
        if told is None:
            return False
        for piece in self.sink.pieces(told.newest, batch=self._batch):
            await self._send(piece)
        for event_type, count in told.conflated.items():
            metrics.WS_CONFLATED.inc(count)
            await self.sink.say(Conflated(event_type=event_type, count=count))
        return True

    async def _send(self, piece: Piece) -> None:
        """Others have their turn before, not after: what was sent must count at once."""
        self._turn += 1
        if self._turn % _TURN == 0:
            await asyncio.sleep(0)
        await self.sink.send(piece)
        metrics.WS_SENT.inc()

    async def _start(self, held: _Held) -> int | None:
        """Where it begins; None if that is gone, which is told, and so is the subscription."""
        since = held.wanted.since
        while True:
            try:
                if isinstance(since, datetime):
                    since = await self.source.tail.position_at(since)
                return (await self.source.tail.cursor(since)).position
            except (BusUnavailable, JetStreamRefused):
                await asyncio.sleep(_PAUSE)
            except ResumeExpired as expired:
                error = _expired(held.wanted, expired)
                self.drop(held.wanted.id)
                if not self._held:
                    raise Ended(Ending(RESUME_EXPIRED, error)) from None
                await self.sink.say(error)
                return None

    def _measure(self, sent: Slice) -> None:
        """The oldest of what was sent: how late it went out."""
        if sent.frames:
            late = self.source.clock.now().timestamp() - sent.frames[0].time
            metrics.DELIVERY_SECONDS.observe(max(0.0, late))


def _expired(what: Wanted, expired: ResumeExpired) -> ErrorFrame:
    message = (
        f"cannot go on after {what.since}: the log holds {expired.oldest} to"
        f" {expired.last}; load the state anew and subscribe without since"
    )
    return ErrorFrame(
        code="RESUME_EXPIRED", message=message, id=what.id, oldest_sequence=expired.oldest
    )
