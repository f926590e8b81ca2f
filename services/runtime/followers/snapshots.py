"""Snapshots of a follower's partition: kept by the bus, written by whoever has it and nobody else.

A snapshot is the message ``snap.<follower>.<partition>.0`` with what it stands for in a header, and
more messages ``.1``, ``.2`` … where it is larger than one: all of them in one atomic batch, written
only over the one that the writer knows. Whoever takes a partition over writes the first message
once more as its own, so that an earlier holder who knows nothing of it is refused from then on.
"""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from contracts.refusals import TryLater
from services.runtime import streams
from services.runtime.bus import Bus, JetStreamRefused, Outgoing, Stored
from services.runtime.ids import new_secret

LARGEST = 64 * 1024 * 1024
"""Bytes of a snapshot."""
_PART = 512 * 1024
_ABOUT = "aiops-snapshot"
_EXPECTED, _TTL = "Nats-Expected-Last-Subject-Sequence", "Nats-TTL"
_WRONG_SEQUENCE = frozenset({10071, 10164})
_TIMEOUT = 20.0
"""Seconds for all of a large one: 64 MiB take about one."""
_TRIES, _PAUSE = 3, 0.2


class Superseded(Exception):
    """Somebody else has taken the partition over."""


class Source(msgspec.Struct, frozen=True):
    """What a snapshot was made by and of; one of anything else is no use."""

    version: int
    partitions: int
    birth: str
    """When its stream was made: another one counts from 1 again."""


class _About(msgspec.Struct, frozen=True):
    holder: str
    source: Source
    sequence: int
    """Up to here the stream is folded; 0: there is no snapshot."""
    size: int
    checksum: int

    @property
    def parts(self) -> int:
        """Messages that it takes."""
        return max(1, -(-self.size // _PART))


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is to go on from."""

    source: Source | None
    """None: there is nothing."""
    sequence: int = 0
    state: bytes | None = field(default=None, repr=False)
    """None: it is broken."""


@dataclass
class Snapshots:
    """Those of one partition, as one holder of it reads and writes them."""

    bus: Bus
    follower: str
    partition: int
    _holder: str = field(default_factory=lambda: new_secret(9), init=False)
    _head: int = field(default=0, init=False)
    """Sequence of the first message as it is known here."""
    _parts: int = field(default=1, init=False)
    """Messages that are there."""

    async def take_over(self) -> Kept:
        """What the one before has left; from now on only this holder may write.

        TryLater if others take it over at the same time; BusUnavailable.
        """
        for left in reversed(range(_TRIES)):
            head = await self._first()
            about, kept = await self._read(head)
            if kept.source is not None and kept.state is None and left:
                # Of copies of the stream one may be behind: its parts are of an older one.
                await asyncio.sleep(_PAUSE)
                continue
            self._head = 0 if head is None else head.sequence
            self._parts = about.parts
            mine = msgspec.structs.replace(about, holder=self._holder)
            message = self._message(mine, b"" if head is None else head.data)
            if await self._written([message]):
                return kept
        raise TryLater(f"{self.follower} is being taken over by others", delay=1.0)

    async def save(self, state: bytes, source: Source, sequence: int) -> None:
        """Keep it in the place of the last one. Superseded, and BusUnavailable.

        After BusUnavailable it may be kept nevertheless; the next one takes its place.
        """
        if len(state) > LARGEST:
            raise ValueError(f"a snapshot of {len(state):,} bytes is more than {LARGEST:,}")
        about = _About(self._holder, source, sequence, len(state), zlib.crc32(state))
        messages = self._messages(about, state)
        if not await self._written(messages):
            await self._require_own()
            if not await self._written(self._messages(about, state)):
                raise Superseded(self.follower)
        self._parts = about.parts

    async def _require_own(self) -> None:
        """Know the first message anew: an earlier acknowledgement may have been lost."""
        head = await self._first()
        about = None if head is None else _about(head)
        if head is None or about is None or about.holder != self._holder:
            raise Superseded(f"somebody else has taken {self.follower} over")
        # What stands there may have had more parts than the last one that was acknowledged.
        self._head, self._parts = head.sequence, max(self._parts, about.parts)

    async def _first(self) -> Stored | None:
        return await self.bus.get(streams.SNAPSHOTS, {"last_by_subj": self._subject(0)})

    async def _read(self, head: Stored | None) -> tuple[_About, Kept]:
        nothing = _About("", Source(0, 0, ""), 0, 0, 0)
        about = nothing if head is None else _about(head)
        if head is None or about is None:
            return nothing, Kept(None) if head is None else Kept(nothing.source)
        if not about.sequence:
            return about, Kept(None)
        state = head.data
        if about.parts > 1:
            wanted = [self._subject(number) for number in range(1, about.parts)]
            rest = await self.bus.get_last(streams.SNAPSHOTS, wanted, timeout=_TIMEOUT)
            found = {each.subject: each.data for each in rest}
            state += b"".join(found.get(subject, b"") for subject in wanted)
        whole = (len(state), zlib.crc32(state)) == (about.size, about.checksum)
        return about, Kept(about.source, about.sequence, state if whole else None)

    def _messages(self, about: _About, state: bytes) -> list[Outgoing]:
        """The first one comes last: the acknowledgement of a batch tells its sequence."""
        parts = [
            Outgoing(self._subject(number), state[number * _PART : (number + 1) * _PART], {})
            for number in range(1, about.parts)
        ]
        # No service may delete a message: what is not needed any more ages out.
        gone = [
            Outgoing(self._subject(number), b"", {_TTL: "1s"})
            for number in range(about.parts, self._parts)
        ]
        return [*parts, *gone, self._message(about, state[:_PART])]

    def _message(self, about: _About, data: bytes) -> Outgoing:
        told = {_ABOUT: msgspec.json.encode(about).decode(), _EXPECTED: str(self._head)}
        return Outgoing(self._subject(0), data, told)

    async def _written(self, messages: Sequence[Outgoing]) -> bool:
        """False if the message that the first one should replace is not there."""
        try:
            if len(messages) == 1:
                only = messages[0]
                ack = await self.bus.publish(only.subject, only.data, only.headers)
            else:
                ack = await self.bus.publish_batch(messages, timeout=_TIMEOUT)
        except JetStreamRefused as error:
            if error.code not in _WRONG_SEQUENCE:
                raise
            return False
        self._head = ack.seq
        return True

    def _subject(self, number: int) -> str:
        return f"snap.{self.follower}.{self.partition}.{number}"


def _about(head: Stored) -> _About | None:
    """What a snapshot stands for; None if that cannot be read."""
    try:
        return msgspec.json.decode(head.headers.get(_ABOUT, ""), type=_About)
    except msgspec.MsgspecError:
        return None
