"""Who folds a partitioned projection: a lease for every process that may, and for every partition.

All are under one subject, so that one look tells who is there and what is free.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from services.runtime import leases, streams
from services.runtime.bus import Bus
from services.runtime.ids import new_secret

REBUILD = "rebuild"
"""Held by whoever has the projection built anew, for as long as that takes."""
_MEMBER = "process-"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look has shown."""

    members: int
    """Processes that can fold any partition."""
    held: frozenset[int]
    """Partitions that somebody folds."""
    rebuilding: bytes
    """Which next build is being made, as its maker marks it; empty: none is."""


@dataclass
class Seats:
    """The leases of one projection, as one process sees them."""

    bus: Bus
    projection: str
    """Its name and what its builds are made by: who makes others leaves these alone."""
    seconds: float
    """After so many without a sign, a process has lost what it held."""
    member: str = field(default_factory=lambda: f"{_MEMBER}{new_secret(9)}")

    def lease(self, what: str) -> AbstractAsyncContextManager[leases.Lease]:
        """Hold one of them for the time of a block; `leases.Taken` at once if somebody else does.

        TryLater when it is lost meanwhile.
        """
        return leases.lease(self.bus, f"{self._kind}/{what}", seconds=self.seconds)

    async def look(self) -> Seen:
        """Who is there now."""
        found = await self.bus.get_last(streams.LEASES, [f"lease.{self._kind}.*"])
        # Empty is what was given back.
        names = {each.subject.rpartition(".")[2]: each.data for each in found if each.data}
        return Seen(
            members=sum(name.startswith(_MEMBER) for name in names),
            held=frozenset(int(name) for name in names if name.isdecimal()),
            rebuilding=names.get(REBUILD, b""),
        )

    @property
    def _kind(self) -> str:
        return f"projecting-{self.projection}"
