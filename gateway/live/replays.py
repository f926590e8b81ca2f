"""History played to a client: a window of the log, with its gaps, at a speed.

Who takes nothing holds up its own replay and no other: one page of the log is read ahead.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from contracts.catalog import EVENTS, EventCatalog
from gateway.live.messages import Invalid, Subscribe
from gateway.live.replay_messages import (
    FULL_SPEED,
    Replay,
    ReplayControl,
    ReplayState,
    State,
)
from gateway.live.sink import Sink
from gateway.live.talk import Over, cancel, watched
from gateway.live.wanted import wanted
from gateway.slots import Slots
from services.runtime import replay as history
from services.runtime.bus import BusUnavailable, JetStreamRefused
from services.runtime.clock import Clock
from services.runtime.frames import Encoder, Filter, Frame, Malformed
from services.runtime.log import EventLog
from services.runtime.principals import Principal
from services.runtime.pull import Delivery
from services.runtime.slices import Slice

MOST_REPLAYS = 4
"""Of one connection."""
_TURN = 64
_PAGE = 500
_PAUSE = 0.25
_AWAY = (BusUnavailable, JetStreamRefused)
_TELL = 1.0
_LATEST = datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp()

Sleep = Callable[[float], Awaitable[None]]
Scene = tuple[Frame, int | None]
"""What is sent next, and its position in the log if it is an event."""


@dataclass(frozen=True)
class Stage:
    """What all replays of a process share."""

    log: EventLog
    encoder: Encoder
    clock: Clock
    telemetry: Callable[[Delivery], Frame | None] = lambda _: None
    """The frame of a measurement; None for one that nobody is shown."""
    sleep: Sleep = asyncio.sleep
    slots: Slots = field(default_factory=lambda: Slots(64))
    """Of replays: each has readers and a few megabytes of its own."""

    @property
    def catalog(self) -> EventCatalog:
        """The events that are known."""
        return self.encoder.catalog

    def frame(self, delivery: Delivery) -> Frame | None:
        """What is sent of a message; None if that is nothing."""
        try:
            is_event = delivery.subject.startswith("evt.")
            made = self.encoder.delivered(delivery) if is_event else self.telemetry(delivery)
        except Malformed:
            return None
        if made is not None:
            made.text = f'{made.text[:-1]},"replayed":true}}'
        return made


@dataclass(frozen=True)
class Script:
    """A replay that was found good."""

    asked: Replay
    passes: Filter

    @property
    def filters(self) -> tuple[str, ...]:
        """Subjects of events that hold all that passes."""
        names = self.passes.event_types
        types = [event for event in EVENTS if event.names.public in names]
        return history.event_filters(self.passes.clusters, types)

    @property
    def window(self) -> history.Window:
        """The time that it shows."""
        return history.Window(self.asked.start, self.asked.end)


def script(message: Replay, principal: Principal, catalog: EventCatalog) -> Script:
    """Check a replay against what there is and what this principal may see; or Invalid."""
    as_live = Subscribe(type="subscribe", id=message.id, subscription=message.filters)
    return Script(message, wanted(as_live, principal, catalog).passes)


@dataclass
class TimedReplay:
    """One replay: `run` plays it, the others say how, from the next event on."""

    script: Script
    stage: Stage
    sink: Sink
    sent: int = field(default=0, init=False)
    sequence: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._speed = self.script.asked.speed
        self._paused = False
        self._sought: datetime | None = None
        self._changed = asyncio.Event()
        self._page: deque[Scene] = deque()
        self._whole_from: datetime | None = None
        self._at = self.script.asked.start.timestamp()
        self._since = self._told = self.stage.clock.monotonic()

    def pause(self) -> None:
        """Send nothing until `resume`."""
        self._pace(self._speed, paused=True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._pace(self._speed, paused=False)

    def hasten(self, speed: float) -> None:
        """Go on at this speed; 0: as fast as the client takes it."""
        self._pace(speed, paused=self._paused)

    def seek(self, moment: datetime) -> None:
        """Go on at this time, as far as it lies in the window."""
        asked = self.script.asked
        self._sought = max(moment, asked.start)
        self._changed.set()

    def _pace(self, speed: float, *, paused: bool) -> None:
        self._stand(self._now())
        self._speed, self._paused = speed, paused
        self._changed.set()

    def _stand(self, moment: float) -> None:
        """The replay has come to this time, now."""
        self._at, self._since = moment, self.stage.clock.monotonic()

    def _now(self) -> float:
        """The time of the log that is played at this moment, Unix seconds."""
        if self._paused or self._speed == FULL_SPEED:
            return self._at
        return self._at + (self.stage.clock.monotonic() - self._since) * self._speed

    async def run(self) -> None:
        """Play it to its end and say so."""
        await self.play()
        await self.tell("ended")

    async def play(self) -> None:
        """Play it to its end; Gone if there is nobody to play it to."""
        asked = self.script.asked
        telemetry = ("tel.>",) if asked.telemetry else ()
        while True:
            reading = history.Replay(
                self.stage.log, self.script.window, self.script.filters, telemetry
            )
            try:
                async with reading:
                    self._whole_from = reading.extent.whole_from
                    await self._play(reading)
                    return
            except _AWAY:
                await self.stage.sleep(_PAUSE)

    async def _play(self, reading: history.Replay) -> None:
        self._stand(self._at)
        await self.tell(self._state)
        while True:
            if self._changed.is_set():
                await self._obey(reading)
            elif self._paused:
                await self._changed.wait()
            elif self._page:
                await self._step()
            elif not await self._read(reading):
                return

    async def _obey(self, reading: history.Replay) -> None:
        self._changed.clear()
        sought, self._sought = self._sought, None
        if sought is not None:
            try:
                await reading.seek(sought)
            except _AWAY:
                self._sought = self._sought or sought
                self._changed.set()
                await self.stage.sleep(_PAUSE)
                return
            self._page.clear()
            self._stand(sought.timestamp())
        await self.tell(self._state)

    async def _read(self, reading: history.Replay) -> bool:
        """Have a page of what passes; False at the end."""
        try:
            deliveries = await reading.take(_PAGE)
        except _AWAY:
            await self._rest(_PAUSE)
            return True
        for delivery in deliveries:
            frame = self.stage.frame(delivery)
            frame = None if frame is None else self.script.passes.let(frame)
            if frame is not None:
                event = delivery.subject.startswith("evt.")
                self._page.append((frame, delivery.sequence if event else None))
        await asyncio.sleep(0)  # Others have their turn: a page that is there does not yield.
        return bool(deliveries)

    async def _step(self) -> None:
        """Send what is due, or wait for it."""
        due = self._due()
        if due:
            await self._send(due)
        else:
            left = (self._page[0][0].time - self._now()) / self._speed
            await self._rest(min(_TELL, left))
        if self.stage.clock.monotonic() - self._told >= _TELL:
            await self.tell(self._state)

    def _due(self) -> list[Scene]:
        page, now = self._page, self._now()
        found: list[Scene] = []
        while page and len(found) < _TURN:
            if self._speed != FULL_SPEED and page[0][0].time > now:
                break
            found.append(page.popleft())
        return found

    async def _send(self, due: list[Scene]) -> None:
        frames = [frame for frame, _ in due]
        events = Slice(frames, frames[-1].sequence)
        left = iter(due)
        for piece in self.sink.pieces(events, batch=self.script.asked.batch):
            await self.sink.send(piece)
            self._passed(islice(left, piece.count))
        await asyncio.sleep(0)

    def _passed(self, scenes: Iterable[Scene]) -> None:
        """These were sent."""
        for frame, at in scenes:
            self.sent += 1
            self.sequence = self.sequence if at is None else at
            if self._speed == FULL_SPEED:
                self._stand(frame.time)

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until something is to be done otherwise."""
        both = {
            asyncio.ensure_future(self.stage.sleep(seconds)),
            asyncio.ensure_future(self._changed.wait()),
        }
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()

    @property
    def _state(self) -> State:
        return "paused" if self._paused else "playing"

    async def tell(self, state: State) -> None:
        """Tell the client how it stands."""
        asked, self._told = self.script.asked, self.stage.clock.monotonic()
        position = datetime.fromtimestamp(min(self._now(), _LATEST), UTC)
        frame = ReplayState(
            id=asked.id,
            state=state,
            start=asked.start,
            end=asked.end,
            position=position if asked.end is None else min(position, asked.end),
            sequence=self.sequence,
            speed="max" if self._speed == FULL_SPEED else self._speed,
            sent=self.sent,
            whole_from=self._whole_from,
        )
        await self.sink.say(frame)


