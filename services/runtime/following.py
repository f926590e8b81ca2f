"""What a follower is: what it reads, what it makes of it, and by how many it is shared.

`followers` runs them.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from contracts.catalog import EventCatalog
from contracts.envelope import Event, Recorded
from services.runtime import streams
from services.runtime.context import from_nanoseconds, recorded
from services.runtime.pull import Delivery
from services.runtime.store import Store

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)


class Fold(Protocol[M_contra]):
    """What a follower has made of a stream so far.

    It lives in one process at a time. What goes wrong in it, other than below, has it thrown away
    and made anew of its last snapshot, so all it knows must come out of the stream: an act shows in
    it when its events come back, or is found in the log before it is done again.
    """

    async def take(self, batch: Sequence[M_contra], store: Store) -> None:
        """Fold the next messages, oldest first; tells nobody anything.

        A message at which it fails twice is passed over: see `followers.partition`.
        """
        ...

    async def act(self, now: datetime, store: Store) -> None:
        """Decide and append what follows from all that was taken.

        Never before everything has been taken that the stream held when this process took over. If
        it raises Conflict, TryLater or BusUnavailable it is called again a moment later.
        """
        ...

    def snapshot(self) -> bytes:
        """All that is needed to go on from here; at most 64 MiB."""
        ...


Start = Callable[[bytes | None], Fold[M]]
"""Makes the fold, of a snapshot of the same version or of nothing."""
Read = Callable[[EventCatalog, Delivery], M]


@dataclass(frozen=True, slots=True)
class Follower(Generic[M]):
    """Follows one stream for a service; of each partition in one process at a time."""

    name: str
    """With that of its service before it: its snapshots and leases are under it."""
    stream: str
    subjects: tuple[str, ...]
    """What it reads of the stream."""
    start: Start[M]
    read: Read[M]
    """A message as the fold takes it. UnknownEvent stops the follower; what cannot be read for
    another reason is passed over."""
    version: int
    """Of its snapshots: another one begins with the oldest message that the stream has."""
    partitions: int = 1
    """By how many processes it may be shared. Another number begins anew as well."""
    places: int = 1
    """By how many tokens of a subject its partition is told, from the third on.

    Of telemetry the first two are what it is, the third is the cluster.
    """

    rest: float = 0.0
    """Seconds from one act to the next while nothing comes; it is once a second otherwise."""

    def partition_of(self, subject: bytes) -> int:
        """The partition that a message is for: CRC-32 of some tokens of its subject."""
        return partition_of(subject, self.places, self.partitions)


def partition_of(subject: bytes, places: int, partitions: int) -> int:
    """Which of so many partitions a message is for, by so many tokens of its subject."""
    tokens = subject.split(b".")[2 : 2 + places]
    return zlib.crc32(b".".join(tokens)) % partitions


def filter_of(event: type[Event]) -> str:
    """The subjects of all events of a type."""
    subject = f"evt.*.{event.entity}.*.{event.names.token}"
    return f"{subject}.*" if event.aggregate else subject


def event_of(catalog: EventCatalog, delivery: Delivery) -> Recorded:
    """An event of the log."""
    position = delivery.sequence, from_nanoseconds(delivery.time_ns)
    return recorded(catalog, delivery.subject, delivery.headers, delivery.data, position)


def follower_of_events(
    service: str, start: Start[Recorded], events: Sequence[type[Event]], *, version: int
) -> Follower[Recorded]:
    """A follower of the log."""
    subjects = tuple(sorted({filter_of(event) for event in events}))
    name = _name(service, start)
    return Follower(name, streams.EVENTS, subjects, start, event_of, version)


def follower_of_telemetry(
    service: str,
    start: Start[M],
    kinds: Sequence[str],
    reads: Callable[[Delivery], M],
    *,
    version: int,
) -> Follower[M]:
    """A follower of telemetry."""

    def read(_: EventCatalog, delivery: Delivery) -> M:
        return reads(delivery)

    subjects = tuple(f"tel.{kind}.>" for kind in kinds)
    return Follower(_name(service, start), streams.TELEMETRY, subjects, start, read, version)


def _name(service: str, start: Start[M]) -> str:
    return f"{service}_{start.__name__}"
