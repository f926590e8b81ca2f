"""A follower whose every mistake shows: it settles what was noticed, each number once, in order."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar

from contracts.catalog import EventCatalog
from contracts.envelope import Event, Recorded
from contracts.subjects import NO_CLUSTER, EntityKey
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.followers.host import FollowerHost
from services.runtime.followers.partition import Means, Rhythm
from services.runtime.following import Follower, follower_of_events
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit.leases import Frail
from tests.kit.runtime import UNTRACED, eventually, store_each

SERVICE = "ledgers"
_AGE = timedelta(hours=1)
QUICK = Rhythm(act=0.02, snapshot=0.05, patience=20, lease=3)
SELDOM = Rhythm(act=0.02, snapshot=60, patience=20, lease=3)
"""A snapshot at the end alone."""


class NoticeTaken(Event):
    """A number was noticed."""

    entity: ClassVar[str] = "notice"
    aggregate: ClassVar[bool] = False

    number: int

    @property
    def key(self) -> EntityKey:
        return EntityKey(NO_CLUSTER, "notice", str(self.number))


class LedgerSettled(Event):
    """What was noticed is settled."""

    entity: ClassVar[str] = "ledger"

    numbers: tuple[int, ...]

    @property
    def key(self) -> EntityKey:
        return LEDGER


LEDGER = EntityKey(NO_CLUSTER, "ledger", "one")
CATALOG = EventCatalog([NoticeTaken, LedgerSettled])


@dataclass
class Ledger:
    """Settles what is noticed; knows of its own settlements only by their events."""

    open: list[int] = field(default_factory=list[int])
    head: Head = NOTHING
    ballast: bytes = b""
    taken: list[int] = field(default_factory=list[int])
    """Sequences, since it was made."""
    acts: list[int] = field(default_factory=list[int])
    """How many were taken at each act."""
    recalled: bool = False
    before_take: Callable[[Sequence[Recorded]], None] | None = None
    before_act: Callable[[], None] | None = None
    hangs: asyncio.Event | None = None

    async def take(self, batch: Sequence[Recorded], store: Store) -> None:
        if self.hangs is not None:
            await self.hangs.wait()
        if self.before_take is not None:
            self.before_take(batch)
        for recorded in batch:
            self.taken.append(recorded.sequence)
            match recorded.event:
                case NoticeTaken(number=number):
                    self.open.append(number)
                case LedgerSettled(numbers=numbers):
                    self.open = [each for each in self.open if each not in numbers]
                    self.head = Head(recorded.sequence, recorded.version or 0)
                case _:
                    raise AssertionError(recorded)

    async def act(self, now: datetime, store: Store) -> None:
        self.acts.append(len(self.taken))
        if self.before_act is not None:
            self.before_act()
        if self.open:
            await store.append([LedgerSettled(numbers=tuple(self.open))], {LEDGER: self.head})

    def snapshot(self) -> bytes:
        state = {"open": self.open, "head": [self.head.sequence, self.head.version]}
        return json.dumps(state).encode() + b"\n" + self.ballast


@dataclass
class Makers:
    """Makes ledgers, and remembers them."""

    version: int = 1
    rest: float = 0.0
    prepare: Callable[[Ledger], None] | None = None
    made: list[Ledger] = field(default_factory=list[Ledger])

    @property
    def last(self) -> Ledger:
        return self.made[-1]

    @property
    def follower(self) -> Follower[Recorded]:
        def ledger(snapshot: bytes | None) -> Ledger:
            made = Ledger()
            if snapshot is not None:
                told, _, made.ballast = snapshot.partition(b"\n")
                state = json.loads(told)
                made.open, made.head = state["open"], Head(*state["head"])
                made.recalled = True
            if self.prepare is not None:
                self.prepare(made)
            self.made.append(made)
            return made

        made = follower_of_events(
            SERVICE, ledger, [NoticeTaken, LedgerSettled], version=self.version
        )
        return replace(made, rest=self.rest)


def log_on(bus: Bus, settings: Settings, catalog: EventCatalog = CATALOG) -> EventLog:
    """A log that knows what is noticed."""
    return EventLog(bus, _AGE, settings.nats.append_patience, catalog)


def means(log: EventLog, settings: Settings, rhythm: Rhythm = QUICK) -> Means:
    """What a host of followers needs."""
    return Means(log, settings, UNTRACED, SystemClock(), NOTHING_OUTSIDE, rhythm)


def host(log: EventLog, settings: Settings, makers: Makers, rhythm: Rhythm = QUICK) -> FollowerHost:
    """One process's share in a follower."""
    return FollowerHost(SERVICE, makers.follower, means(log, settings, rhythm))


async def notice(log: EventLog, numbers: Iterable[int]) -> list[int]:
    """Tell that these were noticed; their sequences."""
    return await store_each(log, [(NoticeTaken(number=number), NOTHING) for number in numbers])


async def settled(log: EventLog) -> list[int]:
    """All that was settled, in the order of the log, as often as it was."""
    query = {"seq": 1, "batch": 1000, "next_by_subj": LEDGER.filter}
    stored = await log.bus.get_many(streams.EVENTS, query)
    events = [log.catalog.decode(each.headers["ce-type"], each.data) for each in stored]
    return [n for event in events if isinstance(event, LedgerSettled) for n in event.numbers]


async def all_settled(log: EventLog, count: int) -> list[int]:
    """What was settled, once it is as much as that."""

    found = list[int]()

    async def enough() -> bool:
        found[:] = await settled(log)
        return len(found) >= count

    await eventually(enough)
    return found


async def crash(bus: Frail, running: "asyncio.Task[None]") -> None:
    """As a killed process: nothing is kept, renewed or given back."""
    bus.cut = True
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
