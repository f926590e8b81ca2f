"""Which builds of a projection there are, where they stand, and the switch from one to the next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import errors

from services.runtime.database import Connection
from services.runtime.projections.projection import Projection
from services.runtime.projections.writer import Statement

Slot = Literal["live", "next"]

_STANDING = """
select b.version, b.partitions, b.sequence,
    array(select p.sequence from aiops.projection_partition p
        where p.name = b.name and p.slot = b.slot order by p.partition),
    (select m.sequence from aiops.projection m where m.name = %s and m.slot = b.slot)
from aiops.projection b where b.name = %s and b.slot = 'live'
    and not exists (select from aiops.projection n where n.name = b.name and n.slot = 'next')
    and not exists (select from aiops.projection_error e where e.name = b.name)
"""


@dataclass(frozen=True, slots=True)
class Build:
    """One set of a projection's tables."""

    name: str
    slot: Slot
    version: int
    sequence: int
    """Everything up to it is in the rows."""
    updated_at: datetime
    partitions: int
    """Writers that it has at once; 1: it is not partitioned."""

    @property
    def schema(self) -> str:
        """The PostgreSQL schema that its tables are in."""
        return schema_of(self.name, self.slot)


def schema_of(name: str, slot: Slot) -> str:
    """The schema of a projection's live tables, or of those being rebuilt."""
    return name if slot == "live" else f"{name}_next"


def aside_of(name: str, slot: Slot) -> str:
    """Under which name is remembered what a build has set aside."""
    return name if slot == "live" else f"{name}.next"


async def find(connection: Connection, name: str, slot: Slot) -> Build | None:
    """A build, None if there is none."""
    cursor = await connection.execute(
        "select name, slot, version, sequence, updated_at, partitions from aiops.projection"
        " where name = %s and slot = %s",
        (name, slot),
    )
    row: Any = await cursor.fetchone()
    return None if row is None else Build(*row)


async def create(
    connection: Connection, projection: Projection, slot: Slot, partitions: int = 1
) -> None:
    """Empty tables at sequence 0, in place of whatever this slot held."""
    schema = schema_of(projection.name, slot)
    async with connection.transaction():
        await connection.execute(f"drop schema if exists {schema} cascade".encode())
        await connection.execute(f"create schema {schema}".encode())
        for table in projection.tables:
            await connection.execute(table.create(schema).encode())
        await connection.execute(
            "delete from aiops.projection where name = %s and slot = %s", (projection.name, slot)
        )
        await connection.execute(
            "delete from aiops.projection_error where name = %s", (aside_of(projection.name, slot),)
        )
        await connection.execute(
            "insert into aiops.projection (name, slot, version, partitions)"
            " values (%s, %s, %s, %s)",
            (projection.name, slot, projection.version, partitions),
        )
        if partitions > 1:
            await connection.execute(
                "insert into aiops.projection_partition (name, slot, partition)"
                " select %s, %s, generate_series(0, %s - 1)",
                (projection.name, slot, partitions),
            )


async def claim(connection: Connection, name: str) -> None:
    """Wait for the right to make builds, at most a statement's time; it ends with the connection.

    Several processes that want to rebuild do so one after the other.
    """
    key = f"aiops.projection.{name}.builds"
    await connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (key,))


def _attendance(name: str, version: int) -> str:
    return f"aiops.projection.{name}.version.{version}"


async def attend(connection: Connection, projection: Projection) -> None:
    """Say that a program of this version runs, for as long as the connection lasts."""
    key = _attendance(projection.name, projection.version)
    await connection.execute("select pg_advisory_lock_shared(hashtextextended(%s, 0))", (key,))


async def is_attended(connection: Connection, build: Build) -> bool:
    """True while a program of the version of this build runs, in whatever process."""
    key = _attendance(build.name, build.version)
    cursor = await connection.execute(
        "select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (key,)
    )
    row: Any = await cursor.fetchone()
    return not row[0]


class Lacking(Exception):
    """A new version of a projection lacks what the one before has."""

    def __init__(self, found: list[tuple[int, str]]) -> None:
        self.found = found
        """Where what it cannot fold stands in the log, and why it cannot."""
        super().__init__(f"{len(found)} events")


async def switch(
    connection: Connection, projection: Projection, live_at: int, *, whole: bool
) -> bool:
    """The next build becomes the live one, in one transaction; False if not just now.

    Lacking if it has to be ``whole`` and has set aside what the live one has not.

    That is so while readers hold the old tables (new readers queue up behind us, so we wait for a
    moment only), or if a writer in another process has taken the live build past both ``live_at``
    and the next build: a position that was told is never taken back.
    """
    name = projection.name
    try:
        async with connection.transaction():
            await connection.execute("set local lock_timeout = '200ms'")
            await connection.execute(f"drop schema if exists {name} cascade".encode())
            if not await _may_follow(connection, name, live_at):
                raise psycopg.Rollback
            if whole and (found := await _holes(connection, name)):
                raise Lacking(found)
            await _move(connection, name)
            return True
    except (errors.LockNotAvailable, errors.DeadlockDetected):
        return False
    return False


async def _may_follow(connection: Connection, name: str, live_at: int) -> bool:
    live, following = await find(connection, name, "live"), await find(connection, name, "next")
    if live is None or following is None:
        return following is not None
    return await told(connection, name) <= max(live_at, following.sequence)


async def told(connection: Connection, name: str) -> int:
    """How far anything that people may have read is: the live build, or any partition of it."""
    cursor = await connection.execute(
        "select coalesce(max(greatest(b.sequence, p.sequence)), 0) from aiops.projection b"
        " left join aiops.projection_partition p using (name, slot)"
        " where name = %s and slot = 'live'",
        (name,),
    )
    row: Any = await cursor.fetchone()
    return row[0]


