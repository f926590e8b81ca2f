"""One tenure: from the last snapshot to a new one, under a lease.

Whoever has lost the lease and does not know it yet acts no more (`Lease.require`), and what it
still writes is refused: its snapshots by those of its successor, its events by the log.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.envelope import Context
from contracts.refusals import TryLater
from services.runtime import metrics
from services.runtime.bus import BusUnavailable, JetStreamRefused
from services.runtime.context import from_nanoseconds
from services.runtime.followers.partition import Partition
from services.runtime.followers.snapshots import Kept, Snapshots, Source, Superseded
from services.runtime.following import Fold
from services.runtime.ids import new_id
from services.runtime.leases import Lease
from services.runtime.log import Conflict
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.store import Store

_AHEAD = 1000
_GLANCE = 0.1
_AWAY_PAUSE = 0.25
_MANY = 10
_BYTES_PER_SECOND = 64 * 1024
"""Of snapshots: a large one is kept less often, and a little more is taken again after a fall."""
_NO_MESSAGE = 10037
_PASSING = (Conflict, TryLater, BusUnavailable)


class Interrupted(Exception):
    """The fold may lack something, or hangs: it is made anew."""


@dataclass
class Tenure:
    """Folds a partition for as long as this process has it."""

    partition: Partition
    lease: Lease
    leaving: asyncio.Event
    """Set when another process shall have it."""
    _fold: Fold[Any] = field(init=False)
    _reader: PullReader = field(init=False)
    _source: Source = field(init=False)
    _goal: int = field(default=0, init=False)
    """What the stream held when this began: nothing is decided before all of it is taken."""
    _caught_up: bool = field(default=False, init=False)
    _act_at: float = field(default=0.0, init=False)
    _save_at: float = field(default=0.0, init=False)
    _saved: tuple[int, int] = field(default=(0, 0), init=False)
    """Position and checksum of the last snapshot."""
    _changed: bool = field(default=False, init=False)
    _comes: bool = field(default=True, init=False)
    """Whether anything was taken since the last act."""
    _refused: int = field(default=0, init=False)
    """Acts in a row that came to nothing as somebody else was first."""
    _scope: asyncio.Timeout | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._follower, self._means = self.partition.follower, self.partition.means
        self._rhythm, self._clock = self._means.rhythm, self._means.clock
        self._bus = self._means.log.bus
        self._say = self.partition.say
        self._snapshots = Snapshots(self._bus, self._follower.name, self.partition.number)

    async def run(self) -> None:
        """Fold until told to leave; what goes wrong beyond an absent bus ends it."""
        await self._begin()
        hurrying = asyncio.create_task(self._hurry())
        try:
            while not self.leaving.is_set():
                try:
                    await self._step()
                except BusUnavailable as error:
                    self.partition.error = str(error)  # The lease says how long to try.
                    await asyncio.sleep(_AWAY_PAUSE)
            await self._save()
        finally:
            hurrying.cancel()
            await self._reader.close()

    async def _begin(self) -> None:
        kept = await self._snapshots.take_over()
        info = await self._bus.api(f"STREAM.INFO.{self._follower.stream}")
        state, follower = info["state"], self._follower
        self._goal = int(state["last_seq"])
        self._source = Source(follower.version, follower.partitions, info["created"])
        sequence = self._recall(kept)
        if sequence < int(state["first_seq"]) - 1 and sequence:
            gone = f"{sequence + 1} to {int(state['first_seq']) - 1}"
            self._say.error("messages_gone", sequences=gone)
        shared = follower.partitions > 1
        self._reader = PullReader(
            self._bus,
            Ordered(follower.stream, follower.subjects),
            start=sequence + 1,
            batch=_AHEAD,
            skip=self._is_for_others if shared else None,
        )
        self._save_at = self._clock.monotonic() + self._rhythm.snapshot
        self._say.info("took_over", sequence=sequence, goal=self._goal)

    def _recall(self, kept: Kept) -> int:
        """Make the fold of what there is to go on from; the sequence that it stands for."""
        reason = self._unusable(kept)
        if kept.state is not None and not reason:
            try:
                self._fold = self._follower.start(kept.state)
            except Exception:  # noqa: BLE001 - it would be the same at every try
                self._say.exception("snapshot_unreadable", sequence=kept.sequence)
            else:
                self._saved = kept.sequence, zlib.crc32(kept.state)
                return kept.sequence
        if reason:
            self._say.warning("snapshot_left", sequence=kept.sequence, reason=reason)
        self._fold = self._follower.start(None)
        return 0

    def _unusable(self, kept: Kept) -> str:
        """Why a snapshot cannot be gone on from; empty if it can, or if there is none."""
        if kept.source is None:
            return ""
        if kept.state is None:
            return "it is broken"
        if kept.source != self._source:
            return f"it is of {kept.source}, not of {self._source}"
        return "it is ahead of the stream" if kept.sequence > self._goal else ""

    def _is_for_others(self, subject: bytes) -> bool:
        return self._follower.partition_of(subject) != self.partition.number

    async def _hurry(self) -> None:
        """Who is to leave waits for no message, and for a fold only for so long."""
        await self.leaving.wait()
        self._reader.hurry()
        if self._scope is not None and (end := self._scope.when()) is not None:
            self._scope.reschedule(min(end, asyncio.get_running_loop().time() + self._rhythm.grace))

    async def _step(self) -> None:
        most = self.partition.batch(self._reader.position)
        deliveries = await self._reader.take(most, wait=self._patience())
        if deliveries:
            await self._take(deliveries)
        self.partition.measure(self._reader.position - 1, self._reader.pending)
        if self.leaving.is_set():
            return
        if self._clock.monotonic() >= self._act_at and await self._is_caught_up():
            await self._act()
        if self._clock.monotonic() >= self._save_at:
            await self._require_same_stream()
            await self._save()

    def _patience(self) -> float:
        """Seconds to wait for a message."""
        left = self._act_at - self._clock.monotonic()
        return max(left, 0.0) if self._caught_up else _GLANCE

    async def _take(self, deliveries: Sequence[Delivery]) -> None:
        self.lease.require()
        batch = self.partition.read(deliveries)
        store = self._store(from_nanoseconds(deliveries[-1].time_ns))
        self._changed = self._comes = True
        self._act_at = min(self._act_at, self._clock.monotonic() + self._rhythm.act)
        try:
            if batch:
                await self._within("take", self._fold.take(batch, store))
        except _PASSING as error:
            raise Interrupted(f"{type(error).__name__}: {error}") from error
        except Interrupted:
            raise
        except Exception:
            self.partition.failed_at(deliveries)
            raise
        metrics.FOLLOWER_MESSAGES.labels(self._follower.name).inc(len(batch))
        await asyncio.sleep(0)  # What has arrived is taken without a pause: let others have a turn.

    async def _is_caught_up(self) -> bool:
        """Whether all has been taken that was there when this began."""
        if not self._caught_up:
            self._caught_up = self._reader.position > self._goal or (
                self._reader.pending == 0 and not await self._has_more()
            )
            if self._caught_up:
                self._say.info("caught_up", sequence=self._reader.position - 1)
        return self._caught_up

    async def _has_more(self) -> bool:
        """Whether the stream's leader has more for us up to the goal.

        The copy that we read from may be behind it.
        """
        asked = (self._next_at_leader(subject) for subject in self._follower.subjects)
        found = await asyncio.gather(*asked)
        return any(sequence is not None and sequence <= self._goal for sequence in found)

    async def _next_at_leader(self, subject: str) -> int | None:
        query = {"seq": self._reader.position, "next_by_subj": subject}
        try:
            found = await self._bus.api(f"STREAM.MSG.GET.{self._follower.stream}", query)
        except JetStreamRefused as error:
            if error.code != _NO_MESSAGE:
                raise
            return None
        return int(found["message"]["seq"])

    async def _act(self) -> None:
        self.lease.require()
        self._act_at = self._clock.monotonic() + self._rhythm.act
        now = self._clock.now()
        self._changed = True
        try:
            await self._within("act", self._fold.act(now, self._store(now)))
        except Conflict as error:
            self._refused += 1
            self._say.info("decides_again", reason=str(error))
            if self._refused >= _MANY:
                self.partition.error = f"acts are refused: {error}"
        except TryLater as error:
            self._say.info("acts_later", reason=str(error))
            self._act_at += error.delay
        else:
            self.partition.error, self._refused = None, 0
            if not self._comes:
                self._act_at += max(0.0, self._follower.rest - self._rhythm.act)
            self._comes = False

    async def _within(self, step: str, work: Awaitable[None]) -> None:
        try:
            with metrics.FOLLOWER_SECONDS.labels(self._follower.name, step).time():
                async with asyncio.timeout(self._rhythm.patience) as self._scope:
                    await work
        except TimeoutError:
            if self._scope is None or not self._scope.expired():
                raise  # Its own.
            raise Interrupted(f"{step} has not come back in time") from None
        finally:
            self._scope = None

    async def _require_same_stream(self) -> None:
        info = await self._bus.api(f"STREAM.INFO.{self._follower.stream}")
        if info["created"] != self._source.birth:
            raise Interrupted("the stream was made anew")

    async def _save(self) -> None:
        """Keep a snapshot if it says anything new; to keep none is an error, and no reason to end.

        Superseded if somebody else has taken over.
        """
        self._save_at = self._clock.monotonic() + self._rhythm.snapshot
        if not self._changed:
            return
        self.lease.require()
        try:
            with metrics.FOLLOWER_SECONDS.labels(self._follower.name, "snapshot").time():
                await self._keep(self._fold.snapshot(), self._reader.position - 1)
        except Superseded:
            raise
        except Exception as error:  # noqa: BLE001 - the fold's own as well
            self.partition.unsaved = f"no snapshot: {type(error).__name__}: {error}"
            self._say.error("not_saved", exc_info=error)
        else:
            self.partition.unsaved, self._changed = None, False

    async def _keep(self, state: bytes, sequence: int) -> None:
        saved = sequence, zlib.crc32(state)
        if saved == self._saved:
            return
        self._save_at = max(self._save_at, self._clock.monotonic() + len(state) / _BYTES_PER_SECOND)
        await self._snapshots.save(state, self._source, sequence)
        self._saved = saved
        of = self._follower.name, str(self.partition.number)
        metrics.FOLLOWER_SNAPSHOT_BYTES.labels(*of).set(len(state))

    def _store(self, at: datetime) -> Store:
        command_id, service = new_id(), self.partition.service
        context = Context(
            command_id=command_id,
            actor=f"service:{service}",
            correlation_id=command_id,
            causation_id=command_id,
            source=f"/services/{service}",
        )
        means = self._means
        return Store(means.log, context, at, means.settings, means.outside)
