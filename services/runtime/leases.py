"""Leases: one holder at a time for a name, over all processes, for as long as it renews.

A lease is the one message on ``lease.<kind>.<id>``: it is written only over the sequence that its
writer knows (optimistic concurrency), and its TTL frees it after a crash. A holder counts from
before it sent that message, and less than its TTL: it gives up earlier than the server lets go.
What no lease can do is to call back a request that is on its way: ask `Lease.require` before each.
"""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from contracts.refusals import TryLater
from contracts.subjects import is_plain_token, token
from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused, Stored
from services.runtime.clock import Clock, SystemClock
from services.runtime.ids import new_secret
from services.runtime.logging import logger

# The second is told by a cluster of servers while another write to the subject is under way.
_ANOTHER_IS_THERE = frozenset({10071, 10164})
_EXPECTED, _TTL = "Nats-Expected-Last-Subject-Sequence", "Nats-TTL"
_NOTHING = 0
"""The sequence to expect where no message is."""
_FREE = b""
"""What stands in the place of a lease that was given back: no service may delete a message."""

_SHORTEST = 1.0
"""Seconds: NATS knows no shorter TTL."""
_LEAST_MARGIN = 0.3
_POLL = 0.2
_LONGEST_WRITE = 2.0
_RELEASE = 2.0

_RANDOM = Random()  # noqa: S311 - spreads tries, keeps no secret
_CLOCK = SystemClock()


class Taken(TryLater):
    """Somebody else holds the lease."""


@dataclass(eq=False)
class Lease:
    """A lease as its holder sees it."""

    name: str
    clock: Clock
    _end: float = field(default=-math.inf, init=False)
    _end_by_wall: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    @property
    def held(self) -> bool:
        """True while nobody else can have it.

        By both clocks: the monotonic one stands still while the machine sleeps.
        """
        return self.clock.monotonic() < self._end and self.clock.now() < self._end_by_wall

    @property
    def left(self) -> float:
        """Seconds until it ends if it is not renewed."""
        return self._end - self.clock.monotonic()

    def require(self) -> None:
        """TryLater if it is lost; to be asked before what must not be done by two."""
        if not self.held:
            raise TryLater(f"the lease {self.name} was lost", delay=_pause())

    def begin(self, start: float, by_wall: datetime, seconds: float) -> None:
        """It is held from then on for so long."""
        self._end, self._end_by_wall = start + seconds, by_wall + timedelta(seconds=seconds)

    def end(self) -> None:
        """It is held no more."""
        self._end = -math.inf