@dataclass
class Replays:
    """The replays of one connection, each under its id; the same id begins anew."""

    stage: Stage
    sink: Sink
    over: Over
    """Told when one has ended, and of what."""
    _playing: dict[str | None, tuple[TimedReplay, "asyncio.Task[None]"]] = field(
        default_factory=dict[str | None, tuple[TimedReplay, "asyncio.Task[None]"]], init=False
    )

    async def start(self, message: Replay, principal: Principal) -> None:
        """Play one from now on; Invalid if it cannot be."""
        found = script(message, principal, self.stage.catalog)
        await self._end(message.id)
        if len(self._playing) >= MOST_REPLAYS:
            text = f"at most {MOST_REPLAYS} replays at a time"
            raise Invalid("LIMIT_REACHED", text, message.id)
        slots = self.stage.slots
        if not slots.take():
            text = f"{slots.most} replays are played here already; try again later"
            raise Invalid("OVERLOADED", text, message.id)
        one = TimedReplay(found, self.stage, self.sink)
        task = watched(self._play(one), self.over)
        task.add_done_callback(lambda _: slots.give_back())
        self._playing[message.id] = one, task

    async def _play(self, one: TimedReplay) -> None:
        which = one.script.asked.id
        try:
            await one.run()
        finally:
            # Not before the client has taken the end: until then it counts, and can be stopped.
            if which in self._playing and self._playing[which][0] is one:
                del self._playing[which]

    async def control(self, message: ReplayControl) -> None:
        """Do what is asked; Invalid if there is no such replay (any more)."""
        playing = self._playing.get(message.id)
        if playing is None:
            raise Invalid("INVALID_MESSAGE", "there is no such replay", message.id)
        one = playing[0]
        match message.action:
            case "pause":
                one.pause()
            case "resume":
                one.resume()
            case "seek":
                one.seek(message.to or one.script.asked.start)
            case "speed":
                one.hasten(message.speed or FULL_SPEED)
            case "stop":
                await self._end(message.id)
                await one.tell("stopped")

    async def _end(self, which: str | None) -> None:
        playing = self._playing.pop(which, None)
        if playing is not None:
            await cancel(playing[1])

    async def close(self) -> None:
        """The connection is over."""
        for which in list(self._playing):
            await self._end(which)
