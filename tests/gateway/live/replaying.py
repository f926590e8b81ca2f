"""A clock that only tests move, a client that keeps what it is sent, and a log with given times."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.envelope import Event
from gateway.live.messages import LiveFrame, encode
from gateway.live.replay_messages import Replay
from gateway.live.replays import Stage
from services.runtime.context import LOGGED_AT, context_headers, event_headers, exact
from services.runtime.frames import Encoder
from services.runtime.log import EventLog
from services.runtime.slices import Piece, Slice
from tests.kit import builders
from tests.kit.live import CLUSTER_NAMES
from tests.kit.runtime import until

Told = dict[str, Any]


def at(seconds: float) -> datetime:
    return builders.at() + timedelta(seconds=seconds)


class HandClock:
    """Stands still until it is moved; who sleeps wakes when it has come so far."""

    def __init__(self) -> None:
        self.moment = 1000.0
        self.naps: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return at(self.moment)

    def monotonic(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.moment + seconds, waking))
        await waking

    @property
    def asleep(self) -> bool:
        return any(not waking.done() for _, waking in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass, step by step as the sleepers wake."""
        goal = self.moment + seconds
        while True:
            await until(lambda: self.asleep)
            self._sleepers = [each for each in self._sleepers if not each[1].done()]
            next_one = min(moment for moment, _ in self._sleepers)
            self.moment = min(goal, next_one)
            for moment, waking in self._sleepers:
                if moment <= self.moment:
                    waking.set_result(None)
            if self.moment >= goal:
                return


class QuickClock(HandClock):
    """Every sleep is over at once, and has taken its time."""

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        await asyncio.sleep(0)
        self.moment += seconds


class Client:
    """Takes everything at once, unless it is told not to."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.frames: list[Told] = []
        self.times: list[float] = []
        """When each event came, by the clock."""
        self.takes = asyncio.Event()
        self.takes.set()

    async def say(self, frame: LiveFrame) -> None:
        await self.takes.wait()
        self.frames.append(json.loads(encode(frame)))

    def pieces(self, events: Slice, *, batch: bool) -> Sequence[Piece]:
        return events.batches() if batch else events.singles()

    async def send(self, piece: Piece) -> None:
        await self.takes.wait()
        frame = json.loads(piece.data)
        self.frames.append(frame)
        self.times += [self.clock.monotonic()] * len(frame.get("events", [None]))

    @property
    def events(self) -> list[Told]:
        return [
            event
            for frame in self.frames
            if frame["type"] in {"event", "events"}
            for event in frame.get("events", [frame])
        ]

    @property
    def sequences(self) -> list[int]:
        return [event["sequence"] for event in self.events]

    @property
    def states(self) -> list[str]:
        return [frame["state"] for frame in self.frames if frame["type"] == "replay_state"]

    @property
    def last(self) -> Told:
        return [frame for frame in self.frames if frame["type"] == "replay_state"][-1]


def stage(log: EventLog, clock: HandClock) -> Stage:
    return Stage(log, Encoder(CLUSTER_NAMES.get), clock, sleep=clock.sleep)


def asked(**fields: Any) -> Replay:
    """The whole of the log at full speed, unless told otherwise; times in seconds."""
    for name in fields.keys() & {"from", "to"}:
        fields[name] = at(fields[name])
    return Replay.model_validate({"type": "replay", "from": at(0), "speed": "max"} | fields)


async def put(log: EventLog, event: Event, seconds: float, number: int) -> int:
    """Store an event of this time of the log, of an entity of its own; its sequence."""
    shared = context_headers(at(seconds), builders.context())
    headers = shared | event_headers(event, event.key, UUID(int=number))
    headers[LOGGED_AT] = exact(int(at(seconds).timestamp() * 1_000_000) * 1000)
    subject = f"evt.{event.key.cluster}.{event.key.type}.{number}.{event.names.token}"
    return (await log.bus.publish(subject, event.model_dump_json().encode(), headers)).seq


async def fill(log: EventLog, times: Sequence[float]) -> None:
    """Alerts that fired at these times."""
    for number, seconds in enumerate(times, start=1):
        await put(log, builders.fired(), seconds, number)