@dataclass(eq=False)
class _Holder:
    """Takes, renews and gives back a lease by its message on the bus."""

    bus: Bus
    lease: Lease
    seconds: float
    subject: str = field(init=False)
    mark: bytes = field(init=False)
    """By which it knows its own message, also one whose acknowledgement was lost."""
    _sequence: int = field(default=_NOTHING, init=False)

    def __post_init__(self) -> None:
        if self.seconds < _SHORTEST:
            raise ValueError(f"a lease lasts at least {_SHORTEST:g} s")
        self.subject = subject(self.lease.name)
        self.mark = new_secret(12).encode()

    async def acquire(self, wait: float) -> None:
        """Wait for it so long; Taken if somebody else has it all the time."""
        clock = self.lease.clock
        end = clock.monotonic() + wait
        # Most often nobody has it, which need not be asked first.
        if await self._write(_NOTHING):
            return
        while True:
            if await self._write(self._takeable(await self._last())):
                return
            left = end - clock.monotonic()
            if left <= 0:
                raise Taken(f"somebody else holds the lease {self.lease.name}", delay=_pause())
            await asyncio.sleep(min(left, _POLL * (0.5 + _RANDOM.random())))

    async def keep(self, scope: asyncio.Timeout) -> None:
        """Renew it again and again; the scope of what runs under it ends with it."""
        pause: float | None = self.seconds / 3
        while pause is not None:
            await asyncio.sleep(pause)
            pause = await self._renew()
            if scope.expired():
                return
            scope.reschedule(asyncio.get_running_loop().time() + self.lease.left)
        self.lease.end()
        scope.reschedule(0)

    async def _renew(self) -> float | None:
        """Seconds until the next renewal, None if it is lost."""
        try:
            # It is there at another sequence if an earlier acknowledgement was lost.
            if await self._write(self._sequence) or await self._write(await self._own()):
                return self.seconds / 3
        except BusUnavailable:
            return min(_POLL, self.seconds / 10)  # Until the last renewal has no time left.
        except JetStreamRefused as error:
            logger("leases").error("lease_refused", lease=self.lease.name, reason=str(error))
        return None

    async def release(self) -> None:
        """Let the next one have it at once; where that fails, it ages out."""
        self.lease.end()
        try:
            async with asyncio.timeout(_RELEASE):
                if self._sequence == _NOTHING or not await self._free(self._sequence):
                    await self._free(await self._own())
        except (BusUnavailable, JetStreamRefused, TimeoutError) as error:
            reason = str(error) or "no answer"
            logger("leases").warning("lease_ages_out", lease=self.lease.name, reason=reason)

    async def _write(self, over: int | None) -> bool:
        """Hold it from now on, by a message in the place of that one."""
        clock = self.lease.clock
        start, by_wall = clock.monotonic(), clock.now()
        # The server cuts a TTL off to whole seconds: never fewer than are counted here.
        sequence = await self._put(self.mark, over, math.ceil(self.seconds))
        if sequence is None:
            return False
        self._sequence = sequence
        # The margin is for stopping what runs.
        margin = max(_LEAST_MARGIN, self.seconds / 10)
        self.lease.begin(start, by_wall, self.seconds - margin)
        return True

    async def _free(self, over: int | None) -> bool:
        return await self._put(_FREE, over, 1) is not None

    async def _put(self, body: bytes, over: int | None, ttl: int) -> int | None:
        """The sequence of a new message, None if the one that it should replace is not there."""
        if over is None:
            return None
        headers = {_EXPECTED: str(over), _TTL: f"{ttl}s"}
        timeout = min(_LONGEST_WRITE, self.seconds / 3)
        try:
            ack = await self.bus.publish(self.subject, body, headers, timeout=timeout)
        except JetStreamRefused as error:
            if error.code not in _ANOTHER_IS_THERE:
                raise
            return None
        return ack.seq

    def _takeable(self, last: Stored | None) -> int | None:
        """What to write over; None if somebody else has it."""
        if last is None:
            return _NOTHING
        return last.sequence if last.data in {_FREE, self.mark} else None

    async def _last(self) -> Stored | None:
        return await self.bus.get(streams.LEASES, {"last_by_subj": self.subject})

    async def _own(self) -> int | None:
        last = await self._last()
        return last.sequence if last is not None and last.data == self.mark else None


@asynccontextmanager
async def lease(
    bus: Bus, name: str, *, seconds: float = 15.0, wait: float = 0.0, clock: Clock = _CLOCK
) -> AsyncGenerator[Lease]:
    """Be the only holder of ``<kind>/<id>`` for the time of a block; nobody can hold it twice.

    Taken if somebody else still holds it after ``wait`` seconds, BusUnavailable while the bus is
    away. If it is lost meanwhile the block is cancelled and its caller told to TryLater: who
    leaves the block without an error has held it to its end. It is renewed three times in
    ``seconds``, which is when the next one can have it if its holder dies.
    """
    holder = _Holder(bus, Lease(name, clock), seconds)
    try:
        await holder.acquire(wait)
    except (BusUnavailable, asyncio.CancelledError):
        await holder.release()  # The message may have been stored nevertheless.
        raise
    try:
        async with _while_held(holder):
            yield holder.lease
        holder.lease.require()
    finally:
        await holder.release()


def subject(name: str) -> str:
    """Where a lease is kept: ``credentials/edge-1`` on ``lease.credentials.edge-1``."""
    kind, slash, of = name.partition("/")
    if not slash or not is_plain_token(kind):
        raise ValueError(f"a lease is named <kind>/<id>, not {name!r}")
    return f"lease.{kind}.{token(of)}"


@asynccontextmanager
async def _while_held(holder: _Holder) -> AsyncGenerator[None]:
    """Cancel the block when the lease is lost, and then say so."""
    scope = asyncio.timeout_at(asyncio.get_running_loop().time() + holder.lease.left)
    try:
        async with scope:
            keeper = asyncio.create_task(holder.keep(scope))
            try:
                yield
            finally:
                keeper.cancel()
                await asyncio.wait([keeper])
    except TimeoutError:
        if not scope.expired():
            raise  # The block's own.
        logger("leases").warning("lease_lost", lease=holder.lease.name)
        holder.lease.end()
        holder.lease.require()


def _pause() -> float:
    return 0.5 + _RANDOM.random()