async def stand_still(connection: Connection, name: str, seconds: float) -> None:
    """Keep every process from writing the live build for so long, if it is partitioned."""
    await connection.execute(
        "update aiops.projection set still_until = clock_timestamp() + make_interval(secs => %s)"
        " where name = %s and slot = 'live'",
        (seconds, name),
    )


async def take(
    connection: Connection, projection: Projection, slot: Slot, partition: int, of: int
) -> tuple[int, int] | None:
    """Become the one writer of a partition: the epoch to write in, and its position.

    None if there is no such build. Whoever wrote it before can write no more, and whatever it has
    not committed is taken back: a process that was stopped would hold its rows for ever.
    """
    await connection.execute(
        "select pg_terminate_backend(pid, 1000) from pg_stat_activity"
        " where application_name = current_setting('application_name')"
        " and pid <> pg_backend_pid() and datname = current_database() and usename = current_user"
    )
    cursor = await connection.execute(
        "update aiops.projection_partition p set epoch = nextval('aiops.projection_epoch')"
        " from aiops.projection b where b.name = p.name and b.slot = p.slot"
        " and p.name = %s and p.slot = %s and p.partition = %s"
        " and b.version = %s and b.partitions = %s returning p.epoch, p.sequence",
        (projection.name, slot, partition, projection.version, of),
    )
    row: Any = await cursor.fetchone()
    return row


async def discard(connection: Connection, name: str) -> None:
    """There is no next build any more."""
    schema = schema_of(name, "next")
    async with connection.transaction():
        await connection.execute(f"drop schema if exists {schema} cascade".encode())
        await connection.execute(
            "delete from aiops.projection where name = %s and slot = 'next'", (name,)
        )
        await connection.execute(
            "delete from aiops.projection_error where name = %s", (aside_of(name, "next"),)
        )


async def _holes(connection: Connection, name: str) -> list[tuple[int, str]]:
    """What the next build has set aside, and the live one, which is past it, has not."""
    cursor = await connection.execute(
        "select n.sequence, n.error from aiops.projection_error n where n.name = %s"
        " and n.sequence <= %s and not exists (select from aiops.projection_error e"
        " where e.name = %s and e.sequence = n.sequence) order by 1",
        (aside_of(name, "next"), await told(connection, name), name),
    )
    found: list[Any] = await cursor.fetchall()
    return found


async def _move(connection: Connection, name: str) -> None:
    await connection.execute(f"alter schema {name}_next rename to {name}".encode())
    await connection.execute(
        "delete from aiops.projection where name in (%s, %s) and slot = 'live'",
        (name, measures_of(name)),
    )
    await connection.execute(
        "update aiops.projection set slot = 'live' where name = %s and slot = 'next'", (name,)
    )
    await connection.execute("delete from aiops.projection_error where name = %s", (name,))
    await connection.execute(
        "update aiops.projection_error set name = %s where name = %s",
        (name, aside_of(name, "next")),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Which version a live build is of, and where it stands: enough to go on elsewhere."""

    version: int
    positions: list[int]
    """Up to where the log is in its rows, by partition."""
    measured: int | None
    """Up to where the telemetry is; None if none of it is."""


async def standing(connection: Connection, name: str) -> Standing | None:
    """Where a live build stands.

    None if there is none, or nothing to be had of it: what is being rebuilt is to be replaced, and
    of one that has set events aside a rebuild may make more.
    """
    cursor = await connection.execute(_STANDING, (measures_of(name), name))
    row: Any = await cursor.fetchone()
    if row is None:
        return None
    version, partitions, sequence, of_each, measured = row
    positions = [sequence] if partitions == 1 else of_each
    return Standing(version, positions, measured) if len(positions) == partitions else None


async def stand(connection: Connection, projection: Projection, where: Standing) -> None:
    """Say where a live build stands that was created, and filled with rows of another one."""
    name = projection.name
    await connection.execute(
        "update aiops.projection set sequence = %s where name = %s and slot = 'live'",
        (min(where.positions), name),
    )
    await connection.execute(
        "update aiops.projection_partition p set sequence = t.sequence"
        " from unnest(%s::int8[]) with ordinality as t(sequence, place)"
        " where p.name = %s and p.slot = 'live' and p.partition = t.place - 1",
        (where.positions, name),
    )
    await connection.execute(
        "delete from aiops.projection where name = %s and slot = 'live'", (measures_of(name),)
    )
    if where.measured is not None:
        await connection.execute(
            "insert into aiops.projection (name, slot, version, sequence)"
            " values (%s, 'live', %s, %s)",
            (measures_of(name), projection.version, where.measured),
        )


def measures_of(name: str) -> str:
    """Under which name a projection's position in the telemetry is kept."""
    return f"{name}.measures"


async def position(connection: Connection, projection: Projection, name: str) -> int:
    """A position that is kept beside a projection's own; 0 when it is new, or was made anew."""
    await connection.execute(
        "insert into aiops.projection (name, slot, version) values (%s, 'live', %s)"
        " on conflict (name, slot) do update set version = excluded.version",
        (name, projection.version),
    )
    build = await find(connection, name, "live")
    return build.sequence if build is not None else 0


def set_aside(name: str, sequence: int, error: str) -> Statement:
    """Remembers a poison event, in the transaction that passes it."""
    # Whatever a broken event has brought into the text: PostgreSQL takes no U+0000.
    text = error[:2000].encode(errors="replace").decode().replace("\0", "\ufffd")
    return (
        b"insert into aiops.projection_error (name, sequence, error) values (%s, %s, %s)"
        b" on conflict (name, sequence) do update set error = excluded.error, at = now()",
        [name, sequence, text],
    )
