"""Folds one partition of a build: the events of some of the clusters, everything else passed over.

By cluster and not by entity: rows may be of several entities, as an alert that fires ends what was
pending of it, and counts are kept by cluster. So what belongs together is folded in order by one
writer, and no two writers want the same row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg import errors

from services.runtime.bus import BusUnavailable
from services.runtime.database import Connection
from services.runtime.projections import catalog
from services.runtime.projections.projection import Rows
from services.runtime.projections.runner import BUILD_GONE, Batch, Runner, Superseded
from services.runtime.projections.writer import Statement, write

_ADVANCE = b"select aiops.advance_partition(%s, %s, %s, %s, %s, %s, %s)"


def partition_of(subject: str, of: int) -> int:
    """The partition that an event belongs to, by its subject: FNV-1a of its cluster."""
    found = 2166136261
    for byte in subject.split(".", 2)[1].encode():
        found = (found ^ byte) * 16777619 & 0xFFFFFFFF
    return found % of


@dataclass
class PartitionRunner(Runner):
    """The loop of one partition, whose one writer this process is for as long as it has a lease.

    Its position moves past the events of other partitions too: everything up to it is folded as
    far as it is for this one to fold.
    """

    partition: int = 0
    of: int = 1
    everywhere: int = field(default=0, init=False)
    """Up to where all partitions of the build were when this one wrote last."""
    _epoch: int = field(default=0, init=False)

    @property
    def _writer_name(self) -> str:
        # Who takes a partition over ends the connections of this name: not those of other builds.
        build = f"{self.projection.name}.v{self.projection.version}-{self.of}"
        return f"projector-{build}.{self.slot}.{self.partition}"

    @property
    def _passing(self) -> tuple[type[Exception], ...]:
        # A switch: it stands still before, and has no right to write the new build until it takes
        # it over. Whatever lasts is another error at the next try.
        return errors.LockNotAvailable, errors.SerializationFailure

    @property
    def _longest_pause(self) -> float:
        # At a switch all live partitions stand still, and go on as soon as it is done.
        return 0.5

    async def _become_writer(self, connection: Connection, stopping: object) -> bool:
        # The lease says who: there is nobody to wait for.
        return True

    async def _position(self, connection: Connection) -> int:
        which = self.projection, self.slot, self.partition, self.of
        # One that has waited for a switch finds nothing; what is there now, the second one tells.
        taken = await catalog.take(connection, *which) or await catalog.take(connection, *which)
        if taken is None:
            raise Superseded(BUILD_GONE)
        self._epoch, position = taken
        return position

    @property
    def _ahead(self) -> int:
        return super()._ahead * self.of

    @property
    def _skip(self) -> Callable[[bytes], bool]:
        others = dict[bytes, bool]()
        is_of_others = super()._skip

        def skip(subject: bytes) -> bool:
            if is_of_others is not None and is_of_others(subject):
                return True
            cluster = subject.split(b".", 2)[1]
            other = others.get(cluster)
            if other is None:
                other = others[cluster] = partition_of(subject.decode(), self.of) != self.partition
            return other

        return skip

    async def _write_one_by_one(self, connection: Connection, batch: Batch) -> None:
        await super()._write_one_by_one(connection, batch)
        if self.sequence < batch.to:
            await self._commit(connection, Rows(self.projection.tables), {}, batch.to)

    async def _advance(
        self, connection: Connection, statements: Sequence[Statement], to: int
    ) -> None:
        build = self.projection.name, self.slot, self.projection.version
        checkpoint = (*build, self.partition, self._epoch, self.sequence, to)
        cursor = await write(connection, statements, checkpoint, _ADVANCE)
        row = await cursor.fetchone()
        self.everywhere = row[0] if row else 0

    def _measure(self, lag: int) -> None:
        # The metrics are of the whole projection: its host tells them.
        self.lag = lag

    async def _announce(self) -> None:
        name = self.projection.name
        try:
            told = f"{self.sequence} {self.of}".encode()
            await self.bus.emit(f"pos.{name}.{self.partition}", told)
            await self.bus.emit(f"pos.{name}", str(self.everywhere).encode())
        except BusUnavailable:
            return
