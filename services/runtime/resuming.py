"""Whether one may go on at a place of the log without having missed anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.runtime import streams
from services.runtime.bus import BusUnavailable, Stored
from services.runtime.context import log_time
from services.runtime.log import EventLog
from services.runtime.timeline import first_at, following, leader_has, whole_from

_TICK = timedelta(microseconds=1)


class ResumeExpired(Exception):
    """The log does not reach back (or not forward) to where a client wants to go on."""

    def __init__(self, oldest: int, last: int) -> None:
        super().__init__(f"the log holds events {oldest} to {last}")
        self.oldest = oldest
        """All events from here on are there: one may go on after one less."""
        self.last = last


@dataclass(frozen=True, slots=True)
class _Held:
    """What of the log is there."""

    log: EventLog
    first: int
    last: int
    whole: datetime | None
    """Before this time facts have aged out; None: everything is there."""

    async def next(self, position: int) -> Stored | None:
        """The next event after a position."""
        found = await following(self.log.bus, streams.EVENTS, position + 1)
        if found is None and await leader_has(self.log.bus, position + 1) is not None:
            raise BusUnavailable("a copy of the log is behind")
        return found

    def joins(self, position: int, found: Stored | None) -> bool:
        """True if nothing has aged out behind a position, of what comes next after it.

        Holes behind an event that is younger than facts are kept were made by hand: they count
        for nothing, and are passed over.
        """
        if self.whole is None:
            return True
        if found is None:
            return position == self.last
        return found.sequence == position + 1 and log_time(found.time) >= self.whole

    async def expired(self) -> ResumeExpired:
        """What to tell: the oldest event that one may go on from."""
        if self.whole is None:
            return ResumeExpired(self.first, self.last)
        bus = self.log.bus
        begin = await first_at(bus, streams.EVENTS, self.whole, self.first, self.last)
        found = await self.next(begin - 1)
        return ResumeExpired(self.last + 1 if found is None else found.sequence, self.last)


async def _held(log: EventLog) -> _Held:
    info = await log.bus.api(f"STREAM.INFO.{streams.EVENTS}")
    state = info["state"]
    whole = await whole_from(log.bus, info, log.facts_age)
    return _Held(log, int(state["first_seq"]), int(state["last_seq"]), whole)


async def check(log: EventLog, since: int) -> None:
    """ResumeExpired if the log does not hold this position, or may lack events after it.

    It may lack some if the very next position is gone, or if what stands there is older than
    facts are kept: then facts behind it have aged out, among events that stay for ever.
    """
    held = await _held(log)
    if not held.first - 1 <= since <= held.last:
        raise await held.expired()
    if not held.joins(since, await held.next(since)):
        raise await held.expired()


async def position_at(log: EventLog, moment: datetime) -> int:
    """The position after which come the events of this time on; ResumeExpired if some are gone.

    By the log's time. Waits until the log's clock has passed the moment.
    """
    reach = await log.reach(moment - _TICK)
    held = await _held(log)
    if held.whole is None:
        return reach.position
    found = await held.next(reach.position)
    if moment >= held.whole:  # A hole before the next event is of older ones.
        return reach.position if found is None else found.sequence - 1
    if not reach.certain or not held.joins(reach.position, found):
        raise await held.expired()
    return reach.position
