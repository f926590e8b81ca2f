"""Which builds of a projection there are, where they stand, and the switch from one to the next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.runtime.database import Connection
from services.runtime.projections.projection import Projection

Slot = Literal["live", "next"]


@dataclass(frozen=True, slots=True)
class Build:
    """One set of a projection's tables."""

    name: str
    slot: Slot
    version: int
    sequence: int
    updated_at: datetime

    @property
    def schema(self) -> str:
        """The PostgreSQL schema that its tables are in."""
        return schema_of(self.name, self.slot)


def schema_of(name: str, slot: Slot) -> str:
    """The schema of a projection's live tables, or of those being rebuilt."""
    return name if slot == "live" else f"{name}_next"


async def find(connection: Connection, name: str, slot: Slot) -> Build | None:
    """A build, None if there is none."""
    cursor = await connection.execute(
        "select name, slot, version, sequence, updated_at from aiops.projection"
        " where name = %s and slot = %s",
        (name, slot),
    )
    row: Any = await cursor.fetchone()
    return None if row is None else Build(*row)


async def create(connection: Connection, projection: Projection, slot: Slot) -> None:
    """Empty tables at sequence 0, in place of whatever this slot held."""
    schema = schema_of(projection.name, slot)
    async with connection.transaction():
        await connection.execute(f"drop schema if exists {schema} cascade".encode())
        await connection.execute(f"create schema {schema}".encode())
        for table in projection.tables:
            await connection.execute(table.create(schema).encode())
        await connection.execute(
            "insert into aiops.projection (name, slot, version) values (%s, %s, %s)"
            " on conflict (name, slot) do update"
            " set version = excluded.version, sequence = 0, updated_at = now()",
            (projection.name, slot, projection.version),
        )


async def switch(connection: Connection, projection: Projection) -> None:
    """The next build becomes the live one, in one transaction."""
    name = projection.name
    async with connection.transaction():
        await connection.execute(f"drop schema if exists {name} cascade".encode())
        await connection.execute(f"alter schema {name}_next rename to {name}".encode())
        await connection.execute(
            "delete from aiops.projection where name in (%s, %s) and slot = 'live'",
            (name, measures_of(name)),
        )
        await connection.execute(
            "update aiops.projection set slot = 'live' where name = %s and slot = 'next'", (name,)
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


async def set_aside(connection: Connection, name: str, sequence: int, error: str) -> None:
    """Remember a poison event."""
    await connection.execute(
        "insert into aiops.projection_error (name, sequence, error) values (%s, %s, %s)"
        " on conflict (name, sequence) do update set error = excluded.error, at = now()",
        (name, sequence, error[:2000]),
    )
