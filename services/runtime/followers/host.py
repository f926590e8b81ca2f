"""Shares a follower's partitions evenly with the other processes that run it, by leases."""

import asyncio
import math
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from contracts.catalog import UnknownEvent
from contracts.refusals import TryLater
from services.runtime.bus import BusUnavailable, JetStreamRefused
from services.runtime.followers.partition import Means, Partition, Stopped
from services.runtime.followers.snapshots import Superseded
from services.runtime.followers.tenure import Interrupted, Tenure
from services.runtime.following import Follower
from services.runtime.leases import Taken
from services.runtime.projections.seats import Seats, Seen

_LOOK = 0.5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_EXPECTED = (TryLater, BusUnavailable, JetStreamRefused, Superseded, Interrupted)


@dataclass
class FollowerSeats(Seats):
    """The leases of one follower."""

    @property
    def _kind(self) -> str:
        return f"following-{self.projection}"


@dataclass
class _Seat:
    """A partition, and the tenure of it that is under way here."""

    partition: Partition
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    pause: float = _FIRST_PAUSE
    not_before: float = 0.0
    """When it may be tried again after something went wrong."""


@dataclass
class FollowerHost:
    """The life of one follower in this process."""

    service: str
    follower: Follower[Any]
    means: Means
    _trouble: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        follower, bus = self.follower, self.means.log.bus
        self._seats = FollowerSeats(bus, follower.name, self.means.rhythm.lease)
        self._all = [
            _Seat(Partition(follower, number, self.service, self.means))
            for number in range(follower.partitions)
        ]

    @property
    def partitions(self) -> Sequence[Partition]:
        """All of them, as this process knows them."""
        return [seat.partition for seat in self._all]

    @property
    def held(self) -> frozenset[int]:
        """The partitions that this process folds."""
        return frozenset(each.number for each in self.partitions if each.held)

    @property
    def error(self) -> str | None:
        """Why something stands still here. To have nothing, and wait for it, is no error."""
        told = [text for each in self.partitions for text in (each.error, each.unsaved)]
        return next((text for text in (self._trouble, *told) if text is not None), None)

    @property
    def detail(self) -> str:
        """How it stands, in words."""
        if self.error is not None:
            return self.error
        held = [each for each in self.partitions if each.held]
        if not held:
            return "another process follows"
        return ", ".join(f"at {each.sequence}, {max(each.lag, 0)} behind" for each in held)

    async def run(self, stopping: asyncio.Event) -> None:
        """Follow until told to stop; comes back by itself when the bus was away."""
        while not stopping.is_set():
            try:
                async with self._membership():
                    await self._share(stopping)
            except (TryLater, BusUnavailable, JetStreamRefused) as error:
                self._trouble = str(error)
                await _sleep(stopping, _LOOK)
            finally:
                await self._leave([seat for seat in self._all if seat.task is not None])

    @property
    def _limited(self) -> int:
        return sum(each.stopped for each in self.partitions)

    def _membership(self) -> AbstractAsyncContextManager[object]:
        """Nobody leaves a share to a process that cannot fold all: it takes what stays free."""
        return nullcontext() if self._limited else self._seats.lease(self._seats.member)

    async def _share(self, stopping: asyncio.Event) -> None:
        """Until told to stop, or until it turns out that this program cannot fold all."""
        limited = self._limited
        while not stopping.is_set() and self._limited == limited:
            try:
                seen = await self._seats.look()
            except (BusUnavailable, JetStreamRefused) as error:
                self._trouble = str(error)  # The leases that are held say themselves how long.
            else:
                self._trouble = None
                await self._balance(seen)
            await _sleep(stopping, _LOOK)

    async def _balance(self, seen: Seen) -> None:
        """No process has more than its share, and whoever has less takes what is free."""
        share = math.ceil(len(self._all) / max(1, seen.members))
        mine = [seat for seat in self._all if seat.task is not None]
        await self._leave(mine[share:])
        now = asyncio.get_running_loop().time()
        for seat in self._all:
            partition = seat.partition
            if seat.task is not None or partition.stopped:
                continue
            if partition.number in seen.held:
                partition.error = partition.unsaved = None  # It is somebody else's now.
            elif len(mine) < share and now >= seat.not_before:
                mine.append(seat)
                seat.leaving = asyncio.Event()
                seat.task = asyncio.create_task(self._hold(seat))

    async def _leave(self, seats: Sequence[_Seat]) -> None:
        tasks = [seat.task for seat in seats if seat.task is not None]
        for seat in seats:
            seat.leaving.set()
        if tasks:
            await asyncio.wait(tasks)

    async def _hold(self, seat: _Seat) -> None:
        partition = seat.partition
        begun = asyncio.get_running_loop().time()
        try:
            async with self._seats.lease(str(partition.number)) as lease:
                partition.held = True
                await Tenure(partition, lease, seat.leaving).run()
        except Taken:
            pass
        except (UnknownEvent, Stopped) as error:
            partition.stopped = True
            partition.error = f"this program cannot go on: {error}"
            partition.say.error("stopped", reason=partition.error)
        except _EXPECTED as error:
            self._failed(seat, begun, error)
            partition.say.warning("interrupted", reason=partition.error)
        except Exception as error:  # noqa: BLE001 - every bug is told, and the fold made anew
            self._failed(seat, begun, error)
            partition.say.error("failed", exc_info=error)
        finally:
            partition.left()
            seat.task = None

    def _failed(self, seat: _Seat, begun: float, error: Exception) -> None:
        now = asyncio.get_running_loop().time()
        if now - begun > 2 * self.means.rhythm.patience:
            seat.pause = _FIRST_PAUSE  # It had gone well for long.
        seat.partition.error = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        seat.not_before = now + seat.pause
        seat.pause = min(seat.pause * 2, _LONGEST_PAUSE)


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
